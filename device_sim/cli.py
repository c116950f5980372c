"""The commands of `shouwang sim`: city, play, record, track, storm."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import msgspec
import typer

from device_sim.meter import Meter

if TYPE_CHECKING:
    from device_sim.publisher import Broker
    from device_sim.tracks import Tracks

app = typer.Typer(
    name="sim",
    help="Simulated devices: a made-up city, real tracks, load.",
    no_args_is_help=True,
    add_completion=False,
)

Seed = Annotated[int, typer.Option(help="The same seed gives the same city and the same course of events.")]
Url = Annotated[
    str,
    typer.Option("--mqtt-url", help="mqtt://host:port or mqtt://user:password@host:port; mqtts:// for TLS."),
]
Remote = Annotated[bool, typer.Option("--allow-remote", help="Allow a broker that is not on this machine.")]
RosterFile = Annotated[Path, typer.Option("--roster", help="A roster file of the contract.")]
Credentials = Annotated[
    Path | None,
    typer.Option(
        help='{"device_id": "password"}: one connection for each device, as a broker with access rules wants.'
    ),
]
Lively = Annotated[
    float, typer.Option(min=0.0, help="0: as calm as life; 1: an event every half minute or so.")
]
Script = Annotated[
    Path | None, typer.Option(help='Exact events: [{"at_s": 20, "device_id": "...", "event": "sos"}, ...].')
]
Loss = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of messages lost, both ways.")]
Repeats = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of messages that arrive twice.")]
Reorder = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of messages that come 1 to 20 s late.")]
Skew = Annotated[float, typer.Option(min=0.0, help="Largest error of a device clock, seconds.")]
Backlog = Annotated[
    float, typer.Option(min=0.0, help="How often a band loses its network, per band and hour.")
]
Qos = Annotated[
    int, typer.Option(min=0, max=1, help="MQTT QoS of positions and heartbeats; alarms always have 1.")
]

LOCAL_BROKER = "mqtt://127.0.0.1:1883"


@app.command()
def city(
    out: Annotated[Path, typer.Option(help="The roster file to write.")],
    seed: Seed = 1,
    bands: Annotated[int, typer.Option(min=0, help="Wristbands.")] = 2560,
    fire_sensors: Annotated[
        int | None, typer.Option(min=0, help="Default: four in each nursing home.")
    ] = None,
    home_sensors: Annotated[int, typer.Option(min=0, help="Sensors in homes.")] = 0,
) -> None:
    """Write the roster of a made-up city in the proportions of Weifang."""
    from device_sim.city import make_city

    roster = make_city(seed, bands, fire_sensors, home_sensors)
    try:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(roster), indent=1))
    except OSError as error:
        _fail(str(error))
    print(
        f"{out}: {len(roster['sites'])} sites, {len(roster['fences'])} fences, {len(roster['devices'])} devices"
    )


@app.command()
def play(
    roster: RosterFile,
    mqtt_url: Url = LOCAL_BROKER,
    seed: Seed = 1,
    lively: Lively = 0.0,
    script: Script = None,
    duration: Annotated[float | None, typer.Option(min=0.0, help="Seconds; default: until stopped.")] = None,
    loss: Loss = 0.0,
    repeats: Repeats = 0.0,
    reorder: Reorder = 0.0,
    skew: Skew = 0.0,
    backlog: Backlog = 0.0,
    qos: Qos = 1,
    credentials: Credentials = None,
    allow_remote: Remote = False,
) -> None:
    """Play the devices of a roster in real time."""
    import numpy as np

    from device_sim import live
    from device_sim.faults import Faults
    from device_sim.publisher import read_credentials
    from device_sim.simulation import Simulation

    broker = _broker(mqtt_url, allow_remote)
    devices = _read_roster(roster)
    try:
        passwords = None if credentials is None else read_credentials(credentials)
        simulation = Simulation(
            devices, seed, live.wall_ms(), lively=lively, script=_read(script),
            faults=Faults(loss, repeats, reorder, skew, backlog), boots=np.random.default_rng(), qos=qos,
        )  # fmt: skip
        with live.stop_on_signals() as stop, Meter("playing", duration) as meter:
            count = live.play(simulation, broker, meter, stop, duration_s=duration, credentials=passwords)
    except (ValueError, OSError) as error:
        _fail(str(error))
    print(
        f"played {len(simulation.devices)} devices: {count} messages, {simulation.holding} items not acknowledged"
    )


@app.command()
def record(
    roster: RosterFile,
    seconds: Annotated[int, typer.Option(min=1, help="Length of the recording, in virtual seconds.")],
    out: Annotated[Path, typer.Option(help="The messages file to write (NDJSON).")],
    seed: Seed = 1,
    lively: Lively = 0.0,
    script: Script = None,
    start_ms: Annotated[
        int,
        typer.Option(min=0, help="When it begins, ms since 1970 UTC; default 2024-05-06 08:00 in Beijing."),
    ] = 1_714_953_600_000,
    loss: Loss = 0.0,
    repeats: Repeats = 0.0,
    reorder: Reorder = 0.0,
    skew: Skew = 0.0,
    backlog: Backlog = 0.0,
) -> None:
    """Write what the city would send as a messages file, in virtual time and without a broker."""
    from device_sim import live
    from device_sim.faults import Faults
    from device_sim.record import record as record_city
    from device_sim.simulation import Simulation

    devices = _read_roster(roster)
    count = 0
    try:
        faults = Faults(loss, repeats, reorder, skew, backlog)
        simulation = Simulation(devices, seed, start_ms, lively=lively, script=_read(script), faults=faults)
        with live.stop_on_signals() as stop, Meter("recording", seconds) as meter, out.open("wb") as file:
            for second, lines in record_city(simulation, seed, start_ms, seconds):
                file.writelines(lines)
                count += len(lines)
                meter.update(second, f"{count:,} messages")
                if stop.asked:
                    break
    except (ValueError, OSError) as error:
        _fail(str(error))
    print(f"{out}: {count} messages")


@app.command()
def track(
    files: Annotated[list[Path], typer.Argument(help="GPX, GeoLife .plt, or messages NDJSON.")],
    mqtt_url: Url = LOCAL_BROKER,
    device_id: Annotated[str | None, typer.Option(help="The wristband to be, if there is one track.")] = None,
    to_lat: Annotated[
        float | None, typer.Option(min=-85.0, max=85.0, help="Start there, degrees WGS-84.")
    ] = None,
    to_lon: Annotated[float | None, typer.Option(min=-180.0, max=180.0)] = None,
    roster: Annotated[
        Path | None, typer.Option(help="With --to-site: where the site is and who wears a band.")
    ] = None,
    to_site: Annotated[str | None, typer.Option(help="Start at this site, as its wristbands.")] = None,
    speed: Annotated[float, typer.Option(min=0.0, help="How much faster than it was; 0: all at once.")] = 1.0,
    centre: Annotated[
        bool, typer.Option("--centre", help="Put the middle of the track there, not its start.")
    ] = False,
    qos: Qos = 1,
    allow_remote: Remote = False,
) -> None:
    """Play real tracks as wristbands, moved to a site if asked, at any speed."""
    from device_sim import live
    from device_sim.tracks import retime, translate

    broker = _broker(mqtt_url, allow_remote)
    if (
        (to_lat is None) != (to_lon is None)
        or (to_site is None) != (roster is None)
        or (to_site and to_lat is not None)
    ):
        raise typer.BadParameter("want --to-lat with --to-lon, or --roster with --to-site, or neither")
    site, wearers = (None, []) if roster is None else _site(_read_roster(roster), to_site or "")
    place = (to_lat, to_lon) if site is None else (float(site["lat"]), float(site["lon"]))
    try:
        tracks = _name(_parse_files(files), device_id, wearers)
        now_ms = live.wall_ms()
        for name, points in tracks.items():
            lat, lon = place
            moved = points if lat is None or lon is None else translate(points, lat, lon, centre=centre)
            tracks[name] = retime(moved, now_ms, speed)
        total = sum(len(points) for points in tracks.values())
        with live.stop_on_signals() as stop, Meter("tracks", total) as meter:
            sent, messages = live.play_tracks(tracks, broker, meter, stop, at_once=speed == 0.0, qos=qos)
    except (ValueError, OSError) as error:
        _fail(str(error))
    print(f"sent {sent} of {total} points as {', '.join(tracks)} in {messages} messages")


@app.command()
def storm(
    mqtt_url: Url = LOCAL_BROKER,
    roster: Annotated[
        Path | None, typer.Option(help="Whose bands; default: those of a made-up city.")
    ] = None,
    bands: Annotated[int, typer.Option(min=1, help="Bands of the made-up city.")] = 2560,
    fixes_per_device: Annotated[
        int, typer.Option(min=1, max=1440, help="Buffered fixes, one a minute.")
    ] = 60,
    rate: Annotated[float, typer.Option(min=0.0, help="Messages a second; 0: no limit.")] = 0.0,
    array_items: Annotated[int, typer.Option(min=1, max=500, help="Most fixes in one message.")] = 500,
    alarms: Annotated[int, typer.Option(min=0, help="SOS items in the middle of it.")] = 20,
    give_up: Annotated[
        float, typer.Option(min=1.0, help="Seconds without any ack after which it has failed.")
    ] = 60.0,
    seed: Seed = 1,
    credentials: Credentials = None,
    allow_remote: Remote = False,
) -> None:
    """Load: every band reconnects at once and flushes an hour of buffered fixes."""
    from device_sim import live
    from device_sim.city import make_city
    from device_sim.publisher import read_credentials
    from device_sim.storm import Storm, buffer_fixes

    broker = _broker(mqtt_url, allow_remote)
    devices_of = make_city(seed, bands, 0) if roster is None else _read_roster(roster)
    devices: list[Any] = []
    try:
        passwords = None if credentials is None else read_credentials(credentials)
        with live.stop_on_signals() as stop:
            with Meter("buffering", fixes_per_device) as meter:
                for minute, devices in buffer_fixes(
                    devices_of, seed, live.wall_ms(), fixes_per_device, array_items
                ):
                    meter.update(minute, f"{len(devices)} bands")
                    if stop.asked:
                        return
            if not devices:
                _fail("the roster has no wristband at a site")
            flood = Storm(devices, alarms, rate)
            with Meter("storm", flood.result.fixes) as meter:
                result = flood.run(broker, meter, stop, credentials=passwords, give_up_s=give_up)
    except (ValueError, OSError) as error:
        _fail(str(error))
    print(result.summary())
    if not stop.asked and result.acked < result.fixes:
        _fail(f"{result.fixes - result.acked} fixes were never acknowledged")


def _broker(url: str, allow_remote: bool) -> Broker:
    from device_sim.publisher import Broker

    try:
        return Broker.from_url(url, allow_remote=allow_remote)
    except ValueError as error:
        _fail(str(error))


def _read_roster(path: Path) -> dict[str, Any]:
    """A roster file, as far as the simulator needs one."""
    try:
        roster = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        for device in roster["devices"]:
            if device["kind"] not in {"wristband", "fire_sensor", "home_sensor"}:
                _fail(f"{path}: unknown kind of device {device['kind']!r}")
        roster.setdefault("sites", [])
    except (OSError, msgspec.MsgspecError) as error:
        _fail(f"{path}: {error}")
    except (KeyError, TypeError) as error:
        _fail(f"{path}: not a roster: {error!r}")
    return roster


def _read(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()


def _site(roster: dict[str, Any], site_id: str) -> tuple[dict[str, Any], list[str]]:
    """A site and the ids of its wristbands."""
    site = next((site for site in roster["sites"] if site["site_id"] == site_id), None)
    if site is None:
        _fail(f"no site {site_id!r} in the roster")
    bands = [
        d["device_id"] for d in roster["devices"] if d["kind"] == "wristband" and d.get("site_id") == site_id
    ]
    return site, bands


def _parse_files(files: list[Path]) -> list[tuple[Path, Tracks]]:
    from device_sim.tracks import parse

    parsed = []
    with Meter("reading", len(files)) as meter:
        for number, file in enumerate(files, start=1):
            parsed.append((file, parse(str(file), file.read_bytes())))
            meter.update(number, file.name)
    return parsed


def _name(parsed: list[tuple[Path, Tracks]], device_id: str | None, wearers: list[str]) -> Tracks:
    """Says which device each track is: as asked, as recorded, a band of the site, or after the file."""
    from device_sim.publisher import check_device_id

    count = sum(len(tracks) for _, tracks in parsed)
    if device_id is not None and count > 1:
        raise ValueError(f"--device-id names one device, but there are {count} tracks")
    free = iter(wearers)
    named: Tracks = {}
    for file, tracks in parsed:
        for recorded, points in tracks.items():
            stem = "track-" + re.sub(r"[^A-Za-z0-9_-]", "-", file.stem)[:58]
            name = check_device_id(device_id or recorded or next(free, stem))
            if name in named:
                raise ValueError(f"two tracks for {name}: {file} and another")
            named[name] = points
    return named


def _fail(why: str) -> NoReturn:
    """One clear line and exit code 1."""
    typer.echo(f"shouwang sim: {why}", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
