"""Read a file before it is imported, and report the rows that share a phone or an e-mail, and phones not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import define, field

from crossbook import files
from crossbook._batch.results import pluralize
from crossbook._validation import match_key
from crossbook.vendor import VendorProfile
from crossbook_cli.output import flush, print_json, print_message

_MAX_SHOWN = 10
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

    Rows that share several values are listed once. Of each value only the hash is kept, so that a file of a million
    rows needs little memory.

    Args:
        people: the file.
        profile: the vendor's profile, which has the fields by which contacts are found.
        region: the region of phones without a country code.
    """
    found = Preview()
    names: list[str] = [*profile.match_keys] or ["phone", "email"]
    first: dict[int, int] = {}
    opted_out: set[int] = set()
    several: dict[str, dict[int, list[int]]] = {name: {} for name in names}
    for row in people:
        if row.further_phones:
            found.further_phones.append(row.line)
        if row.further_emails:
            found.further_emails.append(row.line)
        if row.contact is None:
            continue
        if row.contact.opted_out:
            opted_out.add(row.line)
        for name in names:
            key = match_key(name, getattr(row.contact, name), region)
            if key is None:
                continue
            hashed = hash((name, key))
            line = first.setdefault(hashed, row.line)
            if line != row.line:
                several[name].setdefault(hashed, [line]).append(row.line)
    reported: set[tuple[int, ...]] = set()
    for name, groups in several.items():
        found.duplicates[name] = [lines for each in groups.values() if (lines := tuple(each)) not in reported]
        reported.update(found.duplicates[name])
        found.mixed_opt_outs += [
            lines for lines in found.duplicates[name] if 0 < len(opted_out.intersection(lines)) < len(lines)
        ]
    return found


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
