"""Find the phone in the text that people and programs write into a cell of phones."""

from __future__ import annotations

import re

from crossbook import _phones

_PLAIN = re.compile(r"\+?(?=[0 -]*[1-9])[0-9](?:[ -]?[0-9]){6,12}")
_MAX_LENGTH = 1_000  # characters; longer text is no list of phones, and the patterns here take quadratic time
_SHORTEST = 7  # digits of a number that stands for itself; a shorter one is an area code, or the end of another number
_EMPTY = re.compile(r"[^1-9]*|\W*\+[0-9]{1,3}\W*")  # no digit but zeros, or the country code of an empty form
_PARAMETER = re.compile(r";\s*[a-z-]+=[^;]*", re.IGNORECASE)  # of a tel: URI
_EXTENSION = re.compile(
    r"((?:[^0-9]*[0-9]){7}.*?)[\s,(]*(?:\b|(?<=[0-9]))"
    r"(?:extension|ext|wewn?|wewnętrzny|durchwahl|dw|apparat|app|poste|доб|x|w|#)[.:\s]*[0-9]{1,6}[\s)]*",
    re.IGNORECASE | re.DOTALL,
)
_AND = "and|or|und|oder|lub|albo|oraz|i|et|ou|y|o|e"
_BETWEEN = re.compile(
    rf":::|[;|\n\r]|(?<=\S)\s+(?:{_AND}|&)\s+(?=\S)|(?<=[0-9)])\s*(?=\(?\+|\s[^\W\d_]+:)", re.IGNORECASE
)
# These may be within a number too: 500/600/700, 48,500,600,700.
_MAYBE_BETWEEN = (",", "/", "\\", "  ", "\t", " ")
_MOBILE, _VALID, _INVALID, _SHORT = range(4)


def choose_phone(text: str, region: str | None = None) -> tuple[str | None, int]:
    """Return the phone in a text, and how many further numbers or extensions the text has.

    Of several numbers a mobile number wins, else the first valid one. Words around a number are left out. Text in which
    no number can be told, such as `5006007oo`, is returned as it is, so that it is refused by its line.

    Args:
        text: the text of a cell or property.
        region: the region of numbers without a country code ("PL"); None if it is unknown, so that only numbers with a
            country code can be checked.

    Returns:
        The phone and the number of further phones; None if the text has no phone, such as `n/a`, `-` or `brak`.

    Example:
        ```python
        from crossbook.files.phones import choose_phone

        assert choose_phone("+48 22 123 45 67 / +48 500 600 700 (Anna)") == ("+48 500 600 700", 1)
        assert choose_phone("brak") == (None, 0)
        ```
    """
    found, extensions = _find_phones(text, region)
    return (found[0], len(found) - 1 + extensions) if found else (None, 0)


def list_phones(text: str, region: str | None = None) -> list[str]:
    """Return all phones in a text, the one that `choose_phone` returns first; the arguments are the same."""
    return _find_phones(text, region)[0]


def is_plain(text: str) -> bool:
    """Return whether `choose_phone` returns the text unchanged, since it is one number in digits and spaces."""
    return _PLAIN.fullmatch(text) is not None


def has_phone(text: str) -> bool:
    """Return whether `choose_phone` finds a phone in the text."""
    return _PLAIN.match(text) is not None or not _EMPTY.fullmatch(_phones.clean(text))


def _find_phones(text: str, region: str | None) -> tuple[list[str], int]:
    """Return the phones in a text, the best first, and the number of extensions."""
    if _PLAIN.fullmatch(text) or len(text) > _MAX_LENGTH:
        return [text], 0
    cleaned = _phones.clean(text)
    if _EMPTY.fullmatch(cleaned):
        return [], 0
    whole = _phones.remove_fraction(cleaned)
    if whole != cleaned or _phones.has_lost_digits(cleaned):
        return [whole], 0
    parts: list[str] = []
    extensions = 0
    for piece in _BETWEEN.split(_PARAMETER.sub("", cleaned)):
        extension = _EXTENSION.fullmatch(piece)
        extensions += extension is not None
        parts += _split(extension[1] if extension else piece, region)
    numbers = [_strip_words(each) for each in parts if not _EMPTY.fullmatch(each)]
    if len(numbers) > 1:
        numbers.sort(key=lambda number: _rank(number, region))
    return numbers or [text], extensions


def _split(text: str, region: str | None) -> list[str]:
    """Split a text at signs that may be within a number, if a whole number is before the first of them."""
    for sign in _MAYBE_BETWEEN:
        first, found, _ = text.partition(sign)
        if found and _count_digits(first) >= _SHORTEST:
            parts = text.split(sign)
            if sign == " " and (
                any(_count_digits(part) < _SHORTEST for part in parts) or _phones.match_key(text, region)
            ):
                continue
            return [number for part in parts for number in _split(part, region)]
    return [text]


def _strip_words(text: str) -> str:
    """Return the number in a text; return the text if letters are within the number, or touch its end."""
    first, last = re.search(r"[(+\s]*[0-9]", text), re.search(r"[0-9][^0-9]*$", text)
    if first is None or last is None:
        return text
    number, rest = text[first.start() : last.start() + 1].strip(), text[last.start() + 1 :]
    is_cut = any(map(str.isalpha, rest)) and _count_digits(number) < _SHORTEST  # 1-800-FLOWERS
    if is_cut or rest[:1].isalpha() or any(map(str.isalpha, number)):
        return text.strip()
    return _phones.remove_fraction(number if number.count("(") == number.count(")") else number.replace("(", "", 1))


def _rank(number: str, region: str | None) -> int:
    if _count_digits(number) < _SHORTEST:
        return _SHORT
    if _phones.is_mobile(number, region):
        return _MOBILE
    is_unknown = region is None and number[:1] != "+"
    return _VALID if is_unknown or _phones.match_key(number, region) else _INVALID


def _count_digits(text: str) -> int:
    return sum(map(str.isdigit, text))
