"""Phone numbers in normal form: E.164 if a number is valid for the account's region, else the text unchanged."""

from __future__ import annotations

import re
from functools import lru_cache

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def normalize(text: str, region: str | None) -> str:
    """Return a valid phone number in E.164: `0491 570 006` in AU → `+61491570006`. Return other text unchanged.

    Text that matches the E.164 pattern is not parsed. Parsing takes 9 µs, so its results are cached.
    """
    return text if _E164.fullmatch(text) else _parsed(text, region) or text


def match_key(text: str | None, region: str | None) -> str | None:
    """Return the E.164 form of a phone, by which contacts are compared, or None if the text is not a valid number."""
    if not text:
        return None
    number = normalize(text, region)
    return number if _E164.fullmatch(number) else None


def list_spellings(number: str) -> list[str]:
    """Return the forms in which a vendor may store an E.164 number: with a plus, without a plus, in national format."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return [number, number[1:]]  # unknown country code
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return list(dict.fromkeys([number, number[1:], re.sub(r"\D", "", national)]))


def is_region(name: str) -> bool:
    """Return whether the name is a country code, such as "PL", whose phone numbers can be parsed."""
    import phonenumbers

    return isinstance(name, str) and name in phonenumbers.SUPPORTED_REGIONS  # pyright: ignore[reportUnnecessaryIsInstance]


@lru_cache(maxsize=65_536)
def _parsed(text: str, region: str | None) -> str | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.extension:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
