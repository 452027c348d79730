"""What `crossbook verify` asks SerwerSMS, reading only; what it asks in writing is in `trials.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from crossbook_wire.serwersms import Api, models

from crossbook import _phones
from crossbook.vendor import parse_object
from crossbook_verify.probe import (
    COMPANY,
    EMAIL,
    FIRST,
    GROUP,
    LAST,
    UNKNOWN,
    Json,
    Look,
    Probes,
    Row,
    came,
    number,
    objects,
    paged,
    paging,
    text,
    trial,
)

# What `crossbook verify --write` does at SerwerSMS: a contact, a twin of it and two groups, made, changed, removed.

PHONE = "+447700900789"  # of Ofcom's numbers for films: nobody has it
_NAMES: dict[str, Any] = {"first_name": FIRST, "last_name": LAST, "email": EMAIL}

WRITES = (
    trial("createContact.stored", "`createContact`: what was written is read back"),
    trial("createContact.phone", "`createContact`: a phone comes back as it was sent"),
    trial("createContact.grouped", "`createContact`: the contact is listed in the group that was named"),
    trial("createContact.twin", "`createContact`: a second contact with the same phone and e-mail is accepted"),
    trial("updateContact.groups", "`updateContact`: the groups are replaced by those that are sent"),
    trial("updateContact.rows", "`listContacts`: a contact in two groups comes as two rows"),
    trial("updateContact.clears", "`updateContact`: an empty text clears a field"),
    trial("updateContact.unsent", "`updateContact`: a field that is not sent is emptied"),
    trial("updateContact.none", "`updateContact`: an empty array of groups leaves the contact in none"),
    trial("updateGroup.renamed", "`updateGroup`: the new name is read back"),
    trial("deleteGroup.stays", "`deleteGroup`: without `delete_contacts` the contacts stay"),
    trial("deleteContact.gone", "`deleteContact`: the contact is gone, and 1004 from then on"),
    trial("deleteContact.again", "`deleteContact`: deleting it again is 1004"),
)


async def write(look: Look, wire: Api) -> None:
    first, second = await _group(look, wire, GROUP), await _group(look, wire, f"{GROUP} 2")
    contact = await _trial_contact(look, wire, first)
    if contact is None or first is None or second is None:
        return
    await _created(look, wire, contact, first)
    twin = await _trial_contact(look, wire, first)
    look.row("createContact.twin", twin is not None and twin != contact, "it is not")
    await _updated(look, wire, contact, first, second)
    await look.ask(wire.groups.update_group(models.GroupEdit(id=first, name=f"{GROUP} 3")))
    renamed = await look.ask(wire.groups.get_group(models.GroupId(id=first)))
    if renamed.ok:
        look.row("updateGroup.renamed", renamed.body.get("name") == f"{GROUP} 3", came(renamed.body.get("name")))
    await _deleted(look, wire, contact, second)


async def _created(look: Look, wire: Api, contact: int, group: int) -> None:
    stored = await _read(look, wire, contact)
    if stored is not None:
        wrong = [name for name, value in {**_NAMES, "company": COMPANY}.items() if stored.get(name) != value]
        look.row("createContact.stored", not wrong, f"not so: {', '.join(wrong)}")
        look.row("createContact.phone", stored.get("phone") == PHONE, came(stored.get("phone")))
    listed = await look.ask(wire.contacts.list_contacts(models.ContactQuery(group_id=group, page=1, limit=10)))
    if listed.ok:
        ids = [text(row.get("id")) for row in objects(listed.body, "items") or []]
        look.row("createContact.grouped", str(contact) in ids, f"{len(ids)} others")


async def _updated(look: Look, wire: Api, contact: int, first: int, second: int) -> None:
    await _edit(look, wire, contact, [first, second], company="")
    look.row("updateContact.groups", *_same(await _groups_of(look, wire, contact), {first, second}))
    listed = await look.ask(wire.contacts.list_contacts(models.ContactQuery(search=EMAIL, page=1, limit=50)))
    rows = [row for row in objects(listed.body, "items") or [] if text(row.get("id")) == str(contact)]
    if listed.ok and rows:
        look.row("updateContact.rows", len(rows) == 2, f"{len(rows)} rows")
    stored = await _read(look, wire, contact)
    if stored is not None:
        look.row("updateContact.clears", not stored.get("company"), came(stored.get("company")))
    await _edit(look, wire, contact, [], company=COMPANY)
    look.row("updateContact.none", *_same(await _groups_of(look, wire, contact), set()))
    await _edit(look, wire, contact, second)
    stored = await _read(look, wire, contact)
    if stored is not None:
        look.row("updateContact.unsent", not stored.get("company"), "it is kept")


async def _deleted(look: Look, wire: Api, contact: int, group: int) -> None:
    removed = await look.ask(wire.groups.delete_group(models.GroupDeletion(id=group)))
    if removed.ok:
        look.gone(str(group))
        stays = await look.ask(wire.contacts.get_contact(models.ContactId(id=contact)))
        if stays.answered:
            look.row("deleteGroup.stays", stays.ok, stays.said)
    gone = await look.ask(wire.contacts.delete_contact(models.ContactId(id=contact)))
    if gone.ok:
        look.gone(str(contact))
        look.refused(
            "deleteContact.gone", await look.ask(wire.contacts.get_contact(models.ContactId(id=contact))), "1004"
        )
        again = await look.ask(wire.contacts.delete_contact(models.ContactId(id=contact)))
        look.refused("deleteContact.again", again, "1004")


async def _group(look: Look, wire: Api, name: str) -> int | None:
    seen = await look.ask(wire.groups.create_group(models.NewGroup(name=name)))
    return number(look.made("group", text(seen.body.get("id")), seen))


async def _trial_contact(look: Look, wire: Api, group: int | None) -> int | None:
    new = models.NewContact(phone=PHONE, company=COMPANY, **_NAMES)
    if group is not None:
        new.group_id = group
    seen = await look.ask(wire.contacts.create_contact(new))
    return number(look.made("contact", text(seen.body.get("id")), seen))


async def _edit(look: Look, wire: Api, contact: int, groups: int | list[int], **values: str) -> None:
    edit: Any = {**_NAMES, **values}
    await look.ask(wire.contacts.update_contact(models.ContactEdit(id=contact, group_id=groups, phone=PHONE, **edit)))


async def _read(look: Look, wire: Api, contact: int) -> Json | None:
    seen = await look.ask(wire.contacts.get_contact(models.ContactId(id=contact)))
    return seen.body if seen.ok else None


async def _groups_of(look: Look, wire: Api, contact: int) -> set[str | None] | None:
    seen = await look.ask(wire.groups.check_groups(models.PhoneQuery(phone=PHONE)))
    rows = objects(seen.body, "items") if seen.ok else None
    return None if rows is None else {text(row.get("group_id")) for row in rows if text(row.get("id")) == str(contact)}


def _same(found: set[str | None] | None, wanted: set[int]) -> tuple[bool | None, str]:
    return None if found is None else found == {str(id) for id in wanted}, f"{len(found or ())} groups"


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
    id, phone, email = text(row["id"]), _phones.match_key(text(row.get("phone")), "PL"), text(row.get("email"))
    got = await look.ask(wire.contacts.get_contact(models.ContactId(id=number(row.get("id")) or 0)))
    if got.ok:
        look.row("getContact.same", text(got.body.get("id")) == id, "another id, or none")
    for key, spelling in zip(_SPELLED, _phones.list_spellings(phone) if phone else (), strict=False):
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
    if "code" in (error := parse_object(body.get("error"))):
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
