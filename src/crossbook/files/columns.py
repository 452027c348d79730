"""Which column of a file is which field: guessed by its title, corrected by whoever knows better."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from crossbook import _redaction
from crossbook._validation import FIELDS
from crossbook.errors import InvalidInputError
from crossbook.files.encodings import is_broken

TARGETS = ("id", *FIELDS, "fields")
# Titles in small letters and digits alone, the best first: where a row has several of a field's columns filled, the
# first is taken. `#` is a number, as in Google's "Phone 2 - Value".
_TITLES: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "external_id": ("externalid", "idzewnetrzne"),
    "phone": (
        "phone", "mobilephone", "telefonkomorkowy", "mobile", "cellphone", "cell", "komorka", "phonenumber", "msisdn",
        "telefon", "numertelefonu", "nrtelefonu", "telephone", "tel", "phone#value", "primaryphone",
        "telefonpodstawowy", "businessphone", "businessphone#", "telefonsluzbowy", "telefonsluzbowy#", "homephone",
        "homephone#", "telefondomowy", "telefondomowy#", "otherphone", "innytelefon",
    ),
    "email": (
        "email", "emailaddress", "adresemail", "mail", "email#value", "email#address", "adresemail#", "emailaddress#",
    ),
    "first_name": ("firstname", "givenname", "imie"),
    "last_name": ("lastname", "familyname", "surname", "nazwisko"),
    "name": ("name", "fullname", "displayname", "imieinazwisko", "pelnanazwa"),
    "company": (
        "company", "companyname", "organizationname", "organization#name", "organization", "firma",
        "organizacja",
    ),
    "groups": ("groups", "labels", "groupmembership", "categories", "kategorie", "grupy"),
    "opted_out": ("optedout",),
    "archived": ("archived",),
    "created_at": ("createdat",),
    "fields": ("fields",),
}  # fmt: skip
_RANKS = {title: (field, rank) for field, titles in _TITLES.items() for rank, title in enumerate(titles)}
_LABELS = ("label", "type")  # "Phone 1 - Label" says what "Phone 1 - Value" is
_MOBILE = ("mobile", "cell", "komorkowy", "komorka")
# Titles that are cells too: the kind of a phone, the name of a group. They do not make the first row one of titles.
_CELLS = ("mobile", "cell", "komorka", "mail", "firma", "company", "organization", "organizacja")
_DATE = re.compile(r"[0-9]+[./-][0-9]+[./-][0-9]+")
_MOST_DIGITS = 4  # of a title: a year, for instance


@frozen
class Column:
    """One column of a file.

    Attributes:
        title: the title as it may be shown: the text in the file, or `column 3` if that text may belong to a person
            (see `shown_titles`).
        target: the field that it fills, or None if it is not read.
        rank: of several columns that fill one field the lowest is taken, of those that are not empty.
        label: the index of the column that says what this one is (Google's labels of phones).
        style: how several names are written in one cell: "ours", "google" or "outlook".
    """

    title: str
    target: str | None
    rank: int = 0
    label: int | None = None
    style: str = "ours"


def columns_of(titles: Sequence[str], corrections: Mapping[str, str] | None = None) -> tuple[Column, ...]:
    """The columns, each with its field.

    Args:
        titles: the first row.
        corrections: title → field, `fields.NAME` for a further one, "" for a column that is not to be read. A field
            that is named here is filled by the named columns alone.

    Raises:
        InvalidInputError: a correction of a column that is not there, or to a field that does not exist; or no title is
            known, which means that the file may have no titles. The message never shows a cell of a person.
    """
    named = {title.strip(): target.strip() for title, target in (corrections or {}).items()}
    stripped = [title.strip() for title in titles]
    plain = [_plain(title) for title in stripped]
    guesses = [_guess(title, each) for title, each in zip(stripped, plain, strict=True)]
    known = {title for title, (guess, _) in zip(stripped, guesses, strict=True) if guess}
    shown = shown_titles(stripped, known, named, values=any(map(is_value, stripped)))
    for title, target in named.items():
        if title not in stripped:
            given = _redaction.text(title[:40])
            raise InvalidInputError(f"there is no column {given!r}; there are {_listed(stripped, shown)}", field="map")
        check_target(target)
    # Of several with one title the first; looked up, since a hostile file has a hundred thousand columns.
    first = {each: index for index, each in reversed([*enumerate(plain)])}
    found: list[Column] = []
    for index, title in enumerate(stripped):
        if title in named:
            found.append(Column(shown[index], named[title] or None, -1, style=_style(plain[index])))
            continue
        guess, rank = guesses[index]
        label = next((first[each] for each in _labels(plain[index]) if each in first), None)
        found.append(
            Column(shown[index], None if guess in named.values() else guess, rank, label, _style(plain[index]))
        )
    if not any(stripped):
        raise InvalidInputError("the first row is empty: it has to be the titles of the columns", field="file")
    if not any(column.target for column in found):
        raise InvalidInputError(
            "no column is known: the first row has to be titles, and is not shown, since it may be a person. Add a row "
            "such as phone,email,first_name above it, or name its columns with corrections (--map COLUMN=FIELD)",
            field="map",
        )  # fmt: skip
    return tuple(found)


def is_value(title: str) -> bool:
    """Whether a title looks like a cell: an e-mail address, a phone, a date, a number, or text that is not decoded."""
    if title.startswith("fields."):  # a title of crossbook's own
        return False
    digits = sum(map(str.isdigit, title))
    number = digits > _MOST_DIGITS or (digits > 0 and not any(map(str.isalpha, title)))
    return number or _redaction.is_address(title) or _DATE.search(title) is not None or is_broken(title)


def shown_titles(
    titles: Sequence[str], known: Collection[str], named: Collection[str], *, values: bool, place: str = "column"
) -> list[str]:
    """The titles as they may be shown; one that may belong to a person becomes its position, `column 3`.

    In a file without titles the first person stands in their place. So a title is shown if crossbook knows it. Any
    other is shown only next to a known one that is not a cell too (`Mobile`), or if the caller named it, and only if no
    title looks like a value.

    Args:
        titles: the titles as the file has them.
        known: those that crossbook knows.
        named: those that the caller named.
        values: whether one of the titles looks like a value.
        place: what a position is called.
    """
    sure = not values and any(_plain(title) not in _CELLS for title in known)
    return [
        title if title in known or sure or (title in named and not values) else f"{place} {number}"
        for number, title in enumerate(titles, 1)
    ]


def check_target(target: str) -> None:
    """Raises InvalidInputError if a contact has no such field; "" is none on purpose."""
    if target and target not in TARGETS and not (target.startswith("fields.") and len(target) > 7):
        raise InvalidInputError(
            f"a contact has no field {target[:40]!r}; there are {', '.join(TARGETS)}, fields.NAME", field="map"
        )


def is_mobile(label: str) -> bool:
    """Whether a label means a mobile phone."""
    return _plain(label).startswith(_MOBILE)


def _guess(title: str, plain: str) -> tuple[str | None, int]:
    if title.startswith("fields.") and len(title) > 7:
        return title, 0
    if title in TARGETS:
        return title, 0
    if is_value(title):
        return None, 0
    number = re.search(r"[0-9]+", plain)
    known = _RANKS.get(plain) or (_RANKS.get(plain.replace(number.group(), "#", 1)) if number else None)
    if known is None:
        return None, 0
    return known[0], known[1] * 100 + (min(int(number.group()[:3]), 99) if number else 0)


def _labels(plain: str) -> list[str]:
    return [plain.removesuffix("value") + label for label in _LABELS] if plain.endswith("value") else []


def _style(plain: str) -> str:
    if plain in ("labels", "groupmembership") or plain.endswith("value"):
        return "google"
    return "outlook" if plain in ("categories", "kategorie") else "ours"


def _plain(title: str) -> str:
    letters = unicodedata.normalize("NFKD", title.casefold().replace("ł", "l"))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())


def _listed(titles: Sequence[str], shown: Sequence[str]) -> str:
    pairs = list(zip(titles, shown, strict=True))
    listed = ", ".join(_redaction.text(repr(title[:40]) if title == each else each) for title, each in pairs[:12])
    more = f" and {len(titles) - 12} more" if len(titles) > 12 else ""
    hidden = any(title != each for title, each in pairs)
    return f"{listed}{more}{' (a title that may belong to a person is not shown)' if hidden else ''}"
