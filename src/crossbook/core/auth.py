"""The ways to authenticate. A scheme hands out what to attach to one attempt; frame.py attaches it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable
from typing import Any, Protocol
from unicodedata import category

import msgspec

from crossbook.core.frame import Attachment
from crossbook.core.redact import Secret
from crossbook.errors import AuthError, InvalidInput

_PROCESS_KEY = secrets.token_bytes(32)


class Auth(Protocol):
    """What every scheme can do."""

    @property
    def identity(self) -> Secret | None:
        """The user name, where the credentials have one: it stays when a password or token is renewed."""
        ...

    @property
    def key(self) -> str:
        """A hash of the credentials. It holds in this process only, and is never stored."""
        ...

    def attachment(self, operation: str, longest: float) -> Attachment | Awaitable[Attachment]:
        """What to attach to one request of this operation, within so many seconds if it has to be got first."""
        ...

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        """Whether another try with fresh credentials makes sense."""
        ...

    def replace(self, other: Any) -> None:
        """Use the credentials of this other scheme of the same class from the next attempt on."""
        ...


class Fixed:
    """Credentials that travel as they are: a bearer token, header keys, a password in each body."""

    def __init__(self, attachment: Attachment, key: str, identity: str | None = None) -> None:
        self._attachment = attachment
        self.key = key
        self.identity = None if identity is None else Secret(identity)

    def attachment(self, operation: str, longest: float) -> Attachment:
        return self._attachment

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        return rejected is not self._attachment  # the credentials were replaced while the request was on its way

    def replace(self, other: Fixed) -> None:
        self._attachment, self.key = other._attachment, other.key
        self.identity = other.identity or self.identity  # a token that takes the place of a password has no user name


def headers(values: dict[str, str]) -> Fixed:
    """Keys that travel as headers, by header name."""
    pairs = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in values.items())
    secrets = tuple(value.removeprefix("Bearer ") for value in values.values())
    return Fixed(Attachment(headers=pairs, secrets=secrets), process_hash(*values.values()))


def members(values: dict[str, str], identity: str) -> Fixed:
    """Credentials that travel as members of each JSON body, by member name; `identity` is the user name of them."""
    attachment = Attachment(members=msgspec.json.encode(values)[1:-1], secrets=tuple(values.values()))
    return Fixed(attachment, process_hash(*values.values()), identity)


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


def process_hash(*values: str) -> str:
    """Return a hash that is worth nothing outside of this process, whose random key is in memory only."""
    return hashlib.blake2b("\0".join(values).encode(), key=_PROCESS_KEY, digest_size=16).hexdigest()
