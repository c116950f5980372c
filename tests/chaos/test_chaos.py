"""Real processes die at random while devices talk: what was acknowledged is stored, every alarm is told once."""

import pytest

from bench.chaos.__main__ import one_run, table
from bench.chaos.faults import BOTH
from iot_gateway import broker

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]
SECONDS, SEED = 28.0, 20231


@pytest.fixture(autouse=True)
def need_mosquitto():
    if broker.find_broker("mosquitto") is None:
        pytest.skip("no mosquitto on this machine")


def test_whoever_is_killed_or_stopped_nothing_is_lost_and_no_alarm_is_told_twice(tmp_path):
    run = one_run(tmp_path, SEED, SECONDS)
    assert not run.found.wrong, f"seed {SEED}\n{table([run])}\n{run.found.wrong}"
    assert run.kills.total() >= 3 and run.stops.total() >= 1, "the driver does something"
    assert run.found.alarms > 50 and run.found.acked == run.found.items


def test_a_device_that_trusts_the_broker_loses_items_so_the_driver_can_fail(tmp_path):
    run = one_run(tmp_path, SEED, 6.0, mix=BOTH, trust_puback=True)
    assert run.found.lost, table([run])
