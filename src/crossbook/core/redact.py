"""What may be shown of a person or a secret: in logs, errors and reprs everything goes through here."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^\s@<>\"'(),;:=/]+@[^\s@<>\"'(),;:=/]+")
# Six digits and more, however they are spaced: a phone, or something just as private.
_DIGITS = re.compile(r"\+?\d(?:[ \-.()]*\d){5,}")
MESSAGE_LENGTH = 300


def phone(text: str) -> str:
    """`+48500600700` → `+48******00`: the country and the last two digits stay."""
    if len(text) < 6:
        return "*" * len(text)
    return f"{text[:3]}******{text[-2:]}"


def email(text: str) -> str:
    """`anna@example.com` → `a***@e***`: enough to recognise one's own test data, too little to write to."""
    user, _, host = text.partition("@")
    return f"{user[:1]}***@{host[:1]}***"


def text(value: str) -> str:
    """Masks every e-mail address and every long number in a vendor's free text, and shortens it."""
    shown = _EMAIL.sub(lambda m: email(m.group()), value[: MESSAGE_LENGTH * 4])
    shown = _DIGITS.sub(lambda m: phone(m.group()), shown)
    return shown if len(shown) <= MESSAGE_LENGTH else shown[:MESSAGE_LENGTH] + "…"


class Secret:
    """A credential that shows itself to nobody: no repr, no pickle, no comparison by accident.

    `reveal()` is called where the request is framed, and nowhere else.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("credentials cannot be pickled: make the book anew where it is needed")
