"""Messages and requests that are broken, each in one way. SEQ, BOOT and TIME stand for what the device counts."""

from __future__ import annotations

from typing import Any

_ID = b'"seq":SEQ,"boot":BOOT,"ts":TIME,"ack":true'
_DEEP = b"[" * 100 + b"]" * 100


def _with_seq(stream: str, rest: bytes) -> dict[str, Any]:
    return {"stream": stream, "has_seq": True, "body": b"{" + _ID + b"," + rest + b"}"}


def _without(stream: str, body: bytes) -> dict[str, Any]:
    return {"stream": stream, "has_seq": False, "body": body}


POISON = [
    _with_seq("alarm", b'"kinds":["manual_call"],"lat":NaN'),
    _with_seq("alarm", b'"kinds":["aliens"]'),
    _with_seq("alarm", b'"kinds":"manual_call","bat":' + _DEEP),
    _with_seq("alarm", b'"kinds":["manual_call"],"hr":9223372036854775808000000000000000000'),
    _with_seq("alarm", b'"kinds":[],"x":"\\ud800"'),
    _with_seq("location", b'"lat":"north","lon":1e999'),
    _with_seq("location", b'"lat":36.7,"lon":119.1,"crs":"mars"'),
    _with_seq("heartbeat", b'"faults":[{"a":1}],"worn":"yes"'),
    _with_seq("heartbeat", b'"bat":' + _DEEP),
    _without("alarm", b'{"kinds":["manual_call"],"seq":9223372036854775808,"boot":1}'),
    _without("alarm", b"\xff\xfe\x00"),
    _without("alarm", b"{" * 100_000),
    _without("alarm", b""),
    _without("alarm", b'{"kinds":["manual_call"],"seq":1e400}'),
    _without("location", b'[{"lat":36.7,"lon":119.1},{"lat":1'),
    _without("location", b'{"seq":-1,"lat":36.7,"lon":119.1}'),
    _without("heartbeat", b"[]"),
    _without("heartbeat", b'{"ts":9223372036854775808}'),
    _without("heartbeat", b'{"faults":["\\ud800"]}'),
    _without("result", b'{"id":"\\ud800","state":"done"}'),
    _without("result", b'{"id":1}'),
]

POISONED_REQUESTS = [
    ("alarm", "{"),
    ("alarm", '{"verb":"fly","alarm_id":"A1"}'),
    ("alarm", '{"verb":"comment","alarm_id":"A1","text":"x","version":9223372036854775808000}'),
    ("alarm", '{"verb":"comment","alarm_id":"A1","text":"\\ud800"}'),
    ("alarm", "[" * 5000),
    ("roster", '{"put":{"devices":[{"device_id":"_x","kind":"wristband"}]}}'),
    ("roster", '{"put":{"fences":[{"fence_id":"f","geometry":{"type":"Point","coordinates":[1e999,0]}}]}}'),
    ("outing", '{"verb":"approve"}'),
    ("device_command", '{"id":"","device_id":"w0","type":"dance","expires_ts":1}'),
    ("nonsense", "{}"),
]
