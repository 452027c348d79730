"""What `crossbook verify` asks Vercom, reading only; what it asks in writing is in `trials.py`."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from crossbook_wire.vercom import Api

from crossbook.core import phones
from crossbook.core.card import as_list, as_object
from crossbook.vendors.vercom.trials import WRITES, write
from crossbook.verify.probing import (
    UNKNOWN,
    Json,
    Look,
    Probes,
    Row,
    Seen,
    number,
    objects,
    paged,
    paging,
    plain,
    text,
)

_FAR = 1_000_000_000
_LISTS = ("listContacts", "listGroups", "listGroupContacts")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_ONE = {"id": "id", "phoneNumber": "phone_number", "email": "email", "externalId": "external_id"}

ROWS = (
    *(row for name in _LISTS for row in paging(name, "documented", "behind its end it is a 404 or an empty page")),
    Row("listContacts.assumed", "`listContacts`: without `limit` a page has at most 100 rows", "documented"),
    Row("listContacts.most", "`listContacts`: `limit=1001` is refused with 422", "documented"),
    *(
        Row(f"listContacts.{name}", f"`listContacts`: `{name}` finds the contact that has it", "documented")
        for name in _ONE
    ),
    Row("listContacts.spelled", "`listContacts`: `phoneNumber` in another spelling does not find it"),
    Row("listContacts.capitals", "`listContacts`: `email` in capitals does not find it"),
    Row("listContacts.inArchive", "`listContacts`: `inArchive=false` gives no archived contact", "documented"),
    Row("listContacts.seconds", "`listContacts`: dates are unix seconds", "public"),
    Row("listContacts.getFullDate", "`listContacts`: with `getFullDate=1` dates are `YYYY-MM-DD HH:MM:SS`", "public"),
    Row("listContacts.unknown", "`listContacts`: an id that does not exist is a 404", "public"),
    Row("listContactGroups.unknown", "`listContactGroups`: a contact that does not exist is a 404", "documented"),
    Row("getSegment.unknown", "`getSegment`: an id that does not exist is a 404"),
    Row("listGroups.order", "`listGroups`: without `orderBy` ids fall, with `ASC` they rise", "public"),
    Row("listGroupContacts.unknown", "`listGroupContacts`: a group that does not exist is a 404"),
    Row("meta.status", "`meta.status` is the HTTP status once more", "public"),
    Row("meta.numberOfData", "`meta.numberOfData` is the length of `data`", "public"),
    Row("meta.numberOfErrors", "`meta.numberOfErrors` is the length of `errors`", "public"),
)

List = Callable[[int], Awaitable[Any]]


async def read(look: Look, wire: Api) -> None:
    rows = await _pages(look, "listContacts", lambda offset: wire.contacts.list_contacts(offset=offset, limit=2))
    look.row("listContacts.seconds", *_dated(rows, lambda date: isinstance(date, int)))
    full = await look.ask(wire.contacts.list_contacts(limit=2, get_full_date=1))
    dates = _dated(_data(full), lambda date: isinstance(date, str) and bool(_DATE.fullmatch(date)))
    look.row("listContacts.getFullDate", *dates)
    await _filters(look, wire)
    if rows and plain(rows[0].get("id")):
        await _found(look, wire, rows[0])
    await look.ask(wire.contacts.list_fields(limit=2))
    segments = _data(await look.ask(wire.segments.list_segments(limit=2)))
    if segments and (id := plain(segments[0].get("id"))):
        await look.ask(wire.segments.get_segment(id))
    look.refused("getSegment.unknown", await look.ask(wire.segments.get_segment(str(UNKNOWN))), status=404)
    await _groups(look, wire)


async def _pages(look: Look, operation: str, page: List) -> list[Json]:
    pages = [await look.ask(page(offset)) for offset in (0, 2, _FAR)]
    paged(look, operation, 2, pages, _ids)
    return _data(pages[0])


async def _filters(look: Look, wire: Api) -> None:
    plain = await look.ask(wire.contacts.list_contacts())
    if plain.ok and len(rows := _data(plain)) >= 100:
        look.row("listContacts.assumed", len(rows) == 100, f"{len(rows)} rows")
    look.refused("listContacts.most", await look.ask(wire.contacts.list_contacts(limit=1001)), status=422)
    kept = _data(await look.ask(wire.contacts.list_contacts(limit=10, in_archive=False)))
    if kept:
        look.row("listContacts.inArchive", not any(row.get("inArchive") for row in kept), "archived ones")
    look.refused("listContacts.unknown", await look.ask(wire.contacts.list_contacts(id=UNKNOWN)), status=404)
    stranger = await look.ask(wire.contacts.list_contact_groups(str(UNKNOWN)))
    look.refused("listContactGroups.unknown", stranger, status=404)


async def _found(look: Look, wire: Api, row: Json) -> None:
    """The filters that find one contact, and what they make of another spelling."""
    id = text(row["id"]) or ""
    for theirs, parameter in _ONE.items():
        if value := text(row.get(theirs)):
            asked = number(value) if theirs == "id" else value
            held = await _finds(look, wire, id, **{parameter: asked}) if asked is not None else None
            look.row(f"listContacts.{theirs}", held, "it does not")
    stored = text(row.get("phoneNumber"))
    phone = phones.key(stored, "PL")
    others = [each for each in phones.spellings(phone) if each != stored] if phone else []
    if others:
        found = await _finds(look, wire, id, phone_number=others[-1])
        look.row("listContacts.spelled", None if found is None else not found, "it does")
    email = text(row.get("email"))
    if email and email.upper() != email:
        found = await _finds(look, wire, id, email=email.upper())
        look.row("listContacts.capitals", None if found is None else not found, "it does")
    await look.ask(wire.contacts.list_contact_groups(id))


async def _finds(look: Look, wire: Api, id: str, /, **filters: Any) -> bool | None:
    seen = await look.ask(wire.contacts.list_contacts(limit=100, **filters))
    if not seen.answered:
        return None
    ids = _ids(seen.body) if seen.ok else []
    return ids is not None and id in ids and (len(ids) < 100)


async def _groups(look: Look, wire: Api) -> None:
    rows = await _pages(look, "listGroups", lambda offset: wire.groups.list_groups(offset=offset, limit=2))
    rising = _data(await look.ask(wire.groups.list_groups(limit=5, order_by="id", order_direction="ASC")))
    down, up = _numbers(rows), _numbers(rising)
    if len(down) > 1 and len(up) > 1:
        look.row("listGroups.order", down == sorted(down, reverse=True) and up == sorted(up), "in another order")
    # The oldest group: everybody is in it.
    if rising and (id := plain(rising[0].get("id"))):
        await _pages(
            look, "listGroupContacts", lambda offset: wire.groups.list_group_contacts(id, offset=offset, limit=2)
        )
    stranger = await look.ask(wire.groups.list_group_contacts(str(UNKNOWN)))
    look.refused("listGroupContacts.unknown", stranger, status=404)


def each(look: Look, operation: str, status: int, body: Json) -> None:
    """What `meta` says of an answer, held against the answer."""
    meta = as_object(body.get("meta"))
    counted = {name: len(as_list(body.get(name))) for name in ("data", "errors")}
    truth = {"status": status, "numberOfData": counted["data"], "numberOfErrors": counted["errors"]}
    for name, value in truth.items():
        if name in meta:
            look.row(f"meta.{name}", meta[name] == value, "another number", where=operation)


def said(body: Json) -> Iterator[tuple[object, object]]:
    for problem in objects(body, "errors") or ():
        if "code" in problem:
            yield problem["code"], problem.get("title")


def _ids(body: Json) -> list[str] | None:
    rows = objects(body, "data")
    return None if rows is None else [text(row.get("id")) or "" for row in rows]


def _data(seen: Seen) -> list[Json]:
    return objects(seen.body, "data") or []


def _numbers(rows: Sequence[Json]) -> list[int]:
    return [id for row in rows if (id := number(row.get("id"))) is not None]


def _dated(rows: Sequence[Json], right: Callable[[object], bool]) -> tuple[bool | None, str]:
    dates = [row["createdAt"] for row in rows if row.get("createdAt") is not None]
    return all(map(right, dates)) if dates else None, "dates of another form"


PROBES = Probes(rows=(*ROWS, *WRITES), reads=34, writes=45, read=read, write=write, said=said, each=each)
