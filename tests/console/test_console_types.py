"""The console's own checks, and that its types are those of the API as it is now."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONSOLE = Path(__file__).parents[2] / "console"
NPM = shutil.which("npm")

needs_node = pytest.mark.skipif(
    NPM is None or not (CONSOLE / "node_modules").exists(), reason="needs node, and npm ci in console/"
)


def run(*arguments: str) -> str:
    done = subprocess.run(
        [str(NPM), "run", "-s", *arguments],
        cwd=CONSOLE, env=os.environ | {"PYTHON": sys.executable}, capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_node
def test_the_types_are_those_of_the_api():
    assert (CONSOLE / "src/api-types.ts").read_text(encoding="utf-8") == run("types", "--", "--stdout")


@needs_node
@pytest.mark.parametrize("script", ["check", "test"])
def test_the_consoles_own_checks(script):
    run(script)


@needs_node
def test_a_rebuild_gives_the_very_files_that_are_shipped(tmp_path):
    run("build", "--", "--outDir", str(tmp_path / "built"), "--logLevel", "error")
    built, shipped = tmp_path / "built", CONSOLE.parent / "api/static"
    names = {path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file()}
    assert {path.relative_to(built) for path in built.rglob("*") if path.is_file()} == names
    assert [str(name) for name in names if (built / name).read_bytes() != (shipped / name).read_bytes()] == []


def test_the_lock_file_names_no_registry():
    assert "registry" not in (CONSOLE / "package-lock.json").read_text(encoding="utf-8")
