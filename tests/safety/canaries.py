"""Canaries: credentials and people that must never be shown, in every form in which they could leak.

Tests read them from this module's globals: a traceback with locals shows a test's own frames too.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from crossbook import Contact

# With special characters where the vendor allows them, so that encoded forms differ from the plain one.
CREDENTIALS: dict[str, dict[str, str]] = {
    "serwersms": {
        "username": 'wróbel-użytkownik "1"',
        "password": "wróbel hasło &=%\\\"2'",
        "token": 'wrobel"token/of=serwersms\\3',
    },
    "atom": {"token": 'wrobel"token/of=atom\\4'},
    "filemail": {
        "username": "wrobel.login+5@example.com",
        "password": "wróbel hasło &=%\\\"6'",
        "api_key": 'wrobel"api/key=of&filemail\\7',
    },
    "vercom": {
        "authorization": "wrobel/8+" * 14 + "ab",
        "application_key": 'wrobel"application/key=9',
        "brand": "redlink",
    },
}
ACCOUNT = 'wróbel konto/of "10"'
JOURNAL_KEY = "wróbel klucz/of&journal\\11'"
PHONE = "+48500600700"
OTHER_PHONE = "+48511622733"
EMAIL = "sikorka.anna+x@example.com"
OTHER_EMAIL = "sikorka.zofia@example.org"
FIRST, LAST = "Pustułka", 'Krogulec-"Jastrząb"'
COMPANY = "Zimorodek & Sons"
NOTE = "Dzierzba street 5"
LONG = f"{FIRST} {EMAIL} {PHONE} " * 100_000
BROKEN = "wrobel-broken\x01-key"
"""Return a key that every constructor refuses."""

PHONES = ("500600700", "511622733")
EMAILS = (EMAIL, OTHER_EMAIL, "sikorka.anna", "sikorka.zofia")
NAMES = (FIRST, LAST, COMPANY, NOTE)
SECRETS = (
    *(value for given in CREDENTIALS.values() for name, value in given.items() if name != "brand"),
    ACCOUNT,
    JOURNAL_KEY,
    BROKEN,
    "wrobel-broken",
)


def person(vendor: str) -> Contact:
    """Return a contact with every field that the vendor can store."""
    if vendor == "filemail":
        return Contact(phone=PHONE, email=EMAIL, name=f"{FIRST} {LAST}")
    email = None if vendor == "atom" else EMAIL
    fields = {"serwersms": {"address": NOTE}, "atom": {"custom_1": NOTE}, "vercom": {"street": NOTE}}[vendor]
    groups = ("1",) if vendor == "atom" else None
    return Contact(
        phone=PHONE, email=email, first_name=FIRST, last_name=LAST, company=COMPANY, fields=fields, groups=groups
    )


def spellings(number: str) -> list[str]:
    """Return nine digits as people write them."""
    parts = (number[:3], number[3:6], number[6:])
    return [number, *(mark.join(parts) for mark in (" ", "-", ".", "%20", "+"))]


def forms(text: str) -> set[str]:
    """Return the text, and how an encoding or a repr shows it."""
    raw = text.encode()
    found = {
        text, quote(text, safe=""), quote(text), quote_plus(text), html.escape(text), raw.hex(),
        json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text).replace("/", "\\/")[1:-1],
        repr(text)[1:-1], repr(raw)[2:-1], repr(repr(text))[1:-1], repr(json.dumps(text).encode())[3:-2],
        repr(json.dumps(text, ensure_ascii=False).encode())[3:-2], ascii(text)[1:-1], raw.decode("latin-1"),
    }  # fmt: skip
    for before in range(3):
        # Inside a longer text base64 has three forms of it; the characters at its ends depend on the neighbours.
        coded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        core = coded[(before * 8 + 5) // 6 : -1 if (before + len(raw)) % 3 else None]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return {form for form in found if len(form) >= 6}


class Detector:
    """Finds canaries in texts.

    Args:
        issued: secrets that only became known on the way, such as login tokens.
        names: whether people's names and addresses count too.
    """

    def __init__(self, issued: Iterable[str] = (), *, names: bool = True) -> None:
        self._needles: dict[str, str] = {}
        for secret in (*SECRETS, *issued, *EMAILS, *(NAMES if names else ())):
            self._needles |= dict.fromkeys((form.lower() for form in forms(secret)), secret)
        for number in PHONES:
            for spelling in spellings(number):
                self._needles |= dict.fromkeys((form.lower() for form in forms(spelling)), number)

    def hits(self, text: str) -> set[str]:
        """Return the canaries in a text, each with the text before it."""
        lowered = text.lower()
        return {
            f"{secret!r} after {lowered[max(0, at - 80) : at]!r}"
            for form, secret in self._needles.items()
            if (at := lowered.find(form)) >= 0
        }
