"""Find the contact field that a column title means: `titles.toml` lists the titles, and which program writes them."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple, cast

_KINDS = ("mobile", "", "work", "home", "other")  # of several phones of a row, the first kind wins
_FURTHER = 99  # the largest number that is compared: "Phone 100" and "Phone 101" are of one rank
_NUMBER = re.compile(r"[0-9]+")
# "Customer_PhoneNumber 2" has the words customer, phone, number and 2.
_WORDS = re.compile(r"[A-ZÀ-Þ]?[^\W\d_A-ZÀ-Þ]+|[^\W\d_]+|[0-9]+")
_ALTERNATIVES = re.compile(r"[/|]")
_REMARK = re.compile(r"(.+)[(\[]([^()\[\]]+)[)\]]\W*", re.DOTALL)
_LONGEST = 100  # characters; a longer title is a text
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "d"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


class Guess(NamedTuple):
    """The contact field of a column. If several columns fill one field, the one with the lowest rank wins."""

    field: str
    rank: int

    @property
    def is_mobile(self) -> bool:
        """Whether the title says that the phone is a mobile phone."""
        return self.field == "phone" and self.rank <= _FURTHER


def normalize(title: str) -> str:
    """Return a title without case, diacritics, spaces and signs: `Nr telefonu` → `nrtelefonu`, `Imię` → `imie`."""
    if title.isascii():
        return "".join(filter(str.isalnum, title.lower()))
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", title).casefold().translate(_PLAIN))
    return "".join(filter(str.isalnum, letters))


@lru_cache(maxsize=4096)
def find_field(title: str) -> Guess | None:
    """Return the contact field that a title means, or None if the title is unknown.

    A title is known if it is listed, alone or without the words that only say whose data it is (`Customer phone`).
    `Phone / Mobile` is known if both halves mean the same field. A remark in brackets is left out: `Phone (with country
    code)`.
    """
    if len(title) > _LONGEST:
        return None
    found = _look_up(title)
    if found is None and (remark := _REMARK.fullmatch(title)):
        words = {normalize(word) for word in _WORDS.findall(remark[2])}
        if words <= load_words("remarks") | load_words("neutral"):
            return _look_up(remark[1])
    if found is None and len(halves := _ALTERNATIVES.split(title)) == 2:
        guesses = [guess for half in halves if (guess := _look_up(half)) is not None]
        if len(guesses) == 2 and guesses[0].field == guesses[1].field:
            found = max(guesses)
    return found


@lru_cache(maxsize=4096)
def is_mobile(label: str) -> bool:
    """Return whether the label of a phone means a mobile phone."""
    return not _words_of(label).isdisjoint(load_words("mobile"))


@lru_cache(maxsize=4096)
def takes_no_messages(label: str) -> bool:
    """Return whether the label of a phone means a fax, a pager, or another number that takes no text message."""
    return not _words_of(label).isdisjoint(load_words("no_messages"))


@cache
def load_words(name: str) -> frozenset[str]:
    """Return a list of normalized words or titles of `titles.toml`."""
    return frozenset(_load()["words"][name])


@lru_cache(maxsize=4096)
def _words_of(label: str) -> frozenset[str]:
    return frozenset(map(normalize, [label, *_WORDS.findall(label[:_LONGEST])]))


def _look_up(title: str) -> Guess | None:
    key = normalize(title)
    found = _match(key)
    if found is None and key not in load_words("unknown"):
        words = [word for each in _WORDS.findall(title) if (word := normalize(each))]
        rest = "".join(word for word in words if word not in load_words("neutral"))
        if _NUMBER.sub("#", rest) not in load_words("alone"):
            found = _match(rest)
    return found


def _match(key: str) -> Guess | None:
    numbers = _NUMBER.findall(key)
    key = _NUMBER.sub("#", key)
    listed = _load_titles()
    found = listed.get(key)
    if found is None and len(numbers) == 1:  # "Telefon 2" is a phone, but "Name 2" may be part of an address
        found = listed.get(key.strip("#"))
        if found is not None and found.field not in ("phone", "email"):
            return None
    if found is None:
        return None
    return Guess(found.field, found.rank + (min(int(numbers[0][:3]), _FURTHER) if numbers else 0))


@cache
def _load_titles() -> dict[str, Guess]:
    """Return the listed titles, normalized, with `#` for a number. A title listed twice keeps its first kind."""
    titles: dict[str, Guess] = {}
    for program in _load()["programs"]:
        for key, listed in program.items():
            if isinstance(listed, list):
                field, _, kind = key.partition(".")
                guess = Guess(field, _KINDS.index(kind) * (_FURTHER + 1))
                for title in cast("list[str]", listed):
                    for spelling in (title, title.translate(_UMLAUTS)):
                        titles.setdefault(_NUMBER.sub("#", normalize(spelling)), guess)
    return titles


def find_script(titles: Iterable[str]) -> str | None:
    """Return the family of encodings that the language of the titles needs, such as "western"; None if unclear."""
    found = Counter[str]()
    for title in titles:
        scripts = _load_scripts().get(_NUMBER.sub("#", normalize(title[:_LONGEST])), frozenset())
        if len(scripts) == 1:
            found.update(scripts)
    ranked = found.most_common(2)
    return ranked[0][0] if ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]) else None


@cache
def _load_scripts() -> dict[str, frozenset[str]]:
    scripts: dict[str, set[str]] = {}
    for program in _load()["programs"]:
        for listed in program.values():
            for title in cast("list[str]", listed) if isinstance(listed, list) else ():
                # English titles are in files of every language.
                scripts.setdefault(_NUMBER.sub("#", normalize(title)), set()).add(program.get("script", ""))
    return {title: frozenset(found) for title, found in scripts.items() if "" not in found}


@cache
def load_title_words() -> frozenset[str]:
    """Return the words of all listed titles that have letters which are not ASCII, such as `imię` and `prénom`."""
    words: set[str] = set()
    for program in _load()["programs"]:
        for listed in program.values():
            if isinstance(listed, list):
                words |= {
                    word.casefold() for title in cast("list[str]", listed) for word in re.findall(r"[^\W\d_]+", title)
                }
    return frozenset(word for word in words if not word.isascii())


@cache
def _load() -> dict[str, Any]:
    return tomllib.loads(resources.files("crossbook.files").joinpath("titles.toml").read_text("utf-8"))
