"""What `crossbook verify` asks SerwerSMS, reading only; what it asks in writing is in `trials.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crossbook_wire.serwersms import Api, models

from crossbook.core import phones
from crossbook.core.card import as_object
from crossbook.vendors.serwersms.trials import WRITES, write
from crossbook.verify.probing import (
    UNKNOWN,
    Json,
    Look,
    Probes,
    Row,
    number,
    objects,
    paged,
    paging,
    text,
)

_END = "a page after the last is an empty list"
_FILM = "+447700900789"  # of Ofcom's numbers for films: nobody has it
_SPELLED = {"plus": "with a plus", "bare": "without the plus", "national": "as one dials it at home"}

ROWS = (
    *paging("listContacts", "public", _END),
    *paging("listGroups", "public", _END),
    Row("listContacts.first", "`listContacts`: without `page` it is the first page"),
    Row("listContacts.sort", "`listContacts`: `sort` and `order` hold", "documented"),
    Row("listContacts.none", "`listContacts`: `group_id: none` gives contacts in no group", "documented"),
    *(Row(f"listContacts.{key}", f"`listContacts`: `search` finds a phone {how}") for key, how in _SPELLED.items()),
    Row("listContacts.email", "`listContacts`: `search` finds an e-mail address"),
    Row("listContacts.group", "`listContacts`: a group that does not exist is 1004"),
    Row("listContacts.bad", "`listContacts`: a bad value (`limit: 0`) is 1006"),
    Row("getContact.same", "`getContact` gives the contact that was asked for", "public"),
    Row("getContact.unknown", "`getContact`: an id that does not exist is 1004"),
    Row("checkGroups.group", "`checkGroups` names the group in which the list shows the contact", "documented"),
    Row("checkGroups.nobody", "`checkGroups`: a number that nobody has gives an empty list"),
    Row("checkGroups.bad", "`checkGroups`: a bad phone number is 2001"),
    Row("getGroup.same", "`getGroup` gives the group that was asked for", "public"),
    Row("getGroup.unknown", "`getGroup`: an id that does not exist is 1004"),
)


async def read(look: Look, wire: Api) -> None:
    pages = [await look.ask(wire.contacts.list_contacts(_page(number))) for number in (1, 2, 1_000_000)]
    paged(look, "listContacts", 2, pages, _rows)
    whole = await look.ask(wire.contacts.list_contacts(models.ContactQuery()))
    first, unpaged = _rows(pages[0].body), _rows(whole.body)
    if first and unpaged is not None:
        look.row("listContacts.first", unpaged[: len(first)] == first, "other rows than the first page")
    await _filters(look, wire)
    await _contact(look, wire, objects(pages[0].body, "items") or [])
    number = await look.ask(wire.groups.check_groups(models.PhoneQuery(phone=_FILM)))
    if number.answered:
        look.row("checkGroups.nobody", objects(number.body, "items") == [], number.said)
    look.refused("checkGroups.bad", await look.ask(wire.groups.check_groups(models.PhoneQuery(phone="12"))), "2001")
    await _groups(look, wire)


async def _filters(look: Look, wire: Api) -> None:
    query = models.ContactQuery(sort="phone", order="desc", page=1, limit=50)
    phoned = [text(row.get("phone")) or "" for row in _items(await look.ask(wire.contacts.list_contacts(query)))]
    numbers = [int(re.sub(r"\D", "", phone) or 0) for phone in phoned]
    if len(set(phoned)) > 1:
        down = phoned == sorted(phoned, reverse=True) or numbers == sorted(numbers, reverse=True)
        look.row("listContacts.sort", down, "in another order")
    none = models.ContactQuery(group_id="none", page=1, limit=5)
    if rows := _items(await look.ask(wire.contacts.list_contacts(none))):
        look.row(
            "listContacts.none", all(text(row.get("group_id")) in (None, "0") for row in rows), "rows with a group"
        )
    stranger = await look.ask(wire.contacts.list_contacts(models.ContactQuery(group_id=UNKNOWN)))
    look.refused("listContacts.group", stranger, "1004")
    look.refused("listContacts.bad", await look.ask(wire.contacts.list_contacts(models.ContactQuery(limit=0))), "1006")


async def _contact(look: Look, wire: Api, rows: list[Json]) -> None:
    stranger = await look.ask(wire.contacts.get_contact(models.ContactId(id=UNKNOWN)))
    look.refused("getContact.unknown", stranger, "1004")
    row = next((row for row in rows if number(row.get("id")) is not None), None)
    if row is None:
        return
    id, phone, email = text(row["id"]), phones.key(text(row.get("phone")), "PL"), text(row.get("email"))
    got = await look.ask(wire.contacts.get_contact(models.ContactId(id=number(row.get("id")) or 0)))
    if got.ok:
        look.row("getContact.same", text(got.body.get("id")) == id, "another id, or none")
    for key, spelling in zip(_SPELLED, phones.spellings(phone) if phone else (), strict=False):
        if phone and (key != "national" or phone.startswith("+48")):  # others begin with a zero at home
            await _search(look, wire, f"listContacts.{key}", spelling, id)
    if email:
        await _search(look, wire, "listContacts.email", email, id)
    if phone and text(row.get("group_id")):
        seen = await look.ask(wire.groups.check_groups(models.PhoneQuery(phone=phone)))
        if seen.ok:
            named = {(text(each.get("id")), text(each.get("group_id"))) for each in _items(seen)}
            look.row("checkGroups.group", (id, text(row["group_id"])) in named, f"{len(named)} other rows")


async def _search(look: Look, wire: Api, claim: str, phrase: str, id: str | None) -> None:
    seen = await look.ask(wire.contacts.list_contacts(models.ContactQuery(search=phrase, page=1, limit=100)))
    if seen.ok and (found := _rows(seen.body)) is not None:
        ids = [each.partition("/")[0] for each in found]
        if id in ids or len(ids) < 100:
            look.row(claim, id in ids, f"{len(ids)} others")


async def _groups(look: Look, wire: Api) -> None:
    pages = [
        await look.ask(wire.groups.list_groups(models.GroupQuery(page=number, limit=2))) for number in (1, 2, 1_000_000)
    ]
    paged(look, "listGroups", 2, pages, _rows)
    look.refused("getGroup.unknown", await look.ask(wire.groups.get_group(models.GroupId(id=UNKNOWN))), "1004")
    row = next((row for row in _items(pages[0]) if number(row.get("id")) is not None), None)
    if row is not None:
        got = await look.ask(wire.groups.get_group(models.GroupId(id=number(row.get("id")) or 0)))
        if got.ok:
            look.row("getGroup.same", text(got.body.get("id")) == text(row["id"]), "another id, or none")


def said(body: Json) -> Iterator[tuple[object, object]]:
    if "code" in (error := as_object(body.get("error"))):
        yield error["code"], error.get("type")


def _page(number: int) -> models.ContactQuery:
    return models.ContactQuery(page=number, limit=2)


def _rows(body: Json) -> list[str] | None:
    """What tells rows apart: a contact in two groups may be two."""
    rows = objects(body, "items")
    return None if rows is None else [f"{text(row.get('id'))}/{text(row.get('group_id'))}" for row in rows]


def _items(seen: object) -> list[Json]:
    return objects(getattr(seen, "body", {}), "items") or []


PROBES = Probes(rows=(*ROWS, *WRITES), reads=25, writes=40, read=read, write=write, said=said)
