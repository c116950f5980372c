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


def test_the_lock_file_names_no_registry():
    assert "registry" not in (CONSOLE / "package-lock.json").read_text(encoding="utf-8")
