"""Phone numbers: E.164 where a number is valid for the account's region, else the text as it is."""

from __future__ import annotations

import re
from functools import lru_cache

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def normalize(text: str, region: str | None) -> str:
    """`0491 570 006` in AU → `+61491570006`; what is not a valid number there stays the text it was.

    A text that is E.164 already passes by its pattern; parsing the others costs 9 µs, so they are remembered.
    """
    return text if _E164.fullmatch(text) else _parsed(text, region) or text


def match_key(text: str | None, region: str | None) -> str | None:
    """The number as a match key, or None if it is none: a text that is not a number matches nobody."""
    if not text:
        return None
    number = normalize(text, region)
    return number if _E164.fullmatch(number) else None


def list_spellings(number: str) -> list[str]:
    """How a vendor may have stored an E.164 number: with a plus, without, and as one dials it at home."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return [number, number[1:]]  # of no country that is known
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return list(dict.fromkeys([number, number[1:], re.sub(r"\D", "", national)]))


def is_region(name: str) -> bool:
    """Whether phones can be read as a country's."""
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
