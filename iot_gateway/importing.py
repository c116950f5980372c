"""Puts a roster into the store: through the running gateway, or through one made for the purpose."""

from __future__ import annotations

import sqlite3
import time
from uuid import uuid4

import msgspec

from alerts.policy import Policy
from iot_gateway import schema
from iot_gateway.clock import Clock
from iot_gateway.database import StoreError, connect, insert_sql
from iot_gateway.doorbell import Doorbell
from iot_gateway.gateway import Gateway
from iot_gateway.roster_file import Roster, RosterChange, RosterError
from iot_gateway.settings import Settings

# A gateway that is just catching up after a storm still answers within this.
PATIENCE_S = 30.0


def import_roster(settings: Settings, policy: Policy, roster: Roster) -> None:
    """Returns once the roster is on disk.

    Raises:
        StoreError: the store cannot be used, or its gateway does not answer.
        RosterError: the core refuses the roster.
    """
    gateway: Gateway | None = None
    try:
        gateway = Gateway(settings, policy)
    except StoreError:
        if not settings.database.exists():
            raise
    try:
        code, detail = _ask(settings, roster, gateway)
    finally:
        if gateway is not None:
            gateway.close()
    if code != "done":
        raise RosterError(detail)


def _ask(settings: Settings, roster: Roster, gateway: Gateway | None) -> tuple[str, str]:
    """(code, detail) of the change, decided by the one writer."""
    command_id = uuid4().hex
    body = msgspec.json.encode(RosterChange(put=roster)).decode()
    columns = ("command_id", "created_at_ms", "operator", "type", "body")
    db = connect(settings.database)
    try:
        db.execute(
            insert_sql(schema.commands, columns), (command_id, Clock().now_ms(), "import", "roster", body)
        )
        Doorbell(settings.database.parent / "gateway.wake").ring()
        deadline_s = time.monotonic() + PATIENCE_S
        while (answer := _answer(db, command_id)) is None:
            if gateway is not None:
                gateway.turn(0)
            elif time.monotonic() > deadline_s:
                raise StoreError(f"{settings.database}: the gateway that holds it does not answer")
            else:
                time.sleep(0.02)
    finally:
        db.close()
    return answer


def _answer(db: sqlite3.Connection, command_id: str) -> tuple[str, str] | None:
    sql = "SELECT code, detail FROM command_results WHERE command_id=?"
    row: tuple[str, str] | None = db.execute(sql, (command_id,)).fetchone()
    return row
