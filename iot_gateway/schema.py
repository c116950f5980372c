"""The tables of the store, once, for SQLite now and PostgreSQL later.

Who writes what: the gateway alone writes facts (everything but the last group). The api appends to
`commands`, `shown`, `shift_notes`, `sessions`, `operators` and `tokens` in single short transactions.
Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata: Final = MetaData()

# 1. What came in -------------------------------------------------------------------------------

# One row a step that had an input: what was received and commanded, so that the state after the
# last snapshot can be computed again and the service's life exported. `inputs`: zlib of msgpack.
steps = Table(
    "steps",
    metadata,
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("now_ms", BigInteger, nullable=False),
    Column("readings_before", BigInteger, nullable=False),  # the largest id in `readings` before it
    Column("inputs", LargeBinary, nullable=False),
)

# Every usable item, once: (device_row, boot, seq, measured_at_ms) is its identity. An item without
# a `seq` has boot NO_SEQ_BOOT and a hash of its content as seq.
readings = Table(
    "readings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device_row", Integer, nullable=False),
    Column("measured_at_ms", BigInteger, nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("stream", String, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("acc_m", Float),
    Column("src", String),
    Column("bat", Float),
    Column("extra", Text),  # JSON of the other fields, as received
    Index("readings_identity", "device_row", "measured_at_ms", "boot", "seq", unique=True),
    # SQLite stores nan as null, and any text in a number's column.
    CheckConstraint("lat IS NULL OR lat BETWEEN -90 AND 90", name="readings_lat"),
    CheckConstraint("lon IS NULL OR lon BETWEEN -180 AND 180", name="readings_lon"),
    CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="readings_position"),
)

# What could not be used, with its reason.
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("received_at_ms", BigInteger, nullable=False, index=True),
    Column("topic", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

# 2. What was decided ---------------------------------------------------------------------------

# One row a transition. `body` is the canonical JSON of the stream's event; `hash` is SHA-256 over
# the hash before it and `body`.
journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("alarm_id", Text, nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

# One row an episode, as of its last transition: `alarm_id version seq ...` as in the contract.
alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False, index=True),  # of its last transition
    Column("raised_seq", BigInteger, nullable=False),  # of the transition that raised it
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("device_id", Text, index=True),
    Column("site_id", Text, index=True),
    Column("resident_id", Text, index=True),
    Column("kind", Text, nullable=False),
    Column("fence_id", Text),
    Column("priority", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("shelved", Boolean, nullable=False),
    Column("shelved_until_ms", BigInteger),
    Column("suppressed", Boolean, nullable=False),
    Column("out_of_service", Boolean, nullable=False),
    Column("count", Integer, nullable=False),
    Column("assignee", Text),
    Column("because", Text, nullable=False),  # JSON
    Column("position", Text),  # JSON {lat, lon, acc_m, measured_at_ms}
    Column("measured_at_ms", BigInteger),
    Column("received_at_ms", BigInteger),
    Column("raised_at_ms", BigInteger, nullable=False),
    Column("committed_at_ms", BigInteger, nullable=False),
    Column("acknowledged_at_ms", BigInteger),
    Column("cleared_at_ms", BigInteger),
    Column("closed_at_ms", BigInteger),
    Column("outcome", Text),
    Index("alarms_open", "state", sqlite_where=Column("state") != "normal"),
)

# What must be told to people, until the notifier has told it.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),  # the transition it tells of
    Column("alarm_id", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

command_results = Table(
    "command_results",
    metadata,
    Column("command_id", Text, primary_key=True),
    Column("code", Text, nullable=False),  # CommandResult.code
    Column("detail", Text, nullable=False),
    Column("alarm_id", Text),
    Column("step", BigInteger, nullable=False),
)

# What is asked of devices: queued -> done | failed | expired. Queued ones are sent again when their
# device is heard of.
device_commands = Table(
    "device_commands",
    metadata,
    Column("id", Text, primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("args", Text, nullable=False),  # JSON
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    Index("device_commands_waiting", "device_id", "state"),
)

# The state after a step (`iot_gateway.recovery`); the last two are kept.
snapshots = Table(
    "snapshots",
    metadata,
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("state", LargeBinary, nullable=False),
)

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

# 3. The roster ---------------------------------------------------------------------------------

models = Table(
    "models",
    metadata,
    Column("model", Text, primary_key=True),
    Column("contact_every_s", Float),
    Column("crs", Text),
)

sites = Table(
    "sites",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("name", Text),
    Column("kind", Text),
    Column("lat", Float),
    Column("lon", Float),
    Column("county", Text, index=True),
    Column("street", Text),
    Column("phone", Text),
    Column("street_phone", Text),
)

residents = Table(
    "residents",
    metadata,
    Column("resident_id", Text, primary_key=True),
    Column("name", Text),
    Column("site_id", Text, index=True),
    Column("room", Text),
    Column("care_level", Text),
    Column("risk_notes", Text),
    Column("contacts", Text),  # JSON list
    Column("birth_date", Text),  # YYYY-MM-DD, or YYYY
)

fences = Table(
    "fences",
    metadata,
    Column("fence_id", Text, primary_key=True),
    Column("name", Text),
    Column("role", Text, nullable=False),
    Column("site_id", Text, index=True),
    Column("geometry", Text, nullable=False),  # JSON
    Column("schedule", Text),  # JSON
    Column("evidence", Text),  # JSON; null means the policy's
)

# `device_row` is the device's row in the core's arrays, for ever. `registered` False: known only
# through an alarm of its own. `removed`: no longer in the roster; its history stays.
devices = Table(
    "devices",
    metadata,
    Column("device_row", Integer, primary_key=True, autoincrement=False),
    Column("device_id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("model", Text),
    Column("site_id", Text, index=True),
    Column("zone", Text),
    Column("resident_id", Text, index=True),
    Column("fence_ids", Text),  # JSON list; null means the site's
    Column("registered", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
)

# Who wore which wristband when: from `from_ms` on, and before `to_ms`; null means now. `from_ms` 0:
# since before this was kept. Written with the change of `devices.resident_id` that it tells of.
wearings = Table(
    "wearings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("resident_id", Text, nullable=False, index=True),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger),
    # A band is worn by one person at a time.
    Index("wearings_now", "device_id", unique=True, sqlite_where=text("to_ms IS NULL")),
)

# Approved outings, as the core took them: whole seconds. `ended_at_ms`: a person ended it then, or
# called it off, if that was before `from_ms`. `fence_id`: the destination.
outings = Table(
    "outings",
    metadata,
    Column("outing_id", Text, primary_key=True),
    Column("resident_id", Text, nullable=False, index=True),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
    Column("reason", Text, nullable=False),  # family | hospital | bus | activity | other
    Column("escort", Text),
    Column("note", Text),
    Column("fence_id", Text),
    Column("created_by", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("ended_at_ms", BigInteger),
    Column("ended_by", Text),
)

# 4. What the api appends -----------------------------------------------------------------------

# Requests for the gateway, in the order of `id`. `type`: alarm | roster | outing | device_command.
commands = Table(
    "commands",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command_id", Text, nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("operator", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON
    sqlite_autoincrement=True,
)

# The last journal sequence a console has shown, as it reported.
shown = Table(
    "shown",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("operator", Text, nullable=False),
)

# What one shift tells the next, as it was written; never changed and never deleted.
shift_notes = Table(
    "shift_notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("operator", Text, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_autoincrement=True,
)

operators = Table(
    "operators",
    metadata,
    Column("username", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scope", Text),  # JSON, null: everything
    Column("created_at_ms", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("username", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("scope", Text),
    Column("created_at_ms", BigInteger, nullable=False),
)
