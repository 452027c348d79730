"""Guess the encoding of a file that is not UTF-8, from its first lines with letters that are not ASCII.

Three sources are asked in this order:

1. The titles. `Imię` and `Prénom` are listed words, and only the right encodings make them of the bytes.
2. The letters of Polish names, since most users are Polish and short lists say too little to a statistical model.
3. chardet, whose models know the pairs of letters of many languages. The first of its answers is taken that makes words
   of the bytes: no capital letter, sign or control character stands inside of a word.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from crossbook.errors import InvalidInputError
from crossbook.files.titles import find_script, load_title_words

# Windows before ISO, because of two that read a text alike the first is taken.
_CANDIDATES = (
    "cp1250", "cp1252", "cp1251", "cp1254", "cp1253", "cp1257", "iso8859-2", "iso8859-1", "iso8859-15", "iso8859-9",
    "iso8859-5", "iso8859-7", "iso8859-4", "iso8859-13", "cp852", "cp850", "cp437", "cp857", "cp866", "koi8-r",
    "koi8-u", "mac-roman", "mac-latin2", "mac-cyrillic", "cp865",
)  # fmt: skip
_SCRIPTS = {
    "western": ("cp1252", "iso8859-1", "iso8859-15", "cp850", "mac-roman"),
    "central": ("cp1250", "iso8859-2", "cp852"),
    "turkish": ("cp1254", "iso8859-9", "cp857"),
    "cyrillic": ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5"),
    "baltic": ("cp1257", "iso8859-13", "iso8859-4"),
}
_OF_TITLES = 1.5  # how much likelier an encoding of the titles' language is
_WEIGHTS = {
    "cp1252": 1.05, "mac-roman": 0.8, "mac-latin2": 0.7, "mac-cyrillic": 0.8, "cp1257": 0.8, "iso8859-13": 0.8,
    "iso8859-4": 0.5, "cp1253": 0.9, "iso8859-7": 0.9, "cp437": 0.9, "cp865": 0.9, "iso8859-5": 0.9,
}  # fmt: skip
_POLISH = ("cp1250", "iso8859-2", "cp852")
_POLISH_LETTERS = frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ")
# In the other languages of these encodings, the bytes of these are signs, or letters of other words.
_POLISH_ONLY = re.compile("[ąłśźżĄŁŚŹŻ]")
# Polish writes `si`, `ci`, `ni`, `zi` before a vowel, so that `ń` before a vowel is a Spanish `ñ`.
_NOT_POLISH = re.compile("[ćńśź][aeiouyąęó]|[b-df-hjkmnp-rtv-z][ćń][b-df-hj-np-tv-z]", re.IGNORECASE)
# Where Icelandic has these letters, Turkish has ğ, ş and ı.
_TURKISH = re.compile("[ðþýÐÞÝ]")
_ICELANDIC = re.compile("[áíúæÁÍÚÆ]")
# No Turkish word begins with ğ. Where Turkish has it, cp1257 has š, which names in Estonia begin with.
_BALTIC = re.compile(r"\b[ðÐ]")
# "Perт" is Italian "Però" in the wrong encoding: no word has letters of two alphabets.
_MIXED = re.compile("[A-Za-z][\u0370-\u04ff]|[\u0370-\u04ff][A-Za-z]")
_SOFT = re.compile("[ćńĆŃ]")
_MOSTLY = 0.8  # share of Polish letters in a Polish list, which may have foreign names
_WORD = re.compile(r"[^\s,;|\t\"]+")
_FIRST_LINES = 3  # the titles, or a line above them
_SHORTEST = 3  # letters of a title's word that proves an encoding


def guess_encoding(lines: Sequence[bytes]) -> tuple[str, bool]:
    """Return Python's name of the encoding that fits these lines best, and whether the letters prove it.

    Args:
        lines: the titles, and the first lines with bytes that are not ASCII.

    Raises:
        InvalidInputError: chardet is needed and not installed.
    """
    data = b"\n".join(lines)
    texts = {name: text for name in _CANDIDATES if (text := _decode(data, name)) is not None}
    hits = {name: _count_title_words(text) for name, text in texts.items()}
    most = max(hits.values(), default=0)
    likely = [name for name in texts if hits[name] == most]
    polish = [name for name in _POLISH if name in likely and _is_polish(texts[name], sure=name != "cp852")]
    if polish:
        return min(polish, key=lambda name: _count_odd(texts[name])), True
    if most and len({texts[name] for name in likely}) == 1:
        return likely[0], True
    ranked = [name for name in _rank(data, likely) if name in texts]
    sound = [name for name in ranked if not _is_odd(texts[name])]
    best = (sound or ranked or likely or ["cp1252"])[0]
    if best in ("cp1252", "iso8859-1") and _TURKISH.search(texts[best]) and not _ICELANDIC.search(texts[best]):
        baltic = "cp1257" in texts and _BALTIC.search(texts[best])
        best = "cp1257" if baltic else "cp1254" if "cp1254" in texts else "iso8859-9"
    # Spanish "Muñoz" is "Muńoz" there, and its other letters are the same.
    if best in ("cp1250", "iso8859-2") and "cp1252" in texts and _NOT_POLISH.search(texts[best]):
        changed = {western for other, western in zip(texts[best], texts["cp1252"], strict=True) if western != other}
        best = "cp1252" if changed <= {"ñ", "Ñ"} else best
    # Windows' encodings have the same letters as these, and more signs.
    for iso, windows in (("iso8859-1", "cp1252"), ("iso8859-9", "cp1254")):
        if best == iso and windows in texts:
            best = windows
    return best, False


def _decode(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _count_title_words(text: str) -> int:
    lines = text.split("\n", _FIRST_LINES)[:_FIRST_LINES]
    words = {word.casefold() for line in lines for word in re.findall(r"[^\W\d_]+", line)}
    return sum(len(word) >= _SHORTEST for word in words & load_title_words())


def _is_polish(text: str, *, sure: bool) -> bool:
    letters = [letter for letter in text if letter.isalpha() and not letter.isascii()]
    polish = sum(letter in _POLISH_LETTERS for letter in letters)
    if not letters or polish < _MOSTLY * len(letters) or _is_odd(text):
        return False
    wrong, right = (
        len(_NOT_POLISH.findall(text)),
        len(_POLISH_ONLY.findall(text)) or (sure and len(_SOFT.findall(text))),
    )
    return right > 10 * wrong


def _is_odd(text: str) -> bool:
    """Return whether one of eight words has a sign or a capital letter inside, so that the encoding is wrong."""
    return _count_odd(text) * 8 > sum(not word.isascii() for word in _WORD.findall(text))


def _count_odd(text: str) -> int:
    return sum(_is_odd_word(word) for word in _WORD.findall(text) if not word.isascii())


def _is_odd_word(word: str) -> bool:
    if _MIXED.search(word):
        return True
    for before, sign, after in zip(f" {word}", word, f"{word[1:]} ", strict=False):
        if "\x80" <= sign <= "\x9f":
            return True
        if not sign.isascii() and not sign.isalnum() and sign not in "’‘–—" and (before.isalpha() or after.isalpha()):
            # Quotes stand around words: „Ćma” and «Żółć».
            if before.isalpha() and after.isalpha():
                return True
            if sign not in "„”“»«‚‘’…©®™°·":
                return True
        if before.islower() and sign.isupper() and not (before.isascii() and sign.isascii()):
            return True
    return False


def _rank(data: bytes, names: Sequence[str]) -> list[str]:
    """Return the encodings, the likeliest first, by chardet and by how common each encoding is."""
    try:
        from chardet import detect_all
    except ModuleNotFoundError:
        raise InvalidInputError(
            "the encoding of this file cannot be detected without chardet: pip install 'crossbook[files]', or pass "
            "encoding=",
            field="encoding",
        ) from None
    first = data.split(b"\n", 1)[0].decode("ascii", "replace")
    script = find_script(re.split(r"[,;|\t]", first.replace('"', "")))
    scores: dict[str, float] = {}
    for each in detect_all(data, ignore_threshold=True, compat_names=False, include_encodings=list(names)):
        if each["encoding"]:
            name = codecs.lookup(each["encoding"]).name
            weight = _WEIGHTS.get(name, 1.0) * (_OF_TITLES if name in _SCRIPTS.get(script or "", ()) else 1.0)
            scores[name] = each["confidence"] * weight
    return sorted(scores, key=lambda name: -scores[name])
