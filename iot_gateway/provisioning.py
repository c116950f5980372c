"""Owns the broker's identities: who may connect, with which secret, and which topics they may use.

Files are generated, never edited: running it again keeps the secrets that exist, adds devices that are new and
removes those that are gone. Every file is written beside its place, synced and renamed, so that a crash or a full
disk leaves the old one in force.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pwd
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from iot_gateway.canary import CANARY
from iot_gateway.wire import BEACON_TOPIC, DEVICE_ID, TOPIC_ROOT, UPLINK_STREAMS

GATEWAY: Final = "_gateway"  # no device id begins with an underscore
PROOF: Final = "TEST"  # the device of the proof test
_URL_VARIABLE: Final = "SHOUWANG_MQTT__URL"
_CANARY_VARIABLE: Final = "SHOUWANG_MQTT__CANARY_URL"
_SECRET_BYTES: Final = 24  # 192 bits; the floor for a device is 128
# mosquitto_passwd's own figures. Few rounds would be weak for words people choose, not for 192 random bits, and the
# broker does them in its one thread: 2,560 devices that come back at once are 2,560 times this.
_ROUNDS: Final = 101
_SALT_BYTES: Final = 12
_TLS_MARK: Final = "#tls "
# Lines of mosquitto.conf about who may come in; all others are limits, which the demo shares.
_ADMISSION: Final = frozenset({
    "listener", "user", "allow_anonymous", "password_file", "acl_file", "use_username_as_clientid",
})  # fmt: skip


class ProvisionError(Exception):
    """A device id, a file or a path cannot be used; the message is one line."""


@dataclass(frozen=True)
class Tls:
    """The certificate chain and key of the listener for devices."""

    certfile: Path
    keyfile: Path
    port: int = 8883


@dataclass(frozen=True)
class Provisioned:
    """What was written. The broker reads `passwd` and `acl` again at SIGHUP; `config` needs a restart."""

    config: Path
    passwd: Path
    acl: Path
    credentials: Path  # {"device_id": "password"}: for handing to the devices, nobody else
    gateway_env: Path  # SHOUWANG_MQTT__URL=... and the canary's: an EnvironmentFile for the service
    gateway_url: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    rotated: tuple[str, ...]


def provision(
    roster_devices: Sequence[str],
    directory: Path,
    *,
    port: int = 1883,
    tls: Tls | None = None,
    rotate: Sequence[str] | Literal["all"] = (),
    broker_user: str | None = None,
) -> Provisioned:
    """Write the broker's files and the devices' secrets into `directory`.

    `port` is the gateway's listener on loopback. `broker_user` is whom the broker becomes when root starts it; it
    owns the files it must read (default: mosquitto if this machine knows it, else the caller).

    Raises:
        ProvisionError: an id does not match the contract, or a file cannot be read or written.
    """
    wanted = _checked(roster_devices)
    directory = directory.absolute()
    try:
        # 711: the broker may pass through to its files, and lists nothing.
        directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        old = read_credentials(directory / "credentials.json")
        old_gateway = _read_gateway_secret(directory / "gateway.env")
        renewed = _to_rotate(rotate, wanted)
        devices = {name: _keep(old.get(name), name in renewed) for name in wanted}
        gateway = _keep(old_gateway, GATEWAY in renewed)
        user = broker_user or _default_broker_user()
        files = _write_all(directory, devices, gateway, port=port, tls=tls, user=user)
    except OSError as error:
        raise ProvisionError(f"{error.filename or directory}: {error.strerror or error}") from error
    return Provisioned(
        **files,
        gateway_url=_url(GATEWAY, gateway, port),
        added=tuple(name for name in wanted if name not in old),
        removed=tuple(sorted(set(old) - set(wanted))),
        rotated=tuple(sorted(renewed & ({*old} | ({GATEWAY} if old_gateway else set())))),
    )


def read_credentials(path: Path) -> dict[str, str]:
    """The devices' secrets by device id; none if they were never made.

    Raises:
        ProvisionError: the file is not what `provision` writes.
    """
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ProvisionError(
            f"{path}: not JSON; restore it, or remove it to make all secrets anew"
        ) from error
    if not isinstance(known, dict) or not all(
        isinstance(secret, str) and secret for secret in known.values()
    ):
        raise ProvisionError(f"{path}: must map device ids to passwords")
    return known


def product_file() -> Path:
    """The top-level mosquitto.conf: beside the packages in a checkout, inside this one in a wheel.

    Raises:
        ProvisionError: the installation is incomplete.
    """
    here = Path(__file__).resolve().parent
    for path in (here / "mosquitto.conf", here.parent / "mosquitto.conf"):
        if path.is_file():
            return path
    raise ProvisionError("mosquitto.conf is missing from this installation")


def product_limits() -> list[str]:
    """The lines of mosquitto.conf that every broker of ours obeys, the demo's too."""
    lines = [line.strip() for line in product_file().read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and line[0] != "#" and line.split()[0] not in _ADMISSION]


def password_hash(password: str, salt: bytes | None = None) -> str:
    """What mosquitto keeps of a password: $7$, PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def access_rules() -> str:
    """Who may use which topic; the same file for any number of devices.

    Write rules name the four streams: `care/v1/%u/#` would let a device forge its own `ack`.
    """
    uplinks = [*(f"{TOPIC_ROOT}/+/{stream}" for stream in UPLINK_STREAMS), "owntracks/+/+"]
    return "\n".join([
        "# Generated by `shouwang provision`.",
        f"user {GATEWAY}",
        *(f"topic read {topic}" for topic in uplinks),
        *(f"topic write {topic}" for topic in (f"{TOPIC_ROOT}/+/ack", f"{TOPIC_ROOT}/+/cmd", BEACON_TOPIC)),
        "# The broker's own figures: dropped messages must be seen.",
        "topic read $SYS/broker/#",
        "",
        "# Every device and the canary, %u being its user name.",
        *(f"pattern write {TOPIC_ROOT}/%u/{stream}" for stream in UPLINK_STREAMS),
        "pattern write owntracks/%u/+",
        f"pattern read {TOPIC_ROOT}/%u/ack",
        f"pattern read {TOPIC_ROOT}/%u/cmd",
        "# The same for all: the broker remarks that it names no user, which is meant so.",
        f"pattern read {BEACON_TOPIC}",
        "",
    ])  # fmt: skip


def _checked(names: Sequence[str]) -> list[str]:
    """Sorted, once each. mosquitto itself takes `dev/1`, `#` or `a b`, which would rewrite the rules by %u."""
    for name in names:
        if not DEVICE_ID.fullmatch(name):
            raise ProvisionError(
                f"not a device id: {name!r} (letters, digits, _ and -, at most 64, no leading _ or -)"
            )
    return sorted(set(names))


def _to_rotate(rotate: Sequence[str] | Literal["all"], wanted: Sequence[str]) -> set[str]:
    if rotate == "all":
        return {*wanted, GATEWAY}
    unknown = set(rotate) - {*wanted, GATEWAY}
    if unknown:
        raise ProvisionError(f"cannot rotate what is not in the roster: {min(unknown)}")
    return set(rotate)


def _keep(secret: str | None, renew: bool) -> str:
    return secrets.token_urlsafe(_SECRET_BYTES) if secret is None or renew else secret


def _read_gateway_secret(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    for line in text.splitlines():
        if line.startswith(f"{_URL_VARIABLE}="):
            return urlsplit(line.partition("=")[2]).password
    raise ProvisionError(f"{path}: has no {_URL_VARIABLE}; restore it, or remove it to make the secret anew")


def derived_secret(name: str, gateway: str) -> str:
    """Of the canary and the proof test: made of the gateway's, so that it is kept and renewed with it."""
    digest = hashlib.sha256(f"{name} {gateway}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:_SECRET_BYTES]).decode()


def _url(name: str, secret: str, port: int) -> str:
    return f"mqtt://{name}:{quote(secret, safe='')}@127.0.0.1:{port}"


def _write_all(
    directory: Path, devices: Mapping[str, str], gateway: str, *, port: int, tls: Tls | None, user: str
) -> dict[str, Path]:
    """Secrets first: a crash in between leaves devices unknown to the broker, never secrets known to nobody."""
    canary = derived_secret(CANARY, gateway)
    passwords = {GATEWAY: gateway, CANARY: canary, PROOF: derived_secret(PROOF, gateway), **devices}
    lines = "".join(f"{name}:{password_hash(password)}\n" for name, password in passwords.items())
    urls = (
        f"{_URL_VARIABLE}={_url(GATEWAY, gateway, port)}\n{_CANARY_VARIABLE}={_url(CANARY, canary, port)}\n"
    )
    passwd, acl = directory / "passwd", directory / "acl"
    return {
        "credentials": _write(directory / "credentials.json", json.dumps(devices, indent=1) + "\n", None),
        "gateway_env": _write(directory / "gateway.env", urls, None),
        "passwd": _write(passwd, lines, user),
        "acl": _write(acl, access_rules(), user),
        "config": _write(directory / "mosquitto.conf", _render(passwd, acl, port, tls, user), user),
    }


def _render(passwd: Path, acl: Path, port: int, tls: Tls | None, user: str) -> str:
    """The top-level file with this installation's paths and ports in place of its examples."""
    values = {"user": user, "password_file": str(passwd), "acl_file": str(acl)}
    if tls is not None:
        values |= {"certfile": str(tls.certfile.absolute()), "keyfile": str(tls.keyfile.absolute())}
    lines = []
    for line in product_file().read_text(encoding="utf-8").splitlines():
        secure = line.startswith(_TLS_MARK)
        text = line.removeprefix(_TLS_MARK) if secure and tls is not None else line
        key = text.split(" ", 1)[0]
        if key == "listener":
            text = f"listener {tls.port}" if secure and tls is not None else f"listener {port} 127.0.0.1"
        elif key in values:
            text = f"{key} {values[key]}"
        lines.append(text)
    return "\n".join(lines) + "\n"


def _default_broker_user() -> str:
    try:
        return pwd.getpwnam("mosquitto").pw_name
    except KeyError:
        return pwd.getpwuid(os.geteuid()).pw_name


def _write(path: Path, text: str, owner: str | None) -> Path:
    """Replace `path` as a whole, mode 0600, owned by `owner` if we may give files away."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if owner is not None and os.geteuid() == 0:
            shutil.chown(beside, owner)
        os.fsync(file.fileno())
    beside.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
    return path
