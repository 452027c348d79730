"""What may be shown of a person or a secret: in logs, errors and reprs everything goes through here."""

from __future__ import annotations

import re

# Also what is none, since that is what vendors refuse and say back: two @, or nothing on one side.
_EMAIL = re.compile(r"[^\s<>\"'(),;:=/]*(?:@|%40)[^\s<>\"'(),;:=/]*")
_WORD = re.compile(r"[^\s<>\"'(),;:=/]*")
# Six digits and more, however they are spaced: a phone, or something just as private.
_DIGITS = re.compile(r"\+?\d(?:(?:[\s\-.()/+_]|%20|%2[Bb])*\d){5,}")
# Our own URL, said back: any value may be a person's.
_QUERY = re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*")
# A line break in a vendor's text would begin a line of its own in a log; half of a surrogate pair cannot be encoded.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
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
    """Masks every e-mail address, every long number and every query in a vendor's free text, and shortens it."""
    start = value[: MESSAGE_LENGTH * 4]
    if len(start) < len(value):
        # Half an address or half a number is not known for one: what the cut goes through is left out.
        start = _WORD.sub("", start[::-1], count=1)[::-1].rstrip("+0123456789 -.()/_")
    shown = _QUERY.sub("?***", _CONTROL.sub(" ", start))
    shown = _EMAIL.sub(lambda m: email(m.group()), shown)
    shown = _DIGITS.sub(lambda m: phone(m.group()), shown)
    return shown if len(shown) <= MESSAGE_LENGTH else shown[:MESSAGE_LENGTH] + "…"


def label(value: str) -> str:
    """A vendor's name for a request, which would be none if its digits were masked; one line, and not a long one."""
    return _CONTROL.sub(" ", value[:100])


def identifiers(value: str) -> str:
    """The phones and addresses in a text, masked, and nothing else of it: a log tells calls apart by them."""
    addresses = [email(m.group()) for m in _EMAIL.finditer(value)]
    numbers = [phone(m.group()) for m in _DIGITS.finditer(_EMAIL.sub(" ", value))]
    return ", ".join(dict.fromkeys(addresses + numbers))


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
