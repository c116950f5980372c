"""Reads broken JSON as far as it can be read: the items of a torn array, the fields of a torn item. Pure.

A strict reader takes nothing of a payload with one NaN, one lone surrogate or one field nested too
deep. An alarm, a seq or a fire's temperature beside it is there all the same.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from alerts.vocabulary import DEVICE_KINDS, NO_BITS, bits_of

# RecursionError: a payload of 10^5 opening brackets is well within the limits.
UNREADABLE: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)

Fields = dict[str, bytes]

_SPACE: Final = b" \t\r\n"
# Strings as a whole, so that brackets and commas inside of them do not count; linear in its input.
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},]', re.DOTALL)
_NAME: Final = re.compile(rb'"([^"\\]*)"[ \t\r\n]*:[ \t\r\n]*')
_KINDS_LIST: Final = re.compile(rb'"kinds"\s*:\s*(?:\[([^][{}]*)|("\w+"))')
_KIND: Final = re.compile(rb'"(\w+)"')
_OFF: Final = re.compile(rb'"on"\s*:\s*false')


def pieces(payload: bytes) -> list[bytes]:
    """The items of an array, or the payload itself as the one item. What is torn off at the end is an item too."""
    body = payload.strip(_SPACE)
    if not body.startswith(b"["):
        return [body] if body else []
    parts, torn = _parts(body[1:])
    return [*parts, torn] if torn else parts


def fields(piece: bytes) -> Fields:
    """The fields of an object, each as it stands; the last of a name counts, as everywhere.

    A field that is torn off at the end is left out: the first digits of a number are another number.
    """
    body = piece.strip(_SPACE)
    if not body.startswith(b"{"):
        return {}
    found: Fields = {}
    for part in _parts(body[1:])[0]:
        name = _NAME.match(part)
        if name is not None:
            found[name[1].decode("utf-8", "replace")] = part[name.end() :]
    return found


def read(found: Fields, name: str, type_: Any) -> Any:
    """One field, if it is there and right; None otherwise."""
    try:
        return msgspec.json.decode(found[name], type=type_)
    except (KeyError, *UNREADABLE):
        return None


def known_kinds(found: Fields) -> tuple[list[str], bool]:
    """The kinds an item names, each once, and whether it names nothing else."""
    alone = read(found, "kinds", str)
    raw = read(found, "kinds", list[msgspec.Raw]) or ()
    named = [alone] if alone is not None else [_word(one) for one in raw]
    known = [kind for kind in named if kind in DEVICE_KINDS]
    return list(dict.fromkeys(known)), len(known) == len(named)


def glimpsed_bits(payload: bytes) -> int:
    """Alarm bits in what is no JSON at all: a call for help that is torn off is still one."""
    if _OFF.search(payload):
        return NO_BITS
    lists = b" ".join(many or one for many, one in _KINDS_LIST.findall(payload))
    named = (word.decode() for word in _KIND.findall(lists))
    return bits_of([kind for kind in named if kind in DEVICE_KINDS])


def _parts(body: bytes) -> tuple[list[bytes], bytes]:
    """What stands between the commas after an opening bracket, and what is torn off at the end."""
    depth, begin = 0, 0
    parts: list[bytes] = []
    for token in _TOKEN.finditer(body):
        sign = token[0]
        if sign in {b"[", b"{"}:
            depth += 1
        elif sign in {b"]", b"}"}:
            depth -= 1
        if depth < 0 or (depth == 0 and sign == b","):
            parts.append(body[begin : token.start()].strip(_SPACE))
            begin = token.end()
        if depth < 0:
            return [part for part in parts if part], b""
    return [part for part in parts if part], body[begin:].strip(_SPACE)


def _word(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except UNREADABLE:
        return ""
