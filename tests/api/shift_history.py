"""A made-up history: alarms that live by LIFECYCLE, written as the gateway writes them, and a slow count of it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from alerts.lifecycle import LIFECYCLE
from alerts.vocabulary import DEFAULT_PRIORITY, LATCHING

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_790_000_000_000 // DAY_MS * DAY_MS  # 08:00 in the city
KINDS = ("sos", "smoke", "fence_left", "strap_off", "tamper", "low_battery", "contact_lost")
PEOPLE = ("li", "wang", "zhao")
COUNTIES = {"s0": "奎文区", "s1": "安丘市", "s2": None}


@dataclass
class History:
    """`rows`: bodies of the journal in order; `reports`: (seq, at_ms) of consoles."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    reports: list[tuple[int, int]] = field(default_factory=list)
    alarms: dict[str, dict[str, Any]] = field(default_factory=dict)
    at_ms: int = START_MS

    def say(self, alarm: dict[str, Any], event: str, to: str, **more: Any) -> None:
        """One transition."""
        extra = {name: more.pop(name) for name in ("operator", "text", "because") if name in more}
        alarm |= more | {"version": alarm["version"] + 1, "seq": len(self.rows) + 1, "state": to}
        alarm["committed_at_ms"] = self.at_ms + 3
        before = alarm.get("_state", "normal")
        alarm["_state"] = to
        body = {name: value for name, value in alarm.items() if not name.startswith("_")}
        self.rows.append(body | {"at_ms": self.at_ms, "event": event, "from": before, "to": to} | extra)

    def begin(self, device: int, kind: str, shelved: bool = False) -> dict[str, Any]:
        number = len(self.rows) + 1
        alarm = {
            "alarm_id": f"A{number}", "version": 0, "seq": number, "_raised_seq": number, "subject_type": "device",
            "subject_id": f"w{device}", "device_id": f"w{device}", "site_id": f"s{device % 3}",
            "resident_id": f"r{device}" if device % 2 else None, "kind": kind,
            "fence_id": "f1" if kind == "fence_left" else None, "priority": DEFAULT_PRIORITY[kind], "shelved": shelved,
            "shelved_until_ms": None, "suppressed": False, "out_of_service": False, "count": 1, "assignee": None,
            "because": {"rule": "device"}, "position": None, "measured_at_ms": None, "received_at_ms": None,
            "raised_at_ms": self.at_ms, "shown_at_ms": None, "acknowledged_at_ms": None, "cleared_at_ms": None,
            "closed_at_ms": None, "outcome": None,
        }  # fmt: skip
        self.alarms[alarm["alarm_id"]] = alarm
        self.say(alarm, "raise", "active_unacknowledged")
        return alarm

    def act(self, alarm: dict[str, Any], event: str, dice: random.Random) -> bool:
        """What LIFECYCLE allows; whether it did."""
        verb = "raise" if event == "reraise" else event
        rule = LIFECYCLE.get((alarm["state"], verb))
        to = alarm["state"] if rule is None else rule.latching if alarm["kind"] in LATCHING else rule.to
        if to is None or alarm["state"] == "normal":
            return False
        more: dict[str, Any] = {}
        if event not in {"reraise", "clear", "over"}:
            more |= {"operator": dice.choice(PEOPLE), "text": dice.choice([None, "已联系"])}
        if event == "reraise":
            more["count"] = alarm["count"] + 1
        if event == "shelve":
            more |= {"shelved": True, "because": {"rule": "command", "reason": "检修"}}
        if event == "unshelve":
            more["shelved"] = False
        if event == "close":
            more |= {"outcome": dice.choice(["real", "false", "test", "other"]), "shelved": False}
        if to == "normal":
            more["closed_at_ms"] = self.at_ms
        self.say(alarm, "clear" if event == "over" else event, to, **more)
        return True

    def write(self, book: Any) -> None:
        """Into a store."""
        for site, county in COUNTIES.items():
            book.site(site, county=county)
        for row in self.rows:
            text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
            book.put(
                "journal", seq=row["seq"], at_ms=row["at_ms"], alarm_id=row["alarm_id"], body=text, hash=b""
            )
        for alarm in self.alarms.values():
            raised_seq = alarm["_raised_seq"]
            row = {name: value for name, value in alarm.items() if not name.startswith("_")}
            row.pop("shown_at_ms")
            book.put("alarms", **row, raised_seq=raised_seq)
        for seq, at_ms in self.reports:
            book.put("shown", seq=seq, at_ms=at_ms, operator="li")


def lively(seed: int, steps: int = 400) -> History:
    """Two days with everything in it: re-raises, undone acknowledgements, shelves, bursts and quiet hours."""
    dice = random.Random(seed)
    history = History()
    for step in range(steps):
        busy = step // 50 % 2
        history.at_ms += dice.choice([0, 200, 4_000, 20_000] if busy else [0, 40_000, 900_000, 4_000_000])
        still = [alarm for alarm in history.alarms.values() if alarm["state"] != "normal"]
        taken = {(alarm["subject_id"], alarm["kind"]) for alarm in still}
        device, kind = dice.randrange(12), dice.choice(KINDS)
        if dice.random() < (0.5 if busy else 0.3) and (f"w{device}", kind) not in taken:
            history.begin(device, kind, shelved=kind not in LATCHING and dice.random() < 0.15)
        elif still:
            verbs = ["acknowledge", "acknowledge", "close", "over", "reraise", "unacknowledge", "comment", "shelve",
                     "unshelve", "assign"]  # fmt: skip
            history.act(dice.choice(still[-6:]), dice.choice(verbs), dice)
        if dice.random() < 0.4 and history.rows:
            seq = max(1, len(history.rows) - dice.randrange(4))
            history.reports.append((seq, history.at_ms + dice.randrange(3000)))
    history.reports.sort(key=lambda report: report[1])
    return history


# The slow count --------------------------------------------------------------------------------


class Slow:
    """Each figure by its definition, one alarm at a time, from the whole journal."""

    def __init__(
        self, history: History, from_ms: int, to_ms: int, now_ms: int, sites: set[str] | None = None
    ) -> None:
        self.from_ms, self.to_ms, self.now_ms = from_ms, to_ms, now_ms
        self.rows = [row for row in history.rows if sites is None or row["site_id"] in sites]
        self.reports = history.reports
        self.began_ms = history.rows[0]["at_ms"]
        self.inside = [row for row in self.rows if from_ms <= row["at_ms"] < to_ms]
        self.cohort = [row for row in self.inside if row["event"] == "raise"]

    def of(self, alarm_id: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["alarm_id"] == alarm_id]

    def ended(self, alarm_id: str) -> dict[str, Any] | None:
        return next((row for row in self.of(alarm_id) if row["to"] == "normal"), None)

    def answered_ms(self, alarm_id: str) -> int | None:
        answers: list[int] = []
        for row in self.of(alarm_id):
            if row["event"] in {"acknowledge", "close"}:
                answers.append(row["at_ms"])
            if row["event"] == "unacknowledge":
                answers.pop()
        return answers[0] if answers else None

    def shown_ms(self, raised: dict[str, Any]) -> int | None:
        return min((at_ms for seq, at_ms in self.reports if seq >= raised["seq"]), default=None)

    def share(self, took: list[tuple[int | None, float]], goal_ms: int) -> dict[str, Any]:
        """`took`: (how long, how long it has waited if it has not happened)."""
        judged = [(one, waited) for one, waited in took if one is not None or waited > goal_ms]
        met = sum(one is not None and one <= goal_ms for one, _ in judged)
        return {"of": len(judged), "met": met, "share": met / len(judged) if judged else None}

    def answering(self, priorities: tuple[str, ...]) -> dict[str, Any]:
        called = [row for row in self.cohort if row["priority"] in priorities and not row["shelved"]]
        took = []
        for row in called:
            answered, ended = self.answered_ms(row["alarm_id"]), self.ended(row["alarm_id"])
            waited = self.now_ms - row["at_ms"] if ended is None else float("inf")
            took.append((None if answered is None else answered - row["at_ms"], waited))
        times = sorted(one for one, _ in took if one is not None)
        missing = [waited for one, waited in took if one is None]
        edges = [0, 10, 30, 60, 120, 180, 300, 600, float("inf")]
        return {
            "raised": len(called), "answered": len(times), "waiting": sum(w != float("inf") for w in missing),
            "never": sum(w == float("inf") for w in missing),
            "unanswered_share": len(missing) / len(called) if called else None,
            "p50_ms": ranked(times, 50), "p95_ms": ranked(times, 95),
            "within_60_s": self.share(took, 60_000), "within_180_s": self.share(took, 180_000),
            "histogram": [
                sum((a * 1000 < t or (a == 0 and t == 0)) and t <= b * 1000 for t in times)
                for a, b in pairwise(edges)
            ],
        }  # fmt: skip

    def ending(self, priorities: tuple[str, ...]) -> dict[str, Any]:
        began = [row for row in self.cohort if row["priority"] in priorities]
        ends = [(row, self.ended(row["alarm_id"])) for row in began]
        times = sorted(end["at_ms"] - row["at_ms"] for row, end in ends if end)
        return {
            "raised": len(began), "ended": len(times), "closed_by_person": sum(bool(e and e["outcome"]) for _, e in ends),
            "rate": len(times) / len(began) if began else None, "p50_ms": ranked(times, 50), "p95_ms": ranked(times, 95),
        }  # fmt: skip

    def showing(self, priorities: tuple[str, ...]) -> dict[str, Any]:
        began = [row for row in self.cohort if row["priority"] in priorities]
        took = []
        for row in began:
            shown = self.shown_ms(row)
            took.append((None if shown is None else max(0, shown - row["committed_at_ms"]),
                         self.now_ms - row["committed_at_ms"]))  # fmt: skip
        times = sorted(one for one, _ in took if one is not None)
        return {
            "raised": len(began), "shown": len(times), "p50_ms": ranked(times, 50), "p95_ms": ranked(times, 95),
            "within_10_s": self.share(took, 10_000),
        }  # fmt: skip

    def announced(self) -> list[dict[str, Any]]:
        return [row for row in self.inside if row["event"] in {"raise", "reraise"} and not row["shelved"]]

    def operators(self, from_ms: int, to_ms: int) -> set[str]:
        return {
            row["operator"] for row in self.inside if row.get("operator") and from_ms <= row["at_ms"] < to_ms
        }

    def slots(self, width_ms: int) -> list[int]:
        began_ms = max(self.from_ms, self.began_ms)
        end_ms = min(self.to_ms, self.now_ms)
        return list(range(began_ms // width_ms * width_ms, end_ms, width_ms)) if began_ms < end_ms else []

    def load(self) -> dict[str, Any]:
        def present(at_ms: int) -> int:
            hour = at_ms // HOUR_MS * HOUR_MS
            return max(1, len(self.operators(hour, hour + HOUR_MS)))

        def filled(width_ms: int) -> list[tuple[int, int, int]]:
            return [
                (
                    at_ms,
                    sum(at_ms <= row["at_ms"] < at_ms + width_ms for row in self.announced()),
                    present(at_ms),
                )
                for at_ms in self.slots(width_ms)
            ]

        def peak(stretches: list[tuple[int, int, int]]) -> dict[str, Any] | None:
            if not any(count for _, count, _ in stretches):
                return None
            at_ms, count, operators = max(stretches, key=lambda one: (one[1] / one[2], -one[0]))
            return {
                "at_ms": at_ms,
                "announced": count,
                "operators": operators,
                "per_operator": count / operators,
            }

        hours, windows = filled(HOUR_MS), filled(HOUR_MS // 6)
        operator_hours = sum(operators for _, _, operators in hours)
        flooded = sum(count > 10 * operators for _, count, operators in windows)
        mean = len(self.announced()) / operator_hours if operator_hours else None
        return {
            "announced": len(self.announced()), "operator_hours": operator_hours, "per_operator_hour": mean,
            "per_operator_day": None if mean is None else 24 * mean, "hours": len(hours),
            "hours_over_6": sum(count / n > 6 for _, count, n in hours),
            "hours_over_12": sum(count / n > 12 for _, count, n in hours), "windows": len(windows),
            "windows_over_1": sum(count / n > 1 for _, count, n in windows),
            "windows_over_2": sum(count / n > 2 for _, count, n in windows), "windows_in_flood": flooded,
            "flood_share": flooded / len(windows) if windows else None, "peak_hour": peak(hours),
            "peak_10_min": peak(windows),
        }  # fmt: skip

    def standing(self) -> dict[str, Any]:
        at_ms = min(self.to_ms, self.now_ms)
        raised = []
        for row in self.rows:
            ended = self.ended(row["alarm_id"])
            if (
                row["event"] == "raise"
                and row["at_ms"] < at_ms
                and (ended is None or ended["at_ms"] >= at_ms)
            ):
                raised.append(row["at_ms"])
        return {"at_ms": at_ms, "open": len(raised), "stale": sum(one < at_ms - DAY_MS for one in raised),
                "oldest_raised_at_ms": min(raised, default=None)}  # fmt: skip

    def outcomes(self) -> dict[str, dict[str, Any]]:
        found = {}
        for kind in {row["kind"] for row in self.cohort}:
            ends = [self.ended(row["alarm_id"]) for row in self.cohort if row["kind"] == kind]
            by = {
                name: sum(bool(e and e["outcome"] == name) for e in ends)
                for name in ("real", "false", "test", "other")
            }
            closed = sum(by.values())
            found[kind] = {"kind": kind, "raised": len(ends), "ended": sum(e is not None for e in ends), **by,
                           "false_share": by["false"] / closed if closed else None}  # fmt: skip
        return found

    def devices(self) -> dict[str, tuple[int, int, int]]:
        """(raised, re-raised, false) of each device that raised."""
        found = {}
        for device in {row["device_id"] for row in self.inside if row["event"] in {"raise", "reraise"}}:
            mine = [row for row in self.inside if row["device_id"] == device]
            began = [row for row in mine if row["event"] == "raise"]
            ends = [self.ended(row["alarm_id"]) for row in began]
            found[device] = (len(began), sum(row["event"] == "reraise" for row in mine),
                             sum(bool(e and e["outcome"] == "false") for e in ends))  # fmt: skip
        return found

    def chattering(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(raises, most within ten minutes) of each identity that chattered."""
        times: dict[tuple[str, str], list[int]] = {}
        for row in self.inside:
            if row["event"] in {"raise", "reraise"}:
                times.setdefault((row["subject_id"], row["kind"]), []).append(row["at_ms"])
        most = {
            who: max(sum(first <= at_ms < first + HOUR_MS // 6 for at_ms in all_) for first in all_)
            for who, all_ in times.items()
        }
        return {who: (len(times[who]), count) for who, count in most.items() if count >= 3}


def ranked(times: list[int], percent: int) -> int | None:
    """The smallest value that at least so many percent do not exceed."""
    return next((one for n, one in enumerate(times, 1) if n * 100 >= percent * len(times)), None)
