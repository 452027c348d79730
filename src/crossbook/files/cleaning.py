"""Reduce an e-mail address, as people type or copy it, to the address alone."""

from __future__ import annotations

import re

# Signs without width that come along when a text is copied. iPhones put U+202A and U+202C around a phone.
_INVISIBLE = "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_SPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_LONGEST = 2000  # characters; a longer text is no address
_QUOTES = "'’`´\""
_IN_BRACKETS = re.compile(r"<\s*(?:mailto:)?([^<>\s]*@[^<>\s]*)\s*>", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:([^?]*)", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s;,<>|/]*@[^\s;,<>|/]*")
# What people write where they have no address. Other text without @ is kept, so that it is refused by its line.
_NO_ADDRESS = re.compile(
    r"[\W_]*|\W*(?:n/?a|nan|none|null|nil|brak|nie ma|keine?|kein(?:e)? e-?mail|aucune?|#n/[ad]!?)\W*", re.IGNORECASE
)


def strip_text(text: str) -> str:
    """Remove white space and signs without width from both ends of a text."""
    return text.strip() if text.isascii() else text.strip(_SPACE + _INVISIBLE)


def clean_email(text: str) -> str:
    """Return the first e-mail address of a cell.

    Remove a name before <address>, `mailto:` and further addresses. Return "" for words such as `n/a` or `brak`.
    """
    if len(text) > _LONGEST:
        return text
    if "@" not in text:
        return "" if _NO_ADDRESS.fullmatch(text) else text
    if found := _IN_BRACKETS.search(text):
        return found[1]
    if found := _MAILTO.match(text):
        text = found[1]
    found = _ADDRESS.search(text)
    return text if found is None else found[0].strip(_QUOTES)


def list_emails(text: str) -> list[str]:
    """Return all e-mail addresses in a cell."""
    return [found.strip(_QUOTES) for found in _ADDRESS.findall(re.sub("mailto:", "", text, flags=re.IGNORECASE))]
