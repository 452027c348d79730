"""What `crossbook verify` asks Vercom, reading only; what it asks in writing is in `trials.py`."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from crossbook_wire.vercom import Api, models

from crossbook import _phones
from crossbook.vendor import parse_list, parse_object
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
    Seen,
    came,
    number,
    objects,
    paged,
    paging,
    plain,
    text,
    trial,
)  # fmt: skip

# What `crossbook verify --write` does at Vercom: a contact, a twin of it and a group, made, changed, removed.

PHONE = "+447700900789"  # of Ofcom's numbers for films: nobody has it
_MARK = "crossbook-verify"  # the external id; no additional field is written, since the account would keep its name

WRITES = (
    trial("createContacts.stored", "`createContacts`: what was written is read back", "documented"),
    trial("createContacts.phone", "`createContacts`: a phone comes back as it was sent"),
    trial("createContacts.grouped", "`createContacts`: `addToGroup` puts the contact into the group", "documented"),
    trial("createContacts.named", "`createContacts`: `data` names the new contact by id and external id"),
    trial("createContacts.twin", "`createContacts`: a second one with the same phone and e-mail is accepted"),
    trial("createContacts.external", "`createContacts`: a second contact with the same external id is accepted"),
    trial("createContacts.bad", "`createContacts`: a bad e-mail address is refused with 422", "public"),
    trial("createGroups.named", "`createGroups`: `data` names the new group by id and external id"),
    trial("updateContacts.clears", "`updateContacts`: null clears a field"),
    trial("updateContacts.unsent", "`updateContacts`: a field that is not named stays", "documented"),
    trial("updateContacts.external", "`updateContacts`: a contact can be named by its external id", "public"),
    trial("updateGroups.renamed", "`updateGroups`: the new name is read back", "public"),
    trial("updateGroups.unknown", "`updateGroups`: a group that does not exist is a 404"),
    trial("addContactGroups.in", "`addContactGroups`: the contact is in the group", "documented"),
    trial("removeContactGroups.out", "`removeContactGroups`: the contact is out of the group", "documented"),
    trial("addGroupContacts.in", "`addGroupContacts`: the contact is in the group", "public"),
    trial("removeGroupContacts.out", "`removeGroupContacts`: the contact is out of the group", "public"),
    trial(
        "unsubscribeContacts.out",
        "`unsubscribeContacts`: `isUnsubscribeSms=true` finds the contact",
        "documented",
    ),
    trial("resubscribeContacts.in", "`resubscribeContacts`: it does not find it any more", "documented"),
    trial("deleteContacts.partly", "`deleteContacts`: with one id that does not exist the answer is 207"),
    trial("deleteContacts.source", "`deleteContacts`: the error's `meta.source` is the id that was refused"),
    trial("deleteContacts.gone", "`deleteContacts`: the contact is gone, and a 404 from then on", "public"),
    trial("deleteContacts.again", "`deleteContacts`: deleting it again is a 404"),
    trial("deleteGroups.stays", "`deleteGroups`: the contacts stay"),
)


async def write(look: Look, wire: Api) -> None:
    made = await look.ask(wire.groups.create_groups([models.NewGroup(name=GROUP, externalId=_MARK)]))
    group = _made(look, "group", made)
    contact = await _new(look, wire, externalId=_MARK, phoneNumber=PHONE, addToGroup=[group] if group else [])
    if contact is None or group is None:
        return
    row = await _stored(look, wire, contact)
    if row:
        sent = {"email": EMAIL, "firstName": FIRST, "lastName": LAST, "companyName": COMPANY, "externalId": _MARK}
        wrong = [name for name, value in sent.items() if row.get(name) != value]
        look.row("createContacts.stored", not wrong, f"not so: {', '.join(wrong)}")
        look.row("createContacts.phone", row.get("phoneNumber") == PHONE, came(row.get("phoneNumber")))
    look.row("createContacts.grouped", await _inside(look, wire, contact, group), "it does not")
    twin = await _twins(look, wire, contact)
    await _changed(look, wire, contact, group)
    await _members(look, wire, contact, group)
    await _consent(look, wire, contact)
    await _deleted(look, wire, contact, twin, group)


async def _twins(look: Look, wire: Api, contact: int) -> int | None:
    twin = await _new(look, wire, phoneNumber=PHONE)
    look.row("createContacts.twin", twin is not None and twin != contact, "it is not")
    other = await _new(look, wire, externalId=_MARK)
    look.row("createContacts.external", other is not None and other != contact, "it is not")
    if other is not None and (await look.ask(wire.contacts.delete_contacts(models.ContactIds(id=[other])))).ok:
        look.gone(str(other))
    bad = await look.ask(wire.contacts.create_contacts([models.NewContact(email="nobody", firstName=FIRST)]))
    look.refused("createContacts.bad", bad, status=422)
    if bad.ok:
        _made(look, "contact", bad)
    return twin


async def _changed(look: Look, wire: Api, contact: int, group: int) -> None:
    changes = models.ContactChanges(companyName=None)
    await look.ask(wire.contacts.update_contacts([models.ContactUpdateById(id=str(contact), data=changes)]))
    row = await _stored(look, wire, contact)
    if row:
        look.row("updateContacts.clears", row.get("companyName") in (None, ""), came(row.get("companyName")))
        look.row("updateContacts.unsent", row.get("lastName") == LAST, came(row.get("lastName")))
    named = models.ContactUpdateByExternalId(externalId=_MARK, data=models.ContactChanges(companyName=f"{COMPANY} 2"))
    await look.ask(wire.contacts.update_contacts([named]))
    row = await _stored(look, wire, contact)
    if row:
        look.row("updateContacts.external", row.get("companyName") == f"{COMPANY} 2", "it was not changed")
    renamed = await look.ask(wire.groups.update_groups([models.GroupUpdate(id=group, name=f"{GROUP} 2")]))
    listed = await look.ask(wire.groups.list_groups(limit=1000))
    names = [each.get("name") for each in _trial_data(listed) if text(each.get("id")) == str(group)]
    if renamed.ok and names:
        look.row("updateGroups.renamed", names == [f"{GROUP} 2"], came(names[0]))
    stranger = await look.ask(wire.groups.update_groups([models.GroupUpdate(id=UNKNOWN, name=GROUP)]))
    look.refused("updateGroups.unknown", stranger, status=404)


async def _members(look: Look, wire: Api, contact: int, group: int) -> None:
    groups, contacts = models.GroupIds(id=[group]), models.ContactIds(id=[contact])
    steps: dict[str, Awaitable[Any]] = {
        "removeContactGroups.out": wire.contacts.remove_contact_groups(contact, groups),
        "addContactGroups.in": wire.contacts.add_contact_groups(contact, groups),
        "removeGroupContacts.out": wire.groups.remove_group_contacts(group, contacts),
        "addGroupContacts.in": wire.groups.add_group_contacts(group, contacts),
    }
    for claim, call in steps.items():
        if (await look.ask(call)).ok:
            inside = await _inside(look, wire, contact, group)
            held = None if inside is None else inside == claim.endswith(".in")
            look.row(claim, held, "it is" if inside else "it is not")


async def _consent(look: Look, wire: Api, contact: int) -> None:
    ids = models.ContactIds(id=[contact])
    if (await look.ask(wire.contacts.unsubscribe_contacts("sms", ids))).ok:
        found = await _stored(look, wire, contact, is_unsubscribe_sms=True)
        look.row("unsubscribeContacts.out", None if found is None else bool(found), "it is not")
        if (await look.ask(wire.contacts.resubscribe_contacts("sms", ids))).ok:
            found = await _stored(look, wire, contact, is_unsubscribe_sms=True)
            look.row("resubscribeContacts.in", None if found is None else not found, "it still is")


async def _deleted(look: Look, wire: Api, contact: int, twin: int | None, group: int) -> None:
    if (await look.ask(wire.groups.delete_groups(models.GroupIds(id=[group])))).ok:
        look.gone(str(group))
        row = await _stored(look, wire, contact)
        look.row("deleteGroups.stays", None if row is None else bool(row), "the contact is gone")
    if twin is not None:
        partly = await look.ask(wire.contacts.delete_contacts(models.ContactIds(id=[twin, UNKNOWN])))
        look.refused("deleteContacts.partly", partly, status=207)
        if partly.status == 207:
            look.gone(str(twin))
            sources = [_source(problem) for problem in objects(partly.body, "errors") or ()]
            look.row("deleteContacts.source", sources == [str(UNKNOWN)], f"{len(sources)} errors, otherwise")
    ids = models.ContactIds(id=[contact])
    if (await look.ask(wire.contacts.delete_contacts(ids))).ok:
        look.gone(str(contact))
        look.refused("deleteContacts.gone", await look.ask(wire.contacts.list_contacts(id=contact)), status=404)
        look.refused("deleteContacts.again", await look.ask(wire.contacts.delete_contacts(ids)), status=404)


async def _new(look: Look, wire: Api, **fields: Any) -> int | None:
    new = models.NewContact(email=EMAIL, firstName=FIRST, lastName=LAST, companyName=COMPANY, **fields)
    return _made(look, "contact", await look.ask(wire.contacts.create_contacts([new])), fields.get("externalId"))


def _made(look: Look, kind: str, seen: Seen, external: str | None = None) -> int | None:
    rows = _trial_data(seen)
    claim, external = ("createGroups.named", _MARK) if kind == "group" else ("createContacts.named", external)
    if seen.ok:
        right = len(rows) == 1 and bool(text(rows[0].get("id"))) and rows[0].get("externalId") == external
        look.row(claim, right, f"{len(rows)} rows, otherwise")
    return number(look.made(kind, text(rows[0].get("id")) if rows else None, seen))


async def _stored(look: Look, wire: Api, contact: int, **filters: Any) -> Json | None:
    """The contact as the list tells it; an empty one if it is not there, None if there is no answer."""
    seen = await look.ask(wire.contacts.list_contacts(id=contact, limit=1, **filters))
    return next(iter(_trial_data(seen)), dict[str, Any]()) if seen.ok or seen.status == 404 else None


async def _inside(look: Look, wire: Api, contact: int, group: int) -> bool | None:
    seen = await look.ask(wire.contacts.list_contact_groups(str(contact)))
    if not (seen.ok or seen.status == 404):
        return None
    return str(group) in [text(row.get("id")) for row in _trial_data(seen)]


def _source(problem: Json) -> str | None:
    return text(parse_object(problem.get("meta")).get("source"))


def _trial_data(seen: Seen) -> list[Json]:
    return objects(seen.body, "data") or []


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
    phone = _phones.match_key(stored, "PL")
    others = [each for each in _phones.list_spellings(phone) if each != stored] if phone else []
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
    meta = parse_object(body.get("meta"))
    counted = {name: len(parse_list(body.get(name))) for name in ("data", "errors")}
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
