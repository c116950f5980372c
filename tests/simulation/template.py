"""An empty store as the migrations make it, once a process: every simulated disk begins as a copy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from iot_gateway.database import migrate


@cache
def empty_store() -> bytes:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "template.sqlite"
        migrate(path)
        with closing(sqlite3.connect(path)) as db:
            return db.serialize()
