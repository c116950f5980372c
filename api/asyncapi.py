"""Writes the MQTT side of the contract as an AsyncAPI 3.0 document, from the wire's own types."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from fastapi import APIRouter

from api.auth import Who
from iot_gateway import __doc__ as gateway_doc
from iot_gateway import wire

MQTT_BINDING: Final = "0.2.0"
ITEMS: Final = {"heartbeat": "Heartbeat", "location": "Location", "alarm": "Alarm"}

# stream: (who publishes, QoS, schema, what it is)
CHANNELS: Final[dict[str, tuple[str, int, str, str]]] = {
    "heartbeat": ("device", 1, "Heartbeat", "Signs of life; an array is a flushed backlog, oldest first"),
    "location": ("device", 1, "Location", "Fixes; an array is a flushed backlog, oldest first"),
    "alarm": ("device", 1, "Alarm", "Alarms, every bit that is set; an array is a flushed backlog"),
    "result": ("device", 1, "Result", "The answer to a command"),
    "ack": ("gateway", 1, "Ack", "Exactly these items are on disk; the device may forget them"),
    "cmd": ("gateway", 1, "DeviceCommand", "A command to the device"),
}


@cache
def document() -> dict[str, Any]:
    """AsyncAPI 3.0, seen from the service: it receives what devices publish, and sends the rest."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}

    def add(
        name: str, address: str, by: str, qos: int, payload: dict[str, Any], says: str, **parameters: str
    ) -> None:
        messages[name] = {
            "name": name,
            "summary": says,
            "contentType": "application/json",
            "payload": payload,
        }
        channels[name] = {
            "address": address,
            "description": says,
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            "parameters": {key: {"description": text} for key, text in parameters.items()},
        }
        operations[f"{'receive' if by == 'device' else 'send'}_{name}"] = {
            "action": "receive" if by == "device" else "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
            "bindings": {"mqtt": {"qos": qos, "retain": False, "bindingVersion": MQTT_BINDING}},
        }

    whose = f"Matches {wire.DEVICE_ID.pattern}; equals the MQTT user name and client id"
    for stream, (by, qos, schema, says) in CHANNELS.items():
        add(stream, wire.topic("{device_id}", stream), by, qos, _payload(schema), says, device_id=whose)
    add("beacon", wire.BEACON_TOPIC, "gateway", 0, _ref("Beacon"), "Send what is not acknowledged, now")
    add(
        "owntracks", "owntracks/{user}/{device}", "device", 1, _ref("OwnTracksLocation"),
        "OwnTracks JSON, accepted as location", user="The device_id", device="Any name",
    )  # fmt: skip
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Shouwang 守望: devices", "version": "1", "description": gateway_doc},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": wire.json_schemas()},
    }


def _ref(schema: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _payload(schema: str) -> dict[str, Any]:
    """One item, or, on the streams a device keeps, a backlog of them."""
    if schema not in ITEMS.values():
        return _ref(schema)
    backlog = {"type": "array", "items": _ref(schema), "maxItems": wire.MAX_ITEMS}
    return {"oneOf": [_ref(schema), backlog]}


router = APIRouter(tags=["documents"])


@router.get("/asyncapi.json")
async def asyncapi(who: Who) -> dict[str, Any]:
    """The MQTT side of the contract."""
    del who
    return document()
