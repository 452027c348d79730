"""Phone numbers in normal form: E.164 if a number is valid for the account's region, else the text unchanged.

Two forms of one number would be two match keys, and two match keys would be two contacts. So text in E.164 is parsed if
it may have a trunk prefix (`+48 0 501 234 567`). Text that may be two numbers, or a number and a word, is no number:
parsing would take all digits together, which may be another person's number.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

LOST_DIGITS = "phone number lost digits in a spreadsheet (like 4.85E+10): format the column as text and export again"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_COMMON = re.compile(r"\+?[1-9][0-9 -]*")  # nothing of what is below can be in it
_QUOTES = " \t\r\n'’`´\"=“”„"
_DECIMAL = re.compile(r"(\+?[0-9]+)[.,]([0-9]*)")  # 48500600700.0 and 48500600700,00
_EXPONENT = re.compile(r"\+?([0-9]+)(?:[.,]([0-9]*))?\s?[eE]\s?\+?([0-9]{1,3})")  # 4.8500600700E+10
_MAX_DIGITS = 15
_MAX_LENGTH = 250  # characters; phonenumbers parses no longer text, and the patterns here take quadratic time
_GROUP = 3  # digits between two thousands separators
_SHORTEST = 7  # digits of the shortest number that may be followed by a second number
_LETTER_BEHIND_DIGIT = re.compile(r"[0-9].*[^\W\d_]", re.DOTALL)
_SECOND_NUMBER = re.compile(r"(?:[^,;|/\\\n0-9]*[0-9]){7}[^,;|/\\\n]*[,;|/\\\n][^0-9]*[0-9]|[0-9].*\+")
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")  # 48,500,600,700
_TRUNK_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")
_INTERNATIONAL = re.compile(r"[\s(]*(?:\+\s*)?00[\s)]*(?=[1-9(])")
# Mexico dropped the 1 before mobile numbers in 2019, and Poland the 0 before all numbers in 2009 (libphonenumber no
# longer knows them). A 0 may be before any country's numbers, since people add it out of habit.
_TRUNK_PREFIXES = {52: "1"}
_MAX_STARTS = 4096
_unchanged_starts: set[str] = set()  # the first six characters of numbers in E.164 that have no trunk prefix


def normalize(text: str, region: str | None) -> str:
    """Return a valid phone number in E.164: `0491 570 006` in AU → `+61491570006`. Return other text unchanged.

    Text in E.164 is parsed only if it may have a trunk prefix. Parsing takes 25 µs, so its results are cached.
    """
    start = text[:6]
    # As `_E164`, for a known start, in half of its time: this runs for each contact of a list.
    if start in _unchanged_starts and 8 <= len(text) <= 16 and text[6:].isdigit() and text.isascii():
        return text
    if _E164.fullmatch(text) and not _may_have_trunk_prefix(start):
        if len(_unchanged_starts) >= _MAX_STARTS:
            _unchanged_starts.clear()
        _unchanged_starts.add(start)
        return text
    return (_parsed(text, region) if len(text) <= _MAX_LENGTH else None) or text


def match_key(text: str | None, region: str | None) -> str | None:
    """Return the E.164 form of a phone, by which contacts are compared, or None if the text is not a valid number."""
    if not text:
        return None
    number = normalize(text, region)
    return number if _E164.fullmatch(number) else None


def has_lost_digits(text: str) -> bool:
    """Return whether the text is a number such as `4.85E+10`, of which a spreadsheet has cut digits."""
    if "e" not in text and "E" not in text and text.isascii():
        return False
    found = _EXPONENT.fullmatch(clean(text)) if len(text) <= _MAX_LENGTH else None
    return found is not None and _expand(found) is None


def is_mobile(text: str, region: str | None) -> bool:
    """Return whether the text is a valid number of a mobile phone."""
    import phonenumbers

    number = match_key(text, region)
    if number is None:
        return False
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    kind = phonenumbers.number_type(parsed)
    return kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def clean(text: str) -> str:
    """Return the text in ASCII signs, without signs that have no width, and without quotes and spaces around it.

    Digits, spaces and dashes of other scripts become ASCII. Superscripts stay: `500600700²` is no number.
    """
    return (text if text.isascii() else "".join(map(_to_ascii, text))).strip(_QUOTES)


def remove_fraction(text: str) -> str:
    """Return the digits of a decimal number, which `clean` returned: `48500600700.0`, `4.8500600700E+10`.

    Other text is returned unchanged, and so is a number that has lost digits.
    """
    if found := _EXPONENT.fullmatch(text):
        return _expand(found) or text
    if found := _DECIMAL.fullmatch(text):
        whole, fraction = found.groups()
        # Three zeros behind a short number are thousands: 48.000.
        if not fraction.strip("0") and (len(whole) >= _SHORTEST or len(fraction) < _GROUP):
            return whole
    return text


def _is_fraction(whole: str, fraction: str) -> bool:
    """Return whether a decimal number is no spelling of a phone such as `30.123456`."""
    return len(whole) >= _SHORTEST or len(fraction) > _SHORTEST


def is_plain(text: str) -> bool:
    """Return whether the text is E.164 that parsing does not change, so that its digits need no parsing."""
    return _E164.fullmatch(text) is not None and not _may_have_trunk_prefix(text[:6])


def list_digits(text: str, region: str | None) -> tuple[str, str]:
    """Return all digits of a phone with its country code, valid or not, and its digits as they are written.

    A trunk zero is not among the first: `0491 570 006` in AU → `61491570006`. The written digits have the region before
    them, if they have no country code: `AU:0491570006`. Text that is too long for a phone, or has lost digits in a
    spreadsheet, has no digits.
    """
    if is_plain(text):
        return text[1:], text[1:]
    return ("", "") if len(text) > _MAX_LENGTH or has_lost_digits(text) else _list_digits(text, region)


@lru_cache(maxsize=65_536)
def _list_digits(text: str, region: str | None) -> tuple[str, str]:
    import phonenumbers

    cleaned = remove_fraction(clean(text))
    written = re.sub(r"[^0-9]", "", cleaned)
    raw = written if region is None else f"{region}:{written}"
    if cleaned.lstrip(" (").startswith(("+", "00")) or cleaned[:5].lower() == "tel:+":
        raw = written.removeprefix("00")
    number = normalize(text, region)
    if _E164.fullmatch(number):
        return number[1:], raw
    try:
        parsed = phonenumbers.parse(cleaned, region)
    except phonenumbers.NumberParseException:
        return written.removeprefix("00"), raw
    return f"{parsed.country_code}{parsed.national_number}", raw


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


@lru_cache(maxsize=1024)
def _to_ascii(sign: str) -> str:
    if sign.isascii():
        return sign
    kind = unicodedata.category(sign)
    if kind == "Nd":
        return str(unicodedata.decimal(sign))
    if kind[0] == "Z":
        return " "
    if kind == "Cf":  # zero-width spaces, and marks of the direction
        return ""
    if kind == "Pd" or sign == "\u2212":
        return "-"
    return unicodedata.normalize("NFKC", sign) if "\uff01" <= sign <= "\uff5e" else sign  # full-width forms


def _may_have_trunk_prefix(start: str) -> bool:
    """Return whether an E.164 number that begins so may change when it is parsed.

    Args:
        start: the first six characters. They have the country code, and two digits of the national number or more.
    """
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    for length in (1, 2, 3):
        code, rest = int(start[1 : 1 + length]), start[1 + length :]
        if code in COUNTRY_CODE_TO_REGION_CODE:
            if rest[:1] in ("0", _TRUNK_PREFIXES.get(code, "0")):
                return True
            regions = COUNTRY_CODE_TO_REGION_CODE[code]
            metadata: Any = PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
            pattern = metadata.national_prefix_for_parsing or "" if metadata is not None else ""
            # The digits of the pattern include each first digit that it matches, if it has no range of digits.
            return "\\d" in pattern or "-" in pattern or rest[:1] in pattern
    return False


@lru_cache(maxsize=65_536)
def _parsed(text: str, region: str | None) -> str | None:
    if _COMMON.fullmatch(text):
        return _parse_one(text, region)
    text = remove_fraction(clean(text))
    if _EXPONENT.fullmatch(text) or ((found := _DECIMAL.fullmatch(text)) and _is_fraction(*found.groups())):
        return None
    is_uri = text[:4].lower() == "tel:"
    if not text or (not is_uri and (_LETTER_BEHIND_DIGIT.search(text) or _SECOND_NUMBER.search(text))):
        return None
    text = _COMMA.sub(" ", text)
    # Italy's 0 is a part of the number and is written in brackets too, so that the whole text is tried as well.
    spellings = [_TRUNK_IN_BRACKETS.sub("", text, count=1), text, _INTERNATIONAL.sub("+", text, count=1)]
    for spelling in dict.fromkeys(spellings):
        if number := _parse_one(spelling, region):
            return number
    return None


def _expand(found: re.Match[str]) -> str | None:
    """Return the digits of a number with an exponent, or None if it has fewer digits than the number has."""
    whole, fraction, exponent = found[1], found[2] or "", int(found[3])
    digits, length = whole + fraction, len(whole) + exponent
    if length > _MAX_DIGITS or len(digits) < length or digits[length:].strip("0"):
        return None
    return digits[:length]


def _parse_one(text: str, default_region: str | None) -> str | None:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(text, default_region)
    except phonenumbers.NumberParseException:
        return None
    if parsed.extension:
        return None
    number: Any = _read_country_code(text, parsed) or parsed
    region = _get_region(number)
    if region is None:
        number = _strip_trunk_prefix(parsed)
        region = None if number is None else _get_region(number)
    if number is None or region is None:
        return None
    national = phonenumbers.national_significant_number(number)
    if len(national) < _get_shortest_length(region) and _is_of_people(number):
        return None
    return f"+{number.country_code}{national}"


def _read_country_code(text: str, number: Any) -> Any:
    """Return the number in digits that begin with their own country code, or None if there is none.

    In Germany, libphonenumber reads `4915123020522` as a number in the area 491, since these may have any length. In
    Italy it reads `3906123456`, a landline in Rome, as a mobile number, since these begin with 390 too.
    """
    import phonenumbers

    code, digits = str(number.country_code), re.sub(r"[ ()./-]", "", text)
    if not digits.startswith(code) or digits != str(number.national_number):
        return None
    kinds = phonenumbers.PhoneNumberType
    rest = digits[len(code) :]
    found = phonenumbers.PhoneNumber(country_code=number.country_code, national_number=int(rest or "0"))
    if rest[:1] == "0" and _keeps_zero(number.country_code):
        found.italian_leading_zero = True
        return found if phonenumbers.number_type(found) == kinds.FIXED_LINE else None
    if phonenumbers.number_type(number) in (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE):
        return None
    return found if phonenumbers.number_type(found) == kinds.MOBILE else None


def _get_region(number: Any) -> str | None:
    """Return the region of a valid number, or None if the number is not valid."""
    import phonenumbers

    region = phonenumbers.region_code_for_number(number)
    return region if region is not None and phonenumbers.is_valid_number_for_region(number, region) else None


def _strip_trunk_prefix(number: Any) -> Any:
    """Return a number without the prefix that libphonenumber does not know, or None if it has none.

    In Italy and some other countries the 0 is a part of the number.
    """
    import phonenumbers

    code, national = number.country_code, phonenumbers.national_significant_number(number)
    if national[1:2] in ("", "0") or national[0] not in ("0", _TRUNK_PREFIXES.get(code, "0")) or _keeps_zero(code):
        return None
    return phonenumbers.PhoneNumber(country_code=code, national_number=int(national[1:]))


@lru_cache(maxsize=512)
def _keeps_zero(code: int) -> bool:
    """Return whether a 0 at the begin is a part of the numbers of a country, as in Italy; also if it has no numbers."""
    import phonenumbers

    example = phonenumbers.example_number(phonenumbers.region_code_for_country_code(code))
    return example is None or bool(example.italian_leading_zero)


def _is_of_people(number: Any) -> bool:
    """Return whether a number is of a kind that people have. Service numbers have lengths of their own."""
    import phonenumbers

    kinds = phonenumbers.PhoneNumberType
    people = (kinds.FIXED_LINE, kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE, kinds.PAGER)
    return phonenumbers.number_type(number) in people


@lru_cache(maxsize=512)
def _get_shortest_length(region: str) -> int:
    """Return the length of the example numbers of a region, or of shorter numbers if no length between is missing.

    Releases of phonenumbers differ in which shorter numbers are valid: `301 23 45` in PL is valid in 9.0.30, but not in
    9.0.20. To a person such a number has lost digits. Poland's example numbers have 9 digits; its services have 7, and
    no number has 8. Germany's numbers have any length.
    """
    from phonenumbers import PhoneMetadata

    metadata: Any = PhoneMetadata.metadata_for_region(region)
    if metadata is None:  # +800 and other codes of no country
        return 0
    kinds = [each for each in (metadata.fixed_line, metadata.mobile) if each is not None and each.example_number]
    if not kinds:
        return 0
    lengths = {length for each in kinds for length in each.possible_length or metadata.general_desc.possible_length}
    shortest = min(len(each.example_number) for each in kinds)
    while shortest - 1 in lengths:
        shortest -= 1
    return shortest
