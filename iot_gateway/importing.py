"""Puts a roster into the store: through the running gateway, or through one made for the purpose."""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack, closing
from uuid import uuid4

import msgspec

from alerts.policy import Policy
from iot_gateway import schema
from iot_gateway.clock import Clock
from iot_gateway.database import StoreBusyError, StoreError, connect, insert_sql
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
    try:
        code, detail = _ask(settings, policy, roster)
    except sqlite3.Error as error:
        raise StoreError(f"{settings.database}: the store cannot be used: {error}") from error
    if code != "done":
        raise RosterError(detail)


def _ask(settings: Settings, policy: Policy, roster: Roster) -> tuple[str, str]:
    """(code, detail) of the change, decided by the one writer: the running gateway, or we are it."""
    with ExitStack() as held:
        gateway = _become_gateway(settings, policy, held)
        db = held.enter_context(closing(connect(settings.database)))
        command_id = _append(db, roster)
        deadline_s = time.monotonic() + PATIENCE_S
        while (answer := _answer(db, command_id)) is None:
            if gateway is not None:
                gateway.turn(0)
            elif time.monotonic() > deadline_s:
                raise StoreError(f"{settings.database}: the gateway that holds it does not answer")
            else:
                time.sleep(0.02)
                gateway = _become_gateway(settings, policy, held)
        return answer


def _become_gateway(settings: Settings, policy: Policy, held: ExitStack) -> Gateway | None:
    """The one writer, until `held` is left; None while another process is it."""
    try:
        gateway = Gateway(settings, policy)
    except StoreBusyError:
        return None
    held.callback(gateway.close)
    return gateway


def _append(db: sqlite3.Connection, roster: Roster) -> str:
    command_id = uuid4().hex
    body = msgspec.json.encode(RosterChange(put=roster)).decode()
    columns = ("command_id", "created_at_ms", "operator", "type", "body")
    db.execute(insert_sql(schema.commands, columns), (command_id, Clock().now_ms(), "import", "roster", body))
    return command_id


def _answer(db: sqlite3.Connection, command_id: str) -> tuple[str, str] | None:
    sql = "SELECT code, detail FROM command_results WHERE command_id=?"
    row: tuple[str, str] | None = db.execute(sql, (command_id,)).fetchone()
    return row
