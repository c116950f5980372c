"""The command line: `shouwang VERB`. Exit codes: 0 done, 1 failed with one line, 2 wrong usage."""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer

from device_sim.cli import app as sim
from iot_gateway.database import StoreError
from iot_gateway.settings import ConfigError, Settings, load

app = typer.Typer(
    name="shouwang",
    help="Shouwang 守望: the backend of a city's smart elderly-care service centre.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(sim, name="sim", help="Simulated devices: a city, real tracks, load.")

Config = Annotated[Path | None, typer.Option("--config", help="Settings (TOML).")]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="Limits and delays (TOML or JSON).")]


def main() -> None:
    """The console script."""
    if not __debug__:
        _fail("assertions guard this service: run it without python -O")
    app()


def _fail(why: str) -> NoReturn:
    print(f"shouwang: {why}", file=sys.stderr)
    raise SystemExit(1)


def _settings(config: Path | None) -> Settings:
    try:
        return load(config)
    except ConfigError as error:
        _fail(str(error))


@app.command()
def demo(
    data_dir: Annotated[Path, typer.Option(help="Where the demo keeps its store.")] = Path("demo-data"),
    http_port: Annotated[int | None, typer.Option(help="Default: 8000, or a free one.")] = None,
    mqtt_port: Annotated[int | None, typer.Option(help="Default: 1883, or a free one.")] = None,
    bands: Annotated[int, typer.Option(min=1, help="Wristbands.")] = 2560,
    fire_sensors: Annotated[
        int | None, typer.Option(min=0, help="Default: four in each nursing home.")
    ] = None,
) -> None:
    """A broker, the service and a simulated city on this machine, nothing else needed."""
    from api.demo import DemoError, run_demo
    from iot_gateway.recovery import RecoveryError
    from iot_gateway.roster_file import RosterError

    try:
        run_demo(data_dir, http_port, mqtt_port, bands, fire_sensors)
    except (DemoError, ConfigError, StoreError, RosterError, RecoveryError, OSError) as error:
        _fail(str(error))


@app.command()
def run(config: Config = None) -> None:
    """The service under one supervisor: gateway and api, and the watchdog if it has a voice."""
    from api.supervisor import Supervisor, shouwang

    verbs = ("gateway", "api", "watchdog") if _settings(config).watchdog.has_voice else ("gateway", "api")
    named = [] if config is None else ["--config", str(config)]
    supervisor = Supervisor(lambda text: print(f"shouwang: {text}", file=sys.stderr, flush=True))
    supervisor.stop_on_signals()
    try:
        for verb in verbs:
            supervisor.add(verb, lambda verb=verb: shouwang([verb, *named], ear=supervisor.ear))  # type: ignore[misc]
        supervisor.watch()
    finally:
        supervisor.stop()


@app.command()
def gateway(config: Config = None) -> None:
    """Devices in, decisions to disk: the one writer."""
    from api import logs
    from iot_gateway.gateway import Gateway
    from iot_gateway.policy_file import load_policy
    from iot_gateway.recovery import RecoveryError

    logs.configure()
    settings = _settings(config)
    try:
        service = Gateway(settings, load_policy(settings.policy))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: service.stop())
        service.run()
    except (ConfigError, StoreError, RecoveryError, RuntimeError) as error:
        _fail(str(error))


@app.command()
def api(config: Config = None) -> None:
    """The service centre's door: HTTP."""
    from api.app import serve

    raise SystemExit(serve(_settings(config)))


@app.command()
def watchdog(
    url: Annotated[str | None, typer.Option(help="The service's address; default: the settings'.")] = None,
    config: Config = None,
) -> None:
    """Asks from outside whether the service works, and shouts if not; may run on another machine."""
    import threading

    from api import logs
    from api import watchdog as watching

    logs.configure()
    settings = _settings(config)
    if not settings.watchdog.has_voice:
        _fail("the watchdog has no voice: set watchdog.command or watchdog.webhook")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    own = f"http://{settings.http.host}:{settings.http.port}"
    watching.watch(settings.watchdog, (url or settings.watchdog.url or own).rstrip("/"), stopped)


@app.command()
def proof(
    site: Annotated[
        str | None, typer.Option(help="Only this site; default: all, one after the other.")
    ] = None,
    demo_dir: Annotated[
        Path | None, typer.Option("--demo", help="The data directory of a demo that runs.")
    ] = None,
    config: Config = None,
) -> None:
    """A marked test alarm for each site through the whole road, and what came out where and when."""
    from api import proof as test
    from api.accounts import add_token

    try:
        if demo_dir is not None:
            access = msgspec.json.decode((demo_dir / "demo.json").read_bytes())
            settings = Settings(data_dir=demo_dir)
            door = test.Door(access["api_url"], access["token"])
            mqtt_url = f"mqtt://{access['mqtt_host']}:{access['mqtt_port']}"
        else:
            settings = _settings(config)
            _need_store(settings.database)
            url = f"http://{settings.http.host}:{settings.http.port}"
            door, mqtt_url = test.Door(url, add_token(settings.database, "proof")), settings.mqtt.url
        made = []
        for one in test.prove(door, mqtt_url, settings.database, site):
            print(one.line(), flush=True)
            made.append(one)
    except (test.ProofError, StoreError, OSError, msgspec.DecodeError, KeyError, sqlite3.Error) as error:
        _fail(f"the proof test could not be made: {error}")
    failed = sum(not one.whole for one in made)
    if failed:
        _fail(f"proof test: {failed} of {len(made)} sites FAILED")
    print(f"proof test: {len(made)} sites, everything came out")


@app.command()
def notifier() -> None:
    """Not in this version: what must be told is kept in the store's outbox."""
    _fail("the notifier is not part of this version; the outbox in the store keeps what it will tell")


@app.command("import")
def import_(
    roster: Annotated[Path, typer.Argument(help="The roster file (JSON).")], config: Config = None
) -> None:
    """A roster into the store, whether the gateway runs or not."""
    from iot_gateway.importing import import_roster
    from iot_gateway.policy_file import load_policy
    from iot_gateway.reading import roster_ids
    from iot_gateway.recovery import RecoveryError
    from iot_gateway.roster_file import RosterError, doubts, parse

    settings = _settings(config)
    try:
        parsed = parse(roster.read_bytes(), str(roster))
        import_roster(settings, load_policy(settings.policy), parsed)
        _tell_doubts(doubts(parsed, roster_ids(settings.database)))
    except (ConfigError, StoreError, RosterError, RecoveryError, OSError) as error:
        _fail(str(error))
    print(f"{roster}: {len(parsed.sites)} sites, {len(parsed.residents)} residents, "
          f"{len(parsed.fences)} fences, {len(parsed.devices)} devices")  # fmt: skip


@app.command()
def export(
    messages: Annotated[Path, typer.Option("--messages", help="The recording to write (NDJSON).")],
    roster: Annotated[
        Path | None,
        typer.Option("--roster", help="Also the roster as it is now (JSON, names and phones in it)."),
    ] = None,
    config: Config = None,
) -> None:
    """What the service took in and still keeps, as a recording for `replay`."""
    from iot_gateway.replay import export_files
    from iot_gateway.stored_roster import write_roster

    database = _settings(config).database
    try:
        lines = export_files(database, messages)
        if roster is not None:
            write_roster(database, roster)
    except (StoreError, OSError) as error:
        _fail(str(error))
    print(f"{messages}: {lines} lines")


@app.command()
def replay(
    roster: Annotated[Path, typer.Option("--roster", help="The roster file.")],
    messages: Annotated[Path, typer.Option("--messages", help="The recording (NDJSON).")],
    out: Annotated[Path, typer.Option("--out", help="The transitions to write (NDJSON).")],
    policy: PolicyFile = None,
    against_policy: Annotated[
        Path | None, typer.Option("--against-policy", help="Compare: the policy before the change.")
    ] = None,
    against_roster: Annotated[
        Path | None, typer.Option("--against-roster", help="Compare: the roster before the change.")
    ] = None,
    ignore_edits: Annotated[
        bool, typer.Option("--ignore-edits", help="Compare without the recording's own roster edits.")
    ] = False,
    diff: Annotated[Path | None, typer.Option("--diff", help="Compare: the differences (NDJSON).")] = None,
) -> None:
    """The same core over a recording, in virtual time; compared with another policy or roster, if asked."""
    from iot_gateway.policy_file import load_policy
    from iot_gateway.recording import RecordingError
    from iot_gateway.replay import replay_files
    from iot_gateway.roster_file import RosterError

    compares = against_policy is not None or against_roster is not None
    if not compares and (diff is not None or ignore_edits):
        raise typer.BadParameter("--diff and --ignore-edits need --against-policy or --against-roster")
    try:
        with _progress("replay", messages) as told:
            inputs, made = replay_files(roster, messages, out, load_policy(policy), told)
        print(f"{out}: {made} transitions from {inputs} inputs")
        if compares:
            before = against_roster or roster, against_policy or policy
            _compare(messages, before, (roster, policy), diff, ignore_edits=ignore_edits)
    except (ConfigError, RosterError, RecordingError, OSError) as error:
        _fail(str(error))


def _compare(
    messages: Path,
    before: tuple[Path, Path | None],
    after: tuple[Path, Path | None],
    diff: Path | None,
    *,
    ignore_edits: bool,
) -> None:
    """Print what (roster, policy) `after` raises and avoids against `before`."""
    from iot_gateway.policy_file import load_policy
    from iot_gateway.roster_file import parse
    from iot_gateway.what_if import World
    from iot_gateway.what_if_report import compare_files, in_words, write_differences

    base, changed = (
        World(parse(roster.read_bytes(), str(roster)), load_policy(policy))
        for roster, policy in (before, after)
    )
    with _progress("compare", messages) as told:
        differences, edits = compare_files(messages, base, changed, told, ignore_edits=ignore_edits)
    if edits and before[0] != after[0]:
        print(f"shouwang: warning: the recording itself edits the roster {edits} times, on both sides; "
              "--ignore-edits leaves that out", file=sys.stderr)  # fmt: skip
    if diff is not None:
        write_differences(diff, differences)
    for line in in_words(differences):
        print(line)


@contextmanager
def _progress(what: str, file: Path) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; what it yields is told how many bytes have been read."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=file.stat().st_size)
        yield lambda read: progress.advance(task, read)


@app.command()
def provision(
    directory: Annotated[Path | None, typer.Option("--out", help="Default: DATA_DIR/broker.")] = None,
    port: Annotated[int, typer.Option(help="The gateway's listener on loopback.")] = 1883,
    rotate: Annotated[
        list[str] | None, typer.Option(help="Device ids to give a new secret, or 'all'.")
    ] = None,
    certfile: Annotated[
        Path | None, typer.Option(help="TLS for devices on 8883: the broker's certificate.")
    ] = None,
    keyfile: Annotated[Path | None, typer.Option(help="... and its key.")] = None,
    config: Config = None,
) -> None:
    """Secrets for the roster's devices, and the broker's files."""
    from iot_gateway.provisioning import ProvisionError, Tls
    from iot_gateway.provisioning import provision as write
    from iot_gateway.reading import registered_devices

    settings = _settings(config)
    if (certfile is None) != (keyfile is None):
        raise typer.BadParameter("--certfile and --keyfile go together")
    tls = None if certfile is None or keyfile is None else Tls(certfile, keyfile)
    try:
        devices = registered_devices(settings.database)
        made = write(
            devices,
            directory or settings.data_dir / "broker",
            port=port,
            tls=tls,
            rotate="all" if rotate == ["all"] else rotate or [],
        )
    except (StoreError, ProvisionError) as error:
        _fail(str(error))
    print(f"{made.gateway_env.parent}: {len(devices)} devices, {len(made.added)} added, "
          f"{len(made.removed)} removed, {len(made.rotated)} renewed")  # fmt: skip


@app.command()
def check(config: Config = None) -> None:
    """The configuration: settings, policy, store, base map."""
    from api.basemap import fault
    from iot_gateway.policy_file import load_policy
    from iot_gateway.reading import open_reader

    settings = _settings(config)
    try:
        policy = load_policy(settings.policy)
        if settings.database.exists():
            open_reader(settings.database).close()
    except (ConfigError, StoreError) as error:
        _fail(str(error))
    if (wrong := fault(settings)) is not None:
        _fail(wrong)
    store = "there" if settings.database.exists() else "not there yet"
    print(f"settings: good\npolicy: {policy.version}\nstore: {settings.database}, {store}\n"
          f"broker: {settings.mqtt.url.rpartition('@')[2]}\nhttp: {settings.http.host}:{settings.http.port}\n"
          f"map: {settings.map.source}")  # fmt: skip


@app.command()
def verify(
    accept: Annotated[
        bool, typer.Option("--accept", help="A person has seen what is damaged: no longer red.")
    ] = False,
    config: Config = None,
) -> None:
    """Whether the store is what was written: the journal row by row, its end, and all that has a checksum."""
    from iot_gateway.verification import in_words
    from iot_gateway.verification import verify as look

    settings = _settings(config)
    try:
        verdict = look(settings.database, settings.store.second_journal, accept=accept)
    except StoreError as error:
        _fail(str(error))
    for damage in verdict.accepted:
        print(f"accepted: {in_words(damage)}")
    if verdict.open:
        more = f"; {len(verdict.open) - 1} more in {verdict.book}" if verdict.open[1:] else ""
        _fail(f"{settings.database}: {verdict.open[0].text} ({verdict.rows} rows hold){more}")
    copied = "" if verdict.copied is None else f", {verdict.copied} in the second journal too"
    print(f"{settings.database}: {verdict.rows} rows hold{copied}")


@app.command()
def backup(
    directory: Annotated[Path, typer.Option("--to", help="An empty directory, or one to make.")],
    config: Config = None,
) -> None:
    """A copy of the store while it is in use, with its head file and a manifest."""
    from iot_gateway.backup import backup as copy

    try:
        made = copy(_settings(config).database, directory)
    except StoreError as error:
        _fail(str(error))
    for fault in made.faults:
        print(f"shouwang: warning: damaged as its store is: {fault}", file=sys.stderr)
    print(f"{directory}: {made.bytes:,} bytes, to journal row {made.last_seq} and step {made.last_step}")


@app.command()
def restore(
    directory: Annotated[Path, typer.Option("--from", help="A backup.")], config: Config = None
) -> None:
    """A backup into a data directory that has no store; the service must not run."""
    from iot_gateway.backup import restore as bring_back

    database = _settings(config).database
    try:
        made, said = bring_back(directory, database)
    except StoreError as error:
        _fail(str(error))
    if said is not None:
        print(f"shouwang: warning: {said}; the next start says so in red and asks the devices again",
              file=sys.stderr)  # fmt: skip
    print(f"{database}: restored to journal row {made.last_seq} and step {made.last_step}")


@app.command()
def drill(config: Config = None) -> None:
    """Backup, restore, verification and recovery in one, in a place of its own: does a backup help?"""
    from iot_gateway.backup import drill as practise
    from iot_gateway.policy_file import load_policy

    settings = _settings(config)
    _need_store(settings.database)
    try:
        stages = practise(settings.database, load_policy(settings.policy))
    except (ConfigError, StoreError, OSError) as error:
        _fail(str(error))
    for stage in stages:
        outcome = "good" if stage.fault is None else "FAILED"
        print(f"{stage.name:<8} {outcome:<6} {stage.seconds:7.2f} s  {stage.shown}")
    print(f"{'in all':<15} {sum(stage.seconds for stage in stages):7.2f} s")
    if (fault := stages[-1].fault) is not None:
        _fail(fault)


@app.command()
def operator(
    username: Annotated[str, typer.Argument()],
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="SHOUWANG_PASSWORD")
    ],
    config: Config = None,
) -> None:
    """Add an operator, or give one a new password."""
    from api.accounts import add_operator

    database = _settings(config).database
    _need_store(database)
    try:
        add_operator(database, username, password)
    except (sqlite3.Error, ValueError) as error:
        _fail(f"{database}: {error}")
    print(f"operator {username}: set")


@app.command()
def token(name: Annotated[str, typer.Argument(help="The program's name.")], config: Config = None) -> None:
    """A bearer token for a program; it is printed once and replaces the one before."""
    from api.accounts import add_token

    database = _settings(config).database
    _need_store(database)
    try:
        print(add_token(database, name))
    except (sqlite3.Error, ValueError) as error:
        _fail(f"{database}: {error}")


def _tell_doubts(said: list[str]) -> None:
    """The first few; a roster of another system may have thousands."""
    for doubt in said[:20]:
        print(f"shouwang: warning: {doubt}", file=sys.stderr)
    if len(said) > 20:
        print(f"shouwang: warning: and {len(said) - 20} more", file=sys.stderr)


def _need_store(database: Path) -> None:
    from iot_gateway.reading import open_reader

    try:
        open_reader(database).close()
    except StoreError as error:
        _fail(str(error))
