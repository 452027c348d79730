"""The ways to authenticate. A scheme hands out what to attach to one attempt; frame.py attaches it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from typing import Protocol
from unicodedata import category

import msgspec

from crossbook.core.frame import Attachment
from crossbook.errors import AuthError, InvalidInput


class Auth(Protocol):
    """What every scheme can do."""

    @property
    def account(self) -> str:
        """Tells accounts apart without telling who they are: the key of a shared limiter."""
        ...

    def attachment(self, operation: str, longest: float) -> Attachment | Awaitable[Attachment]:
        """What to attach to one request of this operation, within so many seconds if it has to be got first."""
        ...

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        """Whether another try with fresh credentials makes sense."""
        ...


class Fixed:
    """Credentials that never change: a bearer token, header keys, a password in each body."""

    def __init__(self, attachment: Attachment, account: str) -> None:
        self._attachment = attachment
        self.account = account

    def attachment(self, operation: str, longest: float) -> Attachment:
        return self._attachment

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        return False


def headers(values: dict[str, str]) -> Fixed:
    """Keys that travel as headers, by header name."""
    pairs = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in values.items())
    secrets = tuple(value.removeprefix("Bearer ") for value in values.values())
    return Fixed(Attachment(headers=pairs, secrets=secrets), account_key(*values.values()))


def members(values: dict[str, str]) -> Fixed:
    """Credentials that travel as members of each JSON body, by member name."""
    attachment = Attachment(members=msgspec.json.encode(values)[1:-1], secrets=tuple(values.values()))
    return Fixed(attachment, account_key(*values.values()))


def credential(name: str, value: str) -> str:
    """A credential as it may go into a header or a URL; InvalidInput naming it, never showing it."""
    cleaned = password_text(name, value).strip()
    if not (cleaned and cleaned.isascii()):
        raise InvalidInput(f"{name} is blank, or has characters beyond ASCII", field=name)
    return cleaned


def password_text(name: str, value: str) -> str:
    """A name or password as a body or an encoded query takes it: any text, less the line end that files give it."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInput(f"{name} must be text", field=name)
    cleaned = value.rstrip("\r\n")
    if not cleaned:
        raise InvalidInput(f"{name} is empty", field=name)
    if any(category(char) in ("Cc", "Cs") for char in cleaned):
        raise InvalidInput(f"{name} has a control character, or half of one: a line break perhaps", field=name)
    return cleaned


def account_key(*values: str) -> str:
    return hashlib.blake2b("\0".join(values).encode(), digest_size=16).hexdigest()
