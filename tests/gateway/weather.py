"""Random days in the life of a service: steps of messages, commands, edits of the roster, deafness and silence."""

from __future__ import annotations

from random import Random
from typing import Any

from road import FAR_LAT, HOME, NOW_MS, ROSTER, enrolment, message, roster

from alerts.commands import VERBS, AlarmCommand, ListeningCommand
from iot_gateway.batcher import Input

DEVICES = ("w1", "w2", "f1", "new")
ALARMS = ("sos", "fall", "smoke", "tamper", "low_battery", "strap_off")
BROKEN = (b"", b"{", b'{"kinds": ["sos"], "lat": NaN}', b"[]", b'{"kinds": ["aliens"]}', b"\xff")


class Weather:
    """Makes the same steps for the same seed. `known` True: every alarm is known by a seq, so that it may be repeated."""

    def __init__(self, seed: int, *, known: bool = True) -> None:
        self.random = Random(seed)
        self.known = known
        self.now_ms = NOW_MS
        self.seq = 0
        self.commands = 0
        self.away = False

    def steps(self, count: int) -> list[tuple[int, list[Input]]]:
        """(when, inputs) of each step; the first enrols everybody."""
        return [(NOW_MS, [enrolment()]), *(self.step() for _ in range(count))]

    def step(self) -> tuple[int, list[Input]]:
        dice = self.random
        self.now_ms += dice.choice([20, 20, 500, 7_000, 40_000, 200_000])
        begin_ms, inputs = self.now_ms, []
        for _ in range(dice.choice([0, 1, 2, 5])):
            self.now_ms += dice.choice([0, 1, 300])
            inputs.append(self.message())
        if dice.random() < 0.3:
            inputs.append(self.command())
        if dice.random() < 0.1:
            inputs.insert(0, ListeningCommand(begin_ms, 0, listening=dice.random() < 0.5))
        return self.now_ms, inputs

    def message(self) -> Input:
        dice = self.random
        stream = dice.choice(["alarm", "alarm", "location", "heartbeat"])
        if dice.random() < 0.05:
            # What cannot be told apart is not taken at all where everything may come twice.
            stream = "location" if self.known else "alarm"
            return message(stream, dice.choice(BROKEN), device=dice.choice(DEVICES), at_ms=self.now_ms)
        items = [self.item(stream) for _ in range(dice.choice([1, 1, 3]))]
        said = items[0] if len(items) == 1 else items
        return message(stream, said, device=dice.choice(DEVICES), at_ms=self.now_ms)

    def item(self, stream: str) -> dict[str, Any]:
        dice = self.random
        self.seq += 1
        item: dict[str, Any] = {"seq": self.seq, "boot": dice.choice([0, 1]), "ack": True}
        if self.known or dice.random() < 0.8:  # without a time, an item is known again for a minute only
            item["ts"] = self.now_ms - dice.choice([0, 0, 100, 50_000, 10**9])
        if not self.known and dice.random() < 0.3:
            del item["seq"]
        if stream == "location" or (stream == "alarm" and dice.random() < 0.3):
            if dice.random() < 0.08:  # everybody goes out, or home
                self.away = not self.away
            where = (0, 0) if dice.random() < 0.1 else (FAR_LAT if self.away else HOME[1], HOME[0])
            item |= {"lat": where[0], "lon": where[1], "acc": dice.choice([0, 5, 5, 400])}
            item |= {"src": dice.choice(["gnss", "gnss", "cell"])}
        if stream == "alarm":
            item |= {"kinds": dice.sample(ALARMS, dice.choice([1, 1, 2])), "on": dice.random() < 0.7}
            if dice.random() < 0.1:
                item["kinds"] = [*item["kinds"], "aliens"]
        if stream == "heartbeat":
            item |= {
                "bat": dice.choice([5, 50, 100]),
                "worn": dice.random() < 0.5,
                "temp": dice.choice([20, 90]),
            }
            item |= {"faults": dice.choice([[], ["pump"]])}
        return item

    def command(self) -> Input:
        dice = self.random
        self.commands += 1
        name = f"c{self.commands}"
        if dice.random() < 0.3:
            devices = ROSTER["devices"] + [{"device_id": "new", "kind": "wristband", "site_id": "s1"}]
            role = dice.choice(["safe", "forbidden"])
            fences = [ROSTER["fences"][0] | {"role": role}]
            change = roster(devices=dice.sample(devices, 2), fences=dice.choice([[], fences]))
            return enrolment(change, name, self.now_ms)
        return AlarmCommand(
            name, self.now_ms, 0, dice.choice(VERBS), f"A{dice.randint(1, 40)}", "op", text="seen", assignee="op",
            until_ms=self.now_ms + 90_000, reason="noise", outcome="false",
        )  # fmt: skip
