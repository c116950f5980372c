"""What each kind of fault does to the world. All of them end before the quiet time begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.plan import Fault

if TYPE_CHECKING:
    from simulation.life import Life


def strike(life: Life, fault: Fault) -> None:
    """A fault happens."""
    life.world.note("fault", fault.kind, *fault.args)
    _DO[fault.kind](life, *fault.args)


def heal(life: Life) -> None:
    """Nothing fails any more; what is down comes up."""
    life.world.note("quiet")
    life.host.disk_is_full = False
    life.host.set_disk_slow(None)
    life.host.keep_away(0)
    life.host.traps.clear()
    if life.host.process is not None:
        life.host.process.dies_at = life.host.process.error = None
    if life.broker.client is not None:
        life.broker.client.cut()  # so that the quiet time begins with a beacon
    for actor in life.actors.values():
        _set_weather(actor, "lost", 0.0, 0.0)
        _set_weather(actor, "doubled", 0.0, 0.0)
        _set_weather(actor, "delayed", 0.0, 0.0)


def _crash(life: Life, points: int) -> None:
    life.host.trap("dies", points)


def _error(life: Life, name: str, statements: int) -> None:
    life.host.trap(name, statements)


def _full(life: Life, for_s: float) -> None:
    life.host.disk_is_full = True
    life.world.after(for_s, setattr, life.host, "disk_is_full", False)


def _slow(life: Life, for_s: float, least_s: float, most_s: float) -> None:
    life.host.set_disk_slow((least_s, most_s))
    life.world.after(for_s, life.host.set_disk_slow, None)


def _slow_broker(life: Life, for_s: float) -> None:
    """The broker restarts while the gateway waits for its disk: the next turn's messages have ids of the last."""
    _slow(life, for_s, 3.0, 8.0)
    for part in (0.3, 0.6, 0.9):
        life.world.after(part * for_s, _broker, life, 0.05)


def _away(life: Life, for_s: float) -> None:
    """The gateway is gone for long, and the broker forgets what waits for it: only the beacon helps."""
    life.host.keep_away(for_s)
    _broker(life, 0.05)


def _broker(life: Life, down_s: float) -> None:
    if life.broker.up:
        life.broker.crash()
        life.checks.ear()
        life.world.after(down_s, lambda: life.broker.start() if life.host.powered else None)


def _cut(life: Life) -> None:
    if life.broker.client is not None:
        life.broker.client.cut()
        life.checks.ear()


def _clock(life: Life, by_s: float, tries: int = 1500) -> None:
    """A leap comes at the worst moment: while a message waits for its turn."""
    process = life.host.process
    waits = process is not None and process.gateway is not None and process.gateway.intake.depth
    if by_s > 60 and not waits and tries:
        life.world.after(0.006, _clock, life, by_s, tries - 1)
        return
    life.truth.jumps.append((life.world.now_us, by_s))
    life.host.set_clock(by_s)


def _weather(life: Life, whom: str, for_s: float, what: str, chance: float, longest_s: float) -> None:
    for actor in life.actors.values() if whom == "all" else [life.actors[whom]]:
        _set_weather(actor, what, chance, longest_s)
        life.world.after(for_s, _set_weather, actor, what, 0.0, longest_s)


def _set_weather(actor, what: str, chance: float, longest_s: float) -> None:
    setattr(actor.weather, what, chance)
    actor.weather.longest_s = longest_s


def _flood(life: Life, count: int) -> None:
    """Everybody at once says something unimportant, and somebody something important."""
    actors = [a for a in life.actors.values() if a.spec["kind"] is not None and not a.timeless]
    for n in range(count):
        actors[n % len(actors)].say({"what": "heartbeat", "said": {"bat": 60.0, "ack": n % 9 == 0}})
        if n in {count // 2, count - 1}:
            actors[0].say({"what": "alarm", "said": {"kinds": ["sos"]}})


_DO = {
    "crash": _crash,
    "kill": lambda life: life.host.kill(),
    "restart": lambda life, policy: life.host.restart(policy),
    "error": _error,
    "full": _full,
    "slow": _slow,
    "broker": _broker,
    "slow broker": _slow_broker,
    "away": _away,
    "cut": _cut,
    "power": lambda life, down_s: life.host.power_cut(down_s),
    "weather": _weather,
    "blocked": lambda life, name, for_s: life.actors[name].block(for_s),
    "reboot": lambda life, name: life.actors[name].reboot(),
    "death": lambda life, name: life.actors[name].die(),
    "clock": _clock,
    "device clock": lambda life, name, by_s: life.actors[name].set_clock(by_s),
    "stall": lambda life, for_s: life.host.stall(for_s),
    "second gateway": lambda life: life.host.second_gateway(),
    "flood": _flood,
}
