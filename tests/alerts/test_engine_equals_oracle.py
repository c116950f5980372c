"""The vectorised engine and the slow scalar oracle decide the same, on random cities and streams."""

from __future__ import annotations

import city
from hypothesis import given

from alerts.engine import Engine


@city.examples(1500)
@given(city.seeds, city.streams)
def test_engine_equals_oracle(roster, actions):
    oracle, inputs = city.play(roster, actions)
    decided = city.step(Engine(city.QUICK), city.end_ms(inputs), inputs)
    assert [(r.command_id, r.code) for r in decided.results] == oracle.results
    assert [city.fact(t) for t in decided.transitions] == oracle.facts
