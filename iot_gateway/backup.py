"""Copies a store while it is in use, brings a copy back into an empty place, and proves that both work.

A backup is one read of the store by SQLite's own means: whole, consistent, and without a checkpoint, which is the
gateway's alone. Beside it lies a manifest that says what is in it, with hashes.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from alerts.policy import Policy
from iot_gateway import journal
from iot_gateway.clock import Clock
from iot_gateway.damage import DamageFile
from iot_gateway.database import STORE_ERRORS, StoreError
from iot_gateway.examine import examine
from iot_gateway.journal import Head, HeadFile, sync_directory
from iot_gateway.reading import open_reader
from iot_gateway.recovery import RecoveryError, policy_in_force, recover
from iot_gateway.store import Store

DATABASE: Final = "shouwang.sqlite"
HEAD: Final = "shouwang.head"
MANIFEST: Final = "manifest.json"
_BLOCK: Final = 1 << 20


class Manifest(msgspec.Struct):
    """What a backup holds. `files`: name -> SHA-256. `chain_head`: the hash of journal row `last_seq`.

    `faults`: what is damaged in it, as in its store. A damaged copy is better than none.
    """

    made_at_ms: int
    last_seq: int
    last_step: int
    chain_head: str
    schema: str
    bytes: int
    files: dict[str, str]
    faults: list[str]


def backup(database: Path, directory: Path) -> Manifest:
    """Copy a store, running or not, into an empty directory.

    Raises:
        StoreError: there is no store, or no room for it, or the copy is not whole.
    """
    try:
        _make_empty(directory)
        kept = HeadFile(
            database.with_suffix(".head")
        ).read()  # first: it may be older than the copy, never newer
        copy = directory / DATABASE
        with closing(open_reader(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file; the gateway sets its own mode
        end = _end_of(copy)
        if kept is not None and kept.seq > end.seq:
            end = kept  # the store had lost its end: the copy says so too
        HeadFile(directory / HEAD).write(end)
        _, found = examine(copy)
        return _write_manifest(directory, end, [finding.text for finding in found])
    except (*STORE_ERRORS, OSError) as error:
        raise StoreError(f"{directory}: the backup failed: {error}") from error


def restore(directory: Path, database: Path) -> tuple[Manifest, str | None]:
    """Bring a backup back where no store is: what it holds, and a word if the place knew of more.

    Raises:
        StoreError: the backup is not whole, or a store is there already.
    """
    manifest = read_manifest(directory)
    if database.exists():
        raise StoreError(f"{database}: there is a store already; move it away first")
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for suffix in ("-wal", "-shm"):
            if (left := database.with_name(database.name + suffix)).exists():
                raise StoreError(f"{left}: is of another store; move it away first")
        fresh = database.with_name(database.name + ".restoring")
        shutil.copyfile(directory / DATABASE, fresh)
        _sync(fresh)
        said = _restore_head(directory, database)
        fresh.replace(database)
        sync_directory(database.parent)
    except OSError as error:
        raise StoreError(f"{database}: the store cannot be restored: {error}") from error
    return manifest, said


def _restore_head(directory: Path, database: Path) -> str | None:
    """A newer head file that is still there knows what the backup lacks; it stays, and the next start says so."""
    theirs, ours = HeadFile(directory / HEAD).read(), HeadFile(database.with_suffix(".head"))
    kept = ours.read()
    if kept is not None and theirs is not None and kept.seq > theirs.seq:
        return journal.lost_in_words(theirs.seq + 1, kept.seq)
    if theirs is not None:
        ours.write(theirs)
    return None


def read_manifest(directory: Path) -> Manifest:
    """What a backup holds, after every file was hashed.

    Raises:
        StoreError: it is no backup, or not what was written.
    """
    try:
        manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
        wrong = [name for name, digest in manifest.files.items() if _hash(directory / name) != digest]
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(f"{directory}: is no backup: {error}") from error
    if wrong or {DATABASE, HEAD} - set(manifest.files):
        raise StoreError(f"{directory}: {wrong[0] if wrong else DATABASE} is not what was written")
    return manifest


class Stage(NamedTuple):
    """A part of a drill: what it showed and how long it took. `fault` None: it went well."""

    name: str
    shown: str
    fault: str | None
    seconds: float


def drill(database: Path, policy: Policy) -> list[Stage]:
    """Backup, restore, verification and recovery of the running store, in a place of its own that is removed."""
    stages: list[Stage] = []
    with tempfile.TemporaryDirectory(prefix="drill-", dir=database.parent) as place:
        copy, again = Path(place) / "backup", Path(place) / "restored" / database.name
        accepted = {damage.text for damage in DamageFile(database).all() if damage.accepted_at_ms}
        parts: list[tuple[str, Callable[[], str]]] = [
            ("backup", lambda: f"{backup(database, copy).bytes:,} bytes"),
            ("restore", lambda: f"to journal row {restore(copy, again)[0].last_seq}"),
            ("verify", lambda: _verified(again, accepted)),
            ("recover", lambda: _recovered(again, policy)),
        ]
        for name, work in parts:
            begin_s, shown, fault = time.perf_counter(), "", None
            try:
                shown = work()
            except (StoreError, RecoveryError, *STORE_ERRORS, OSError) as error:
                fault = str(error)
            stages.append(Stage(name, shown, fault, time.perf_counter() - begin_s))
            if fault is not None:
                break
    return stages


def _verified(database: Path, accepted: set[str]) -> str:
    rows, found = examine(database)
    for finding in found:
        if finding.text not in accepted:
            raise StoreError(finding.text)
    return f"{rows} rows of the journal hold"


def _recovered(database: Path, policy: Policy) -> str:
    """The state, computed from snapshot and inputs, must be that of the stored alarms."""
    with closing(Store(database)) as store:
        engine, _ = recover(store, policy_in_force(store) or policy)
        computed = {a.alarm_id: (a.version, a.state) for a in engine.alarms.open.values()}
        sql = "SELECT alarm_id, version, state FROM alarms WHERE state!='normal'"
        with closing(open_reader(database)) as db:
            stored = {alarm_id: (version, state) for alarm_id, version, state in db.execute(sql).fetchall()}
        if computed != stored:
            differ = min(set(computed.items()) ^ set(stored.items()))[0]
            raise StoreError(f"alarm {differ}: what is computed is not what is stored")
        return f"{len(engine.fleet)} devices, {len(stored)} open alarms, step {store.step}"


def _end_of(database: Path) -> Head:
    with closing(open_reader(database)) as db:
        last = db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        gaps = db.execute("SELECT value FROM meta WHERE key='journal_gaps'").fetchone()
        step = db.execute("SELECT max(step) FROM steps").fetchone()[0] or 0
    seq, digest = (last[0], bytes(last[1])) if last else (0, journal.GENESIS)
    for gap in journal.gaps_of(gaps[0] if gaps else None)[-1:]:
        if gap.last > seq:
            seq, digest = gap.last, gap.digest
    return Head(seq, digest, step)


def _write_manifest(directory: Path, end: Head, faults: list[str]) -> Manifest:
    """The manifest comes last: a directory without one is no backup."""
    with closing(open_reader(directory / DATABASE)) as db:
        schema = str(db.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    files = {name: _hash(directory / name) for name in (DATABASE, HEAD)}
    manifest = Manifest(
        made_at_ms=Clock().now_ms(), last_seq=end.seq, last_step=end.step, chain_head=end.digest.hex(),
        schema=schema, bytes=(directory / DATABASE).stat().st_size, files=files, faults=faults,
    )  # fmt: skip
    said: Any = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (directory / MANIFEST).write_bytes(said + b"\n")
    for name in (DATABASE, HEAD, MANIFEST):
        _sync(directory / name)
    sync_directory(directory)
    return manifest


def _make_empty(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise StoreError(f"{directory}: is not empty; a backup overwrites nothing")


def _hash(path: Path) -> str:
    made = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            made.update(block)
    return made.hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
