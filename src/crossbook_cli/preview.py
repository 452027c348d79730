"""Read a file before it is imported, and report the rows that share a phone or an e-mail, and phones not read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby, islice
from operator import itemgetter

from attrs import define, field

from crossbook import files
from crossbook._batch.results import pluralize
from crossbook._validation import match_key
from crossbook.vendor import VendorProfile
from crossbook_cli.output import flush, print_json, print_message

_MAX_SHOWN = 10
_CHUNK = 1000  # rows of an insert
_WORDS = {"phone": "phone", "email": "e-mail", "external_id": "external id"}


@define
class Preview:
    """What an import reports before it writes.

    Attributes:
        duplicates: match key → the lines of the rows that have the same value, one tuple for each value.
        mixed_opt_outs: of the duplicates, the lines of rows of which some opted out and others did not.
        further_phones: the lines of the rows that have further phones or extensions, which are not read.
        further_emails: the lines of the rows that have further e-mail addresses, which are not read.
    """

    duplicates: dict[str, list[tuple[int, ...]]] = field(factory=dict[str, list[tuple[int, ...]]])
    mixed_opt_outs: list[tuple[int, ...]] = field(factory=list[tuple[int, ...]])
    further_phones: list[int] = field(factory=list[int])
    further_emails: list[int] = field(factory=list[int])


def preview(people: files.Reader, profile: VendorProfile, region: str | None) -> Preview:
    """Read the file once, and return what is to be reported before anything is written.

    Rows that share several values are listed once. The hashes of the values are in a temporary SQLite database: in
    memory first, in an unnamed temporary file when there are many.

    Args:
        people: the file.
        profile: the vendor's profile, which has the fields by which contacts are found.
        region: the region of phones without a country code.
    """
    found = Preview()
    names: list[str] = [*profile.match_keys] or ["phone", "email"]
    reported: set[tuple[int, ...]] = set()
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.execute("pragma journal_mode = off")
        db.execute("create table value (name integer, hash integer, line integer, opted_out integer)")
        rows = _list_values(people, names, region, found)
        while chunk := list(islice(rows, _CHUNK)):
            db.execute("begin")
            db.executemany("insert into value values (?, ?, ?, ?)", chunk)
            db.execute("commit")
        for number, name in enumerate(names):
            several: list[tuple[int, ...]] = []
            for lines, opted_out in _find_shared(db, number):
                if lines not in reported:
                    reported.add(lines)
                    several.append(lines)
                    if 0 < opted_out < len(lines):
                        found.mixed_opt_outs.append(lines)
            found.duplicates[name] = sorted(several, key=itemgetter(1))
    return found


def _list_values(
    people: files.Reader, names: Sequence[str], region: str | None, found: Preview
) -> Iterator[tuple[int, int, int, bool]]:
    """Yield for each match key of a row the number of its name, a hash, the line, and whether the row opted out."""
    for row in people:
        if row.further_phones:
            found.further_phones.append(row.line)
        if row.further_emails:
            found.further_emails.append(row.line)
        if row.contact is None:
            continue
        for number, name in enumerate(names):
            key = match_key(name, getattr(row.contact, name), region)
            if key is not None:
                yield number, hash(key), row.line, bool(row.contact.opted_out)


def _find_shared(db: sqlite3.Connection, name: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield the lines of the rows that share a value of this name, and how many of the rows opted out."""
    sql = "select hash, line, opted_out from value where name = ? order by hash, line"
    for _, rows in groupby(db.execute(sql, (name,)), itemgetter(0)):
        lines: list[int] = []
        opted_out = 0
        for _, line, one in rows:
            if line not in lines[-1:]:
                lines.append(line)
                opted_out += one
        if len(lines) > 1:
            yield tuple(lines), opted_out


def print_preview(found: Preview, *, json: bool, consequence: str, unsubscribes: bool) -> None:
    """Print what `preview` found; nothing if it found nothing.

    Args:
        found: the result of `preview`.
        json: whether to print JSON lines instead of text.
        consequence: what becomes of rows that share a value, as a sentence.
        unsubscribes: whether contacts that opted out are unsubscribed at the vendor.
    """
    if json:
        duplicates = [{"field": name, "lines": lines} for name, each in found.duplicates.items() for lines in each]
        if duplicates:
            print_json({"duplicates": duplicates})
        further = {"further_phones": found.further_phones, "further_emails": found.further_emails}
        if any(further.values()):
            print_json(further)
        flush()
        return
    for name, each in found.duplicates.items():
        if each:
            subject = f"The same {_WORDS[name]} is" if len(each) == 1 else f"{len(each):,} {_WORDS[name]}s are each"
            lines = _shorten(f"lines {', '.join(map(str, lines[:_MAX_SHOWN]))}" for lines in each)
            print_message(f"{subject} in several rows: {lines}.")
    if any(found.duplicates.values()):
        print_message(consequence)
    if found.mixed_opt_outs and not unsubscribes:
        lines = _shorten(f"lines {', '.join(map(str, lines[:_MAX_SHOWN]))}" for lines in found.mixed_opt_outs)
        print_message(
            f"Some of these rows opted out and others did not: {lines}. A row behind one that opted out "
            "creates no contact: correct the file, or pass --on-opted-out unsubscribe."
        )
    _print_further(found.further_phones, "phone or an extension")
    _print_further(found.further_emails, "e-mail")


def _print_further(lines: Sequence[int], what: str) -> None:
    if lines:
        verb, where = ("has", "line") if len(lines) == 1 else ("have", "lines")
        print_message(
            f"{pluralize(len(lines), 'row')} {verb} a further {what}, which is not read: {where} "
            f"{_shorten(map(str, lines), ', ')}."
        )


def _shorten(texts: Iterable[str], separator: str = "; ") -> str:
    texts = list(texts)
    return separator.join(texts[:_MAX_SHOWN]) + (" …" if len(texts) > _MAX_SHOWN else "")
