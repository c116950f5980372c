"""What holds for every page: links resolve, files exist, nobody's machine is named."""

import re

import pytest
from docs_pages import PAGES, ROOT, anchors, blocks, code_spans, page, without_blocks

from iot_gateway.decode import decode

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))

WANTED = {
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/ARCHITECTURE.md", "docs/GLOSSARY.md",
    "docs/OPERATIONS.md", "docs/DEVICES.md", "docs/API.md", "docs/RELIABILITY.md",
}  # fmt: skip


def test_every_page_is_there():
    assert {str(path.relative_to(ROOT)) for path in PAGES} >= WANTED


@each_page
def test_links_resolve(path):
    text = without_blocks(path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        assert there.exists(), f"{target} leads nowhere"
        if anchor:
            assert anchor in anchors(there.read_text(encoding="utf-8")), f"{target}: no such heading"


@each_page
def test_files_that_are_named_exist(path):
    text = path.read_text(encoding="utf-8")
    named = {
        span for span in code_spans(text)
        if re.fullmatch(r"(alerts|iot_gateway|api|device_sim|tests|docs|\.ci)/[\w./-]*", span)
    }  # fmt: skip
    # `docs/adr/0001` and the like are links; `tests/` and `alerts/` are directories.
    missing = {name for name in named if not (ROOT / name).exists()}
    assert not missing


@each_page
def test_names_no_path_of_a_machine(path):
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.])/(?:work|tmp|root|home|Users|mnt|private)/[\w.-]+", text)


@each_page
def test_is_plain_text_with_a_title(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert text.endswith("\n")
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)
    assert "{{" not in text
    assert "TODO" not in text
    assert text.count("\n```") % 2 == 0


class TestReadme:
    def halves(self):
        text = page("README.md")
        head, _, english = text.partition("\n## English\n")
        _, _, chinese = head.partition("\n## 中文\n")
        assert chinese
        assert english
        return chinese, english

    def test_chinese_comes_first_and_both_are_whole(self):
        chinese, english = self.halves()
        assert len(re.findall(r"[\u4e00-\u9fff]", chinese)) > 400
        assert not re.findall(r"[\u4e00-\u9fff]", english)
        assert len(re.findall(r"^### ", chinese, re.MULTILINE)) == len(
            re.findall(r"^### ", english, re.MULTILINE)
        )

    def test_both_say_the_same(self):
        chinese, english = self.halves()
        assert blocks(chinese, "sh") == blocks(english, "sh")
        assert re.findall(r"\]\(([^)]+)\)", chinese) == re.findall(r"\]\(([^)]+)\)", english)
        assert chinese.count("\n- ") == english.count("\n- ")
        assert chinese.count("→") == english.count("→") == 10

    def test_begins_with_two_commands(self):
        for half in self.halves():
            assert blocks(half, "sh")[0].split("\n") == ["make demo", "make test", ""]

    def test_every_verb_of_make_that_is_named_exists(self):
        verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        for path in PAGES:
            assert set(re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8"))) <= verbs

    def test_the_sos_by_hand_is_one(self):
        for half in self.halves():
            ((topic, payload),) = re.findall(r"-t (\S+) -m '([^']+)'", half)
            said = decode(topic, payload.encode())
            assert [item.said.kinds for item in said.items] == [["sos"]]

    def test_the_demo_file_has_what_the_commands_take(self):
        demo = (ROOT / "api" / "demo.py").read_text(encoding="utf-8")
        for half in self.halves():
            for name in re.findall(r"\$\(get (\w+)\)", half):
                assert f'"{name}"' in demo


@pytest.mark.parametrize("path", ["api/notifier.py", "alerts/escalation.py"])
def test_what_the_readme_calls_missing_is_missing(path):
    assert not (ROOT / path).exists(), "say so in README, ARCHITECTURE and CHANGELOG, then here"


class TestRecords:
    RECORDS = sorted((ROOT / "docs" / "adr").glob("*.md"))

    def test_are_numbered_without_a_gap(self):
        assert [int(path.name[:4]) for path in self.RECORDS] == list(range(1, len(self.RECORDS) + 1))

    def test_have_one_form(self):
        for path in self.RECORDS:
            text = path.read_text(encoding="utf-8")
            assert text.startswith(f"# {path.name[:4]} ")
            assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]

    def test_are_listed_in_architecture(self):
        listed = re.findall(r"^- \[\d{4}\]\(adr/([\w.-]+)\)", page("docs/ARCHITECTURE.md"), re.MULTILINE)
        assert listed == [path.name for path in self.RECORDS]


class TestChangelog:
    def test_safety_comes_first_in_every_version(self):
        for body in re.split(r"^## \[", page("CHANGELOG.md"), flags=re.MULTILINE)[1:]:
            groups = re.findall(r"^### (\w+)", body, re.MULTILINE)
            assert not groups or groups[0] == "Safety"

    def test_has_the_version_of_the_project(self):
        version = re.search(r'^version = "([^"]+)"', page("pyproject.toml"), re.MULTILINE)[1]
        assert f"## [{version}]" in page("CHANGELOG.md")
