"""Decides how long a guesser of passwords waits. In memory; nobody else is ever locked out.

Counted by account and address together: whoever guesses at the duty desk's account from elsewhere
slows down only himself.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from math import ceil
from typing import Final

FREE_ATTEMPTS: Final = 5
WINDOW_S: Final = 15 * 60
FIRST_DELAY_S: Final = 5
MAX_KEYS: Final = 10_000  # an attempt costs an argon2 verification, so filling this takes minutes of work


class Throttle:
    """Recent attempts that did not succeed, by (account, address)."""

    def __init__(self) -> None:
        self._attempts: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def attempt(self, key: tuple[str, str], now_s: float) -> int:
        """Seconds still to wait; 0 means go on, and counts as a failure until `forget`.

        Counting before the password is checked keeps parallel guesses from slipping past.
        """
        attempts = self._attempts.setdefault(key, deque(maxlen=16))
        self._attempts.move_to_end(key)
        while attempts and attempts[0] <= now_s - WINDOW_S:
            attempts.popleft()
        wait_s = self._delay_s(len(attempts)) - (now_s - attempts[-1]) if attempts else 0
        if wait_s > 0:
            return ceil(wait_s)
        attempts.append(now_s)
        if len(self._attempts) > MAX_KEYS:
            self._attempts.popitem(last=False)
        return 0

    def forget(self, key: tuple[str, str]) -> None:
        """The password was right."""
        self._attempts.pop(key, None)

    @staticmethod
    def _delay_s(failures: int) -> float:
        """5 s after the fifth failure, doubling up to the window."""
        return (
            0 if failures < FREE_ATTEMPTS else min(FIRST_DELAY_S * 2 ** (failures - FREE_ATTEMPTS), WINDOW_S)
        )
