"""The vectorised engine and the slow scalar oracle decide the same, on random cities and streams."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import city
from alerts.engine import Engine
from alerts.roster import Device
from city import Action, Input, fact
from oracle import Oracle


def play(roster, actions: list[Action], *, unregistered: int = 0) -> tuple[Oracle, list[Input]]:
    """The oracle's run over a stream, and the stream with its commands' targets found."""
    oracle, inputs = Oracle(city.QUICK), []
    at_ms = city.EVENING_MS
    inputs.append(city.roster_command(0, at_ms, roster))
    oracle.take(inputs[0])
    for number, (wait_ms, what, row, ago_ms, said) in enumerate(actions, 1):
        at_ms += wait_ms
        oracle.until(at_ms)
        if what == "item":
            inputs.append(city.item(row, at_ms, arrival=number, ago_ms=ago_ms, **said))
        elif what == "edit":
            inputs.append(city.roster_command(number, at_ms, said))
        else:
            alarms = sorted(oracle.episodes.values(), key=lambda a: a.alarm_id)
            target = alarms[said["pick"] % len(alarms)] if alarms and said["pick"] >= 0 else None
            version = None if said["old"] is None or target is None else target.version - said["old"]
            alarm_id = target.alarm_id if target else "A0"
            inputs.append(city.alarm_command(number, at_ms, alarm_id, version, said))
        oracle.take(inputs[-1])
    oracle.until(at_ms + city.HOUR_MS)
    return oracle, inputs


@city.examples(150)
@given(city.rosters(), city.streams)
def test_engine_equals_oracle(roster, actions):
    oracle, inputs = play(roster, actions)
    engine = Engine(city.QUICK)
    decided = city.step(engine, inputs[-1].received_at_ms + city.HOUR_MS, inputs)
    assert [(r.command_id, r.code) for r in decided.results] == oracle.results
    assert [fact(t) for t in decided.transitions] == oracle.facts
