"""Owns operators' passwords and programs' tokens: how they are hashed, made and replaced.

Synchronous, for command-line programs. The store keeps argon2 of a password, SHA-256 of a token.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Final

from pwdlib import PasswordHash

from api.clock import now_ms
from api.database import connect_plainly

if TYPE_CHECKING:
    from pathlib import Path

PASSWORDS: Final = PasswordHash.recommended()


def new_token() -> str:
    """256 random bits, as text."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """How a token is kept and looked up. It is random, so a fast hash without salt is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def decoy_hash() -> str:
    """What an unknown user's password is checked against, so that both take the same time."""
    return PASSWORDS.hash(secrets.token_urlsafe(32))


def add_operator(database: Path, username: str, password: str, role: str = "admin") -> None:
    """Add an operator, or replace the password and role of one; his sessions end.

    Raises:
        ValueError: the name or the password is empty.
        sqlite3.Error: the store cannot be written.
    """
    if not username or not password:
        raise ValueError("an operator needs a name and a password")
    row = (username, PASSWORDS.hash(password), role, now_ms())
    with closing(connect_plainly(database)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO operators (username, password_hash, role, created_at_ms) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (username) DO UPDATE SET password_hash = excluded.password_hash, role = excluded.role",
            row,
        )
        connection.execute("DELETE FROM sessions WHERE username = ?", (username,))
        connection.execute("COMMIT")


def add_token(database: Path, name: str, role: str = "admin") -> str:
    """A fresh token for a program; the one of the same name before it stops working.

    Raises:
        ValueError: the name is empty.
        sqlite3.Error: the store cannot be written.
    """
    if not name:
        raise ValueError("a token needs a name")
    token = new_token()
    with closing(connect_plainly(database)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM tokens WHERE name = ?", (name,))
        connection.execute(
            "INSERT INTO tokens (token_hash, name, role, created_at_ms) VALUES (?, ?, ?, ?)",
            (token_hash(token), name, role, now_ms()),
        )
        connection.execute("COMMIT")
    return token
