"""ARCHITECTURE says of the code what the code says of itself."""

import ast
import importlib
import re
from functools import cache

from docs_pages import ROOT, bare, blocks, marked, page, rows, section

from alerts.lifecycle import LIFECYCLE
from iot_gateway.schema import metadata

TEXT = page("docs/ARCHITECTURE.md")


@cache
def definitions(path):
    """The names that a module defines: functions, classes and their methods, constants."""
    names = set()

    def collect(body, prefix):
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(prefix + node.name)
            if isinstance(node, ast.ClassDef):
                collect(node.body, f"{prefix}{node.name}.")
            targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
            names.update(prefix + target.id for target in targets if isinstance(target, ast.Name))

    collect(ast.parse((ROOT / path).read_text(encoding="utf-8")).body, "")
    return names


def places(text):
    """(file, name) for every name that follows a file in backticks."""
    path = None
    for span in re.findall(r"`([^`\n]+)`", text):
        if span.endswith(".py"):
            path = span
            assert (ROOT / path).exists(), f"{path} does not exist"
        elif path is not None:
            yield path, span


def test_the_road_names_files_and_functions_that_exist():
    steps = rows(marked(TEXT, "road"))
    assert [step[0] for step in steps] == [str(n) for n in range(11)]
    for step in steps:
        found = list(places(step[2]))
        assert found, f"step {step[0]} names nothing"
        for path, name in found:
            assert name in definitions(path), f"step {step[0]}: {path} has no {name}"


def test_the_road_is_numbered_in_the_gateway():
    gateway = (ROOT / "iot_gateway" / "gateway.py").read_text(encoding="utf-8")
    numbers = set()
    for first, last in re.findall(r"# (\d+)(?:-(\d+))?  ", gateway):
        numbers |= set(range(int(first), int(last or first) + 1))
    assert numbers == set(range(11))


def test_every_function_named_with_its_class_exists_somewhere():
    everything = set()
    for package in ("alerts", "iot_gateway", "api", "device_sim"):
        for path in (ROOT / package).glob("*.py"):
            everything |= definitions(path.relative_to(ROOT))
    named = set(re.findall(r"`([A-Z]\w+\._?[a-z]\w*)`", TEXT))
    assert named
    assert named <= everything


def test_the_lifecycle_is_the_table():
    said = [[bare(cell) for cell in row] + [""] * (5 - len(row)) for row in rows(marked(TEXT, "lifecycle"))]
    wanted = [
        [state, given, rule.to or "", rule.latching or "", "+1" if rule.counts else ""]
        for (state, given), rule in LIFECYCLE.items()
    ]
    assert said == wanted


def test_the_diagram_is_the_table_too():
    wanted = {}
    for (state, given), rule in LIFECYCLE.items():
        if rule.to is None:
            assert rule.latching is None
            continue
        label = given if rule.latching == rule.to else f"{given} (not latching)"
        wanted.setdefault((state, rule.to), []).append(label)
    (diagram,) = blocks(TEXT, "mermaid")
    drawn = re.findall(r"^    (\w+) --> (\w+): (.+)$", diagram, re.MULTILINE)
    assert {(a, b): labels.split(", ") for a, b, labels in drawn} == wanted


def test_the_limits_have_these_values():
    for limit, where, value, _ in rows(marked(TEXT, "limits")):
        ((path, name),) = places(where)
        module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
        assert getattr(module, name) == int(value.replace(",", "")), limit


def test_every_table_of_the_store_is_named():
    said = section(TEXT, "## Processes, and who writes what")
    assert {name for name in metadata.tables if f"`{name}`" not in said} == set()
