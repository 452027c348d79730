"""Map the columns of a file to contact fields, by their titles (see `titles`) and by corrections of the user."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from crossbook import _redaction
from crossbook._suggestions import did_you_mean
from crossbook._validation import FIELDS
from crossbook.errors import InvalidInputError
from crossbook.files.encodings import has_invalid_bytes
from crossbook.files.opt_outs import OptOutColumn, classify_title, is_numbered_title, parse_target
from crossbook.files.titles import Guess, find_field, load_words, normalize

TARGETS = ("id", *FIELDS, "fields")
_DATE = re.compile(r"[0-9]+[./-][0-9]+[./-][0-9]+")
_LABELS = ("label", "type")  # "Phone 1 - Label" describes "Phone 1 - Value"
_MAX_TITLE_DIGITS = 4  # a year, for instance


@frozen
class Column:
    """A column of a contact file, and the contact field that it fills.

    Attributes:
        title: the title in the file, or `column 3` if the title may be a person's data (see `mask_titles`).
        target: the contact field that the column fills, or None if it is not read.
        rank: if several columns fill one field, the one with the lowest rank that is not empty wins.
        label: the index of the column that describes this one (Google's labels of phones).
        style: who wrote the cells: "crossbook", "google", or "other" programs and people. It decides how several values
            in a cell are divided. Cells of crossbook are read unchanged.
        opt_out: what the column says about messages, or None.
        mobile: whether the column has mobile phones.
    """

    title: str
    target: str | None
    rank: int = 0
    label: int | None = None
    style: str = "crossbook"
    opt_out: OptOutColumn | None = None
    mobile: bool = False


def map_columns(
    titles: Sequence[str], corrections: Mapping[str, str] | None = None, *, disproved: Collection[int] = ()
) -> tuple[Column, ...]:
    """Return the columns of a file, each with the contact field that it fills.

    Args:
        titles: the first row of the file.
        corrections: title → field; `fields.NAME` is an extra field, "" is a column that is not read. A field
            that is named here is filled only by the columns named here.
        disproved: the indexes of columns that are not about messages, whatever their titles say.

    Raises:
        InvalidInputError: a correction names an unknown column or an unknown field. Or no title is known, which means
            that the file may have no titles. The message never shows a person's data.
    """
    named = {title.strip(): target.strip() for title, target in (corrections or {}).items()}
    stripped = [title.strip() for title in titles]
    normalized = [normalize(title) for title in stripped]
    guesses = guess_fields(stripped)
    known = {title for title, guess in zip(stripped, guesses, strict=True) if guess}
    shown = mask_titles(stripped, known, named, values=any(map(is_value, stripped)))
    for title, target in named.items():
        if title not in stripped:
            given = _redaction.mask_text(title[:40])
            raise InvalidInputError(
                f"the file has no column {given!r}{did_you_mean(title, _shown_titles(stripped, shown))}; its columns "
                f"are {_format_titles(stripped, shown)}",
                field="map",
            )
        check_target(target)
    # A dictionary, because a hostile file has 100,000 columns. Of several equal titles the first wins.
    first = {title: index for index, title in reversed([*enumerate(normalized)])}
    own = is_export(stripped)
    found: list[Column] = []
    for index, title in enumerate(stripped):
        opt_out = detect_opt_out(title, named)
        if opt_out is not None and index not in disproved:
            # Also if other columns are mapped to opted_out: all of them count.
            found.append(Column(shown[index], opt_out.target, -1, opt_out=opt_out))
            continue
        style = _detect_style(title, own=own)
        if title in named:
            found.append(Column(shown[index], named[title] or None, -1, style=style))
            continue
        guess = guesses[index]
        read = guess if guess is not None and guess.field not in named.values() else None
        label = next((first[each] for each in _label_titles(normalized[index]) if each in first), None)
        field, rank = (read.field, read.rank) if read is not None else (None, 0)
        found.append(Column(shown[index], field, rank, label, style, mobile=read is not None and read.is_mobile))
    if not any(stripped):
        raise InvalidInputError("the first row is empty: it must hold the column titles", field="file")
    if not any(column.target and not (column.opt_out and column.opt_out.is_guess) for column in found) and not (
        # The cells of such a column may still say that it is another.
        any(guess and column.opt_out and column.opt_out.is_unsure for guess, column in zip(guesses, found, strict=True))
    ):
        raise InvalidInputError(
            "no column title is known: the first row must hold titles. It is not shown, since it may hold a person's "
            "data. Add a row such as phone,email,first_name above it, or map columns by "
            'corrections={"COLUMN": "FIELD"}',
            field="map",
        )
    return tuple(found)


def detect_opt_out(title: str, named: Mapping[str, str]) -> OptOutColumn | None:
    """Return what a column says about messages, by the caller's corrections (`named`), or else by its title."""
    if title in named:
        return parse_target(named[title])
    if title == "opted_out":  # a title that crossbook writes
        return parse_target(title)
    return None if title in TARGETS or title.startswith("fields.") else classify_title(title)


def is_value(title: str) -> bool:
    """Return whether a column title looks like data: an e-mail address, a phone, a date, a number or invalid bytes."""
    if title.startswith("fields.") or is_numbered_title(title):  # a title that a program writes
        return False
    digits = sum(map(str.isdigit, title))
    number = digits > _MAX_TITLE_DIGITS or (digits > 0 and not any(map(str.isalpha, title)))
    return number or _redaction.is_address(title) or _DATE.search(title) is not None or has_invalid_bytes(title)


def mask_titles(
    titles: Sequence[str], known: Collection[str], named: Collection[str], *, values: bool, place: str = "column"
) -> list[str]:
    """Return the column titles; replace a title that may be a person's data by its position, such as `column 3`.

    The first row of a file without titles holds a person's data. So a title is shown if crossbook knows it. An unknown
    title is shown only if no title looks like a value, and if one more thing holds: the caller named it, or a known
    title proves a row of titles (`Phone` does; `Mobile` may be a cell).

    Args:
        titles: the titles in the file.
        known: the titles that crossbook knows.
        named: the titles that the caller named.
        values: whether one of the titles looks like a value.
        place: the word for a position.
    """
    sure = not values and any(normalize(title) not in load_words("cells") for title in known)
    return [
        title if title in known or sure or (title in named and not values) else f"{place} {number}"
        for number, title in enumerate(titles, 1)
    ]


def check_target(target: str) -> None:
    """Raise InvalidInputError if `target` is neither a contact field nor "", which means that a column is not read."""
    is_extra = target.startswith("fields.") and len(target) > 7
    if target and target not in TARGETS and not is_extra and parse_target(target) is None:
        raise InvalidInputError(
            f"a contact has no field {target[:40]!r}{did_you_mean(target, TARGETS)}; its fields are "
            f"{', '.join(TARGETS)}, or fields.NAME for an extra field. A column that says yes or no is mapped to "
            "opted_out, opted_in, or one channel of them: opted_in.sms",
            field="map",
        )


def guess_fields(titles: Sequence[str]) -> list[Guess | None]:
    """Return the contact field that each title means, or None for an unknown title.

    `Name` is a whole name. Next to `Vorname` or `Prénom` alone it is the last name; next to `Surname` alone, the first.
    """
    guesses = [_guess_field(title) for title in titles]
    fields = {guess.field for guess in guesses if guess is not None}
    if "name" in fields and ("first_name" in fields) != ("last_name" in fields):
        normalized = [normalize(title) for title in titles]
        half = "last_name" if "first_name" in fields else "first_name"
        if half == "first_name" or not load_words("first_of_pair").isdisjoint(normalized):
            for index, (guess, each) in enumerate(zip(guesses, normalized, strict=True)):
                if guess is not None and guess.field == "name" and each in load_words("either"):
                    guesses[index] = guess._replace(field=half)
    return guesses


def _guess_field(title: str) -> Guess | None:
    if title in TARGETS or (title.startswith("fields.") and len(title) > 7):
        return find_field(title) or Guess(title, 0)
    return None if is_value(title) else find_field(title)


def _label_titles(title: str) -> list[str]:
    return [title.removesuffix("value") + label for label in _LABELS] if title.endswith("value") else []


def is_export(titles: Sequence[str]) -> bool:
    """Return whether crossbook wrote a file with these titles."""
    return titles[:1] == ["id"] and all(title in TARGETS or title.startswith("fields.") for title in titles)


def _detect_style(title: str, *, own: bool) -> str:
    if own or title == "groups":
        return "crossbook"
    normalized = normalize(title)
    return "google" if normalized in ("labels", "groupmembership") or normalized.endswith("value") else "other"


def _shown_titles(titles: Sequence[str], shown: Sequence[str]) -> list[str]:
    return [title[:40] for title, each in zip(titles, shown, strict=True) if title == each]


def _format_titles(titles: Sequence[str], shown: Sequence[str]) -> str:
    pairs = list(zip(titles, shown, strict=True))
    listed = ", ".join(_redaction.mask_text(repr(title[:40]) if title == each else each) for title, each in pairs[:12])
    more = f" and {len(titles) - 12} more" if len(titles) > 12 else ""
    hidden = any(title != each for title, each in pairs)
    return f"{listed}{more}{' (a title that may belong to a person is not shown)' if hidden else ''}"
