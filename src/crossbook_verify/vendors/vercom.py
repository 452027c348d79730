"""Verify the spec of Vercom. A run that writes creates equal contacts and a group."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from crossbook_wire.vercom import Api, models

from crossbook import _phones
from crossbook.vendor import parse_datetime, parse_list, parse_object
from crossbook_verify.masking import mask_value
from crossbook_verify.probe import (
    ProbeClaim,
    ProbeResponse,
    Probes,
    ProbeSession,
    check_paging,
    paging_claims,
    write_check,
)
from crossbook_verify.sample import COMPANY, EMAIL, FIRST, GROUP, LAST, UK_PHONE, UNKNOWN
from crossbook_verify.values import Json, as_number, as_path_segment, as_text, list_objects

_EXTERNAL_ID = "crossbook-verify"  # extra fields are not written, because the account would keep their names
_CREATED = datetime(2019, 2, 1, 20, 12, 12, tzinfo=UTC)
_FAR = 1_000_000_000  # an offset after the end of any list
_LISTS = ("listContacts", "listGroups", "listGroupContacts")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_FILTERS = {"id": "id", "phoneNumber": "phone_number", "email": "email", "externalId": "external_id"}

READ_CLAIMS = (
    *(row for name in _LISTS for row in paging_claims(name, "documented", "a page after the end is a 404 or empty")),
    ProbeClaim("listContacts.assumed", "without `limit` a page has at most 100 rows", "documented"),
    ProbeClaim("listContacts.most", "`limit=1001` is refused with 422", "documented"),
    *(
        ProbeClaim(f"listContacts.{name}", f"`{name}` finds the contact with this value", "documented")
        for name in _FILTERS
    ),
    ProbeClaim("listContacts.spelled", "`phoneNumber` in another spelling does not find it"),
    ProbeClaim("listContacts.capitals", "`email` in capitals does not find it"),
    ProbeClaim("listContacts.inArchive", "`inArchive=false` returns no archived contact", "documented"),
    ProbeClaim("listContacts.seconds", "dates are unix seconds", "public"),
    ProbeClaim("listContacts.getFullDate", "with `getFullDate=1` dates are `YYYY-MM-DD HH:MM:SS`", "public"),
    ProbeClaim("listContacts.unknown", "an id that does not exist is a 404", "public"),
    ProbeClaim("listContactGroups.unknown", "a contact that does not exist is a 404", "documented"),
    ProbeClaim("getSegment.unknown", "an id that does not exist is a 404"),
    ProbeClaim("listGroups.order", "ids are descending without `orderBy`, ascending with `ASC`", "public"),
    ProbeClaim("listGroupContacts.unknown", "a group that does not exist is a 404"),
    ProbeClaim("meta.status", "`status` is the HTTP status", "public"),
    ProbeClaim("meta.numberOfData", "`numberOfData` is the length of `data`", "public"),
    ProbeClaim("meta.numberOfErrors", "`numberOfErrors` is the length of `errors`", "public"),
)

WRITE_CLAIMS = (
    write_check("createContacts.stored", "the written values are read back", "documented"),
    write_check("createContacts.phone", "a phone is returned as it was sent"),
    write_check("createContacts.grouped", "`addToGroup` puts the contact into the group", "documented"),
    write_check("createContacts.named", "`data` has the id and external id of the new contact"),
    write_check("createContacts.twin", "a second contact with the same phone and e-mail is accepted"),
    write_check("createContacts.external", "a second contact with the same external id is accepted"),
    write_check("createContacts.bad", "a bad e-mail address is refused with 422", "public"),
    write_check("createGroups.named", "`data` has the id and external id of the new group"),
    write_check("createGroups.bare", "one group is taken as a bare object, without an array", "public"),
    write_check("updateGroups.bare", "one change is taken as a bare object, without an array", "public"),
    write_check("updateContacts.createdAt", "`createdAt` in a change is read back", "public"),
    write_check("updateContacts.clears", "null clears a field"),
    write_check("updateContacts.unsent", "a field that is absent keeps its value", "documented"),
    write_check("updateContacts.external", "a contact can be identified by its external id", "public"),
    write_check("updateGroups.renamed", "the new name is read back", "public"),
    write_check("updateGroups.unknown", "a group that does not exist is a 404"),
    write_check("addContactGroups.in", "the contact is in the group", "documented"),
    write_check("removeContactGroups.out", "the contact is out of the group", "documented"),
    write_check("addGroupContacts.in", "the contact is in the group", "public"),
    write_check("removeGroupContacts.out", "the contact is out of the group", "public"),
    write_check(
        "unsubscribeContacts.out",
        "`isUnsubscribeSms=true` returns the contact",
        "documented",
    ),
    write_check(
        "resubscribeContacts.in",
        "`isUnsubscribeSms=true` does not return the contact",
        "documented",
    ),
    write_check("unsubscribeContacts.channels", "the channels are sms, email, push and all"),
    write_check("deleteContacts.length", "an array of 1,000 ids is taken"),
    write_check("deleteContacts.meta", "each error of a 207 has `meta`", "public"),
    write_check("deleteContacts.partly", "with one id that does not exist the status is 207"),
    write_check("deleteContacts.source", "`meta.source` of the error is the refused id"),
    write_check("deleteContacts.gone", "the contact is deleted, and later a 404", "public"),
    write_check("deleteContacts.again", "deleting it again is a 404"),
    write_check("deleteGroups.stays", "the contacts stay"),
)


async def read(probe: ProbeSession, wire: Api) -> None:
    rows = await _check_pages(probe, "listContacts", lambda offset: wire.contacts.list_contacts(offset=offset, limit=2))
    probe.record("listContacts.seconds", *_check_dates(rows, lambda date: isinstance(date, int)))
    full = await probe.call(wire.contacts.list_contacts(limit=2, get_full_date=1))
    dates = _check_dates(_data(full), lambda date: isinstance(date, str) and bool(_DATE.fullmatch(date)))
    probe.record("listContacts.getFullDate", *dates)
    await _check_filters(probe, wire)
    if rows and as_path_segment(rows[0].get("id")):
        await _check_search(probe, wire, rows[0])
    await probe.call(wire.contacts.list_fields(limit=2))
    segments = _data(await probe.call(wire.segments.list_segments(limit=2)))
    if segments and (id := as_path_segment(segments[0].get("id"))):
        await probe.call(wire.segments.get_segment(id))
    await probe.expect_error("getSegment.unknown", wire.segments.get_segment(str(UNKNOWN)), status=404)
    await _check_groups(probe, wire)


async def _check_pages(probe: ProbeSession, operation: str, page: Callable[[int], Awaitable[Any]]) -> list[Json]:
    pages = [await probe.call(page(offset)) for offset in (0, 2, _FAR)]
    check_paging(probe, operation, 2, pages, _ids)
    return _data(pages[0])


async def _check_filters(probe: ProbeSession, wire: Api) -> None:
    plain = await probe.call(wire.contacts.list_contacts())
    if plain.ok and len(rows := _data(plain)) >= 100:
        probe.record("listContacts.assumed", len(rows) == 100, f"{len(rows)} rows")
    await probe.expect_error("listContacts.most", wire.contacts.list_contacts(limit=1001), status=422)
    kept = _data(await probe.call(wire.contacts.list_contacts(limit=10, in_archive=False)))
    if kept:
        probe.record("listContacts.inArchive", not any(row.get("inArchive") for row in kept), "archived ones")
    await probe.expect_error("listContacts.unknown", wire.contacts.list_contacts(id=UNKNOWN), status=404)
    await probe.expect_error("listContactGroups.unknown", wire.contacts.list_contact_groups(str(UNKNOWN)), status=404)


async def _check_search(probe: ProbeSession, wire: Api, row: Json) -> None:
    """Check the filters that find this row's contact, with the stored spelling and with another spelling."""
    id = as_text(row["id"]) or ""
    for theirs, parameter in _FILTERS.items():
        if value := as_text(row.get(theirs)):
            asked = as_number(value) if theirs == "id" else value
            passed = await _search_finds(probe, wire, id, **{parameter: asked}) if asked is not None else None
            probe.record(f"listContacts.{theirs}", passed, "not true")
    stored = as_text(row.get("phoneNumber"))
    phone = _phones.match_key(stored, "PL")
    others = [each for each in _phones.list_spellings(phone) if each != stored] if phone else []
    if others:
        found = await _search_finds(probe, wire, id, phone_number=others[-1])
        probe.record("listContacts.spelled", None if found is None else not found, "it finds the contact")
    email = as_text(row.get("email"))
    if email and email.upper() != email:
        found = await _search_finds(probe, wire, id, email=email.upper())
        probe.record("listContacts.capitals", None if found is None else not found, "it finds the contact")
    await probe.call(wire.contacts.list_contact_groups(id))


async def _search_finds(probe: ProbeSession, wire: Api, id: str, /, **filters: Any) -> bool | None:
    response = await probe.call(wire.contacts.list_contacts(limit=100, **filters))
    if not response.responded:
        return None
    ids = _ids(response.body) if response.ok else []
    return ids is not None and id in ids and (len(ids) < 100)


async def _check_groups(probe: ProbeSession, wire: Api) -> None:
    rows = await _check_pages(probe, "listGroups", lambda offset: wire.groups.list_groups(offset=offset, limit=2))
    rising = _data(await probe.call(wire.groups.list_groups(limit=5, order_by="id", order_direction="ASC")))
    down, up = _numbers(rows), _numbers(rising)
    if len(down) > 1 and len(up) > 1:
        probe.record("listGroups.order", down == sorted(down, reverse=True) and up == sorted(up), "in another order")
    # The oldest group contains all contacts.
    if rising and (id := as_path_segment(rising[0].get("id"))):
        await _check_pages(
            probe, "listGroupContacts", lambda offset: wire.groups.list_group_contacts(id, offset=offset, limit=2)
        )
    await probe.expect_error("listGroupContacts.unknown", wire.groups.list_group_contacts(str(UNKNOWN)), status=404)


async def write(probe: ProbeSession, wire: Api) -> None:
    made = await probe.call(wire.groups.create_groups([models.NewGroup(name=GROUP, externalId=_EXTERNAL_ID)]))
    group = _track_created(probe, "group", made)
    contact = await _create_contact(
        probe, wire, externalId=_EXTERNAL_ID, phoneNumber=UK_PHONE, addToGroup=[group] if group else []
    )
    if contact is None or group is None:
        return
    row = await _read_contact(probe, wire, contact)
    if row:
        sent = {
            "email": EMAIL,
            "firstName": FIRST,
            "lastName": LAST,
            "companyName": COMPANY,
            "externalId": _EXTERNAL_ID,
        }
        probe.check_fields("createContacts.stored", row, sent)
        probe.check_value("createContacts.phone", row.get("phoneNumber"), UK_PHONE)
    probe.record("createContacts.grouped", await _is_in_group(probe, wire, contact, group), "not true")
    await _check_bare_group(probe, wire)
    twin = await _check_twins(probe, wire, contact)
    await _check_update(probe, wire, contact, group)
    await _check_membership(probe, wire, contact, group)
    await _check_consent(probe, wire, contact)
    await _check_deletion(probe, wire, contact, twin, group)


async def _check_bare_group(probe: ProbeSession, wire: Api) -> None:
    new = models.NewGroup(name=GROUP, externalId=f"{_EXTERNAL_ID}-bare")
    made = await probe.call(wire.groups.create_groups(new))
    rows = _data(made)
    group = as_number(probe.track("group", as_text(rows[0].get("id")) if rows else None, made))
    probe.record("createGroups.bare", made.ok and group is not None if made.responded else None, made.summary)
    if group is None:
        return
    changed = await probe.call(wire.groups.update_groups(models.GroupUpdate(id=group, name=f"{GROUP} 3")))
    passed = changed.ok and bool(_data(changed)) if changed.responded else None
    probe.record("updateGroups.bare", passed, changed.summary)
    if (await probe.call(wire.groups.delete_groups(models.GroupIds(id=[group])))).ok:
        probe.untrack(str(group))


async def _check_twins(probe: ProbeSession, wire: Api, contact: int) -> int | None:
    twin = await _create_contact(probe, wire, phoneNumber=UK_PHONE)
    probe.record("createContacts.twin", twin is not None and twin != contact, "not true")
    other = await _create_contact(probe, wire, externalId=_EXTERNAL_ID)
    probe.record("createContacts.external", other is not None and other != contact, "not true")
    if other is not None and (await probe.call(wire.contacts.delete_contacts(models.ContactIds(id=[other])))).ok:
        probe.untrack(str(other))
    invalid = await probe.expect_error(
        "createContacts.bad",
        wire.contacts.create_contacts([models.NewContact(email="invalid", firstName=FIRST)]),
        status=422,
    )
    if invalid.ok:
        _track_created(probe, "contact", invalid)
    return twin


async def _check_update(probe: ProbeSession, wire: Api, contact: int, group: int) -> None:
    created = models.ContactChanges(createdAt=f"{_CREATED:%Y-%m-%d %H:%M:%S}")
    dated = await probe.call(wire.contacts.update_contacts([models.ContactUpdateById(id=str(contact), data=created)]))
    row = await _read_contact(probe, wire, contact)
    if row and dated.responded:
        # The vendor's time zone is not documented.
        date = parse_datetime(row.get("createdAt"))
        passed = dated.ok and date is not None and abs(date - _CREATED) < timedelta(days=1)
        probe.record("updateContacts.createdAt", passed, dated.summary)
    changes = models.ContactChanges(companyName=None)
    await probe.call(wire.contacts.update_contacts([models.ContactUpdateById(id=str(contact), data=changes)]))
    row = await _read_contact(probe, wire, contact)
    if row:
        probe.record("updateContacts.clears", row.get("companyName") in (None, ""), mask_value(row.get("companyName")))
        probe.check_value("updateContacts.unsent", row.get("lastName"), LAST)
    named = models.ContactUpdateByExternalId(
        externalId=_EXTERNAL_ID, data=models.ContactChanges(companyName=f"{COMPANY} 2")
    )
    await probe.call(wire.contacts.update_contacts([named]))
    row = await _read_contact(probe, wire, contact)
    if row:
        probe.record("updateContacts.external", row.get("companyName") == f"{COMPANY} 2", "it was not changed")
    renamed = await probe.call(wire.groups.update_groups([models.GroupUpdate(id=group, name=f"{GROUP} 2")]))
    listed = await probe.call(wire.groups.list_groups(limit=1000))
    names = [each.get("name") for each in _data(listed) if as_text(each.get("id")) == str(group)]
    if renamed.ok and names:
        probe.record("updateGroups.renamed", names == [f"{GROUP} 2"], mask_value(names[0]))
    await probe.expect_error(
        "updateGroups.unknown", wire.groups.update_groups([models.GroupUpdate(id=UNKNOWN, name=GROUP)]), status=404
    )


async def _check_membership(probe: ProbeSession, wire: Api, contact: int, group: int) -> None:
    groups, contacts = models.GroupIds(id=[group]), models.ContactIds(id=[contact])
    steps: dict[str, Awaitable[Any]] = {
        "removeContactGroups.out": wire.contacts.remove_contact_groups(contact, groups),
        "addContactGroups.in": wire.contacts.add_contact_groups(contact, groups),
        "removeGroupContacts.out": wire.groups.remove_group_contacts(group, contacts),
        "addGroupContacts.in": wire.groups.add_group_contacts(group, contacts),
    }
    for claim, call in steps.items():
        if (await probe.call(call)).ok:
            inside = await _is_in_group(probe, wire, contact, group)
            passed = None if inside is None else inside == claim.endswith(".in")
            probe.record(claim, passed, "it is" if inside else "not true")


async def _check_consent(probe: ProbeSession, wire: Api, contact: int) -> None:
    ids = models.ContactIds(id=[contact])
    if (await probe.call(wire.contacts.unsubscribe_contacts("sms", ids))).ok:
        found = await _read_contact(probe, wire, contact, is_unsubscribe_sms=True)
        probe.record("unsubscribeContacts.out", None if found is None else bool(found), "not true")
        if (await probe.call(wire.contacts.resubscribe_contacts("sms", ids))).ok:
            found = await _read_contact(probe, wire, contact, is_unsubscribe_sms=True)
            probe.record("resubscribeContacts.in", None if found is None else not found, "it does")
    channels: tuple[Literal["email", "push", "all"], ...] = ("email", "push", "all")
    answers = {channel: await probe.call(wire.contacts.unsubscribe_contacts(channel, ids)) for channel in channels}
    if all(answer.responded for answer in answers.values()):
        refused = [f"{channel}: {answer.summary}" for channel, answer in answers.items() if not answer.ok]
        probe.record("unsubscribeContacts.channels", not refused, "; ".join(refused))


async def _check_deletion(probe: ProbeSession, wire: Api, contact: int, twin: int | None, group: int) -> None:
    if (await probe.call(wire.groups.delete_groups(models.GroupIds(id=[group])))).ok:
        probe.untrack(str(group))
        row = await _read_contact(probe, wire, contact)
        probe.record("deleteGroups.stays", None if row is None else bool(row), "the contact is gone")
    many = [UNKNOWN - number for number in range(1000)]
    answer = await probe.call(wire.contacts.delete_contacts(models.ContactIds(id=many)))
    if answer.responded:
        probe.record("deleteContacts.length", answer.status in (200, 207, 404), answer.summary)
    if twin is not None:
        partly = await probe.expect_error(
            "deleteContacts.partly", wire.contacts.delete_contacts(models.ContactIds(id=[twin, UNKNOWN])), status=207
        )
        if partly.status == 207:
            probe.untrack(str(twin))
            problems = list_objects(partly.body, "errors") or []
            probe.record("deleteContacts.meta", all("meta" in problem for problem in problems), "no meta")
            sources = [as_text(parse_object(problem.get("meta")).get("source")) for problem in problems]
            probe.record("deleteContacts.source", sources == [str(UNKNOWN)], f"{len(sources)} errors, otherwise")
    ids = models.ContactIds(id=[contact])
    if (await probe.call(wire.contacts.delete_contacts(ids))).ok:
        probe.untrack(str(contact))
        await probe.expect_error("deleteContacts.gone", wire.contacts.list_contacts(id=contact), status=404)
        await probe.expect_error("deleteContacts.again", wire.contacts.delete_contacts(ids), status=404)


async def _create_contact(probe: ProbeSession, wire: Api, **fields: Any) -> int | None:
    new = models.NewContact(email=EMAIL, firstName=FIRST, lastName=LAST, companyName=COMPANY, **fields)
    return _track_created(
        probe, "contact", await probe.call(wire.contacts.create_contacts([new])), fields.get("externalId")
    )


def _track_created(probe: ProbeSession, kind: str, response: ProbeResponse, external: str | None = None) -> int | None:
    rows = _data(response)
    claim, external = ("createGroups.named", _EXTERNAL_ID) if kind == "group" else ("createContacts.named", external)
    if response.ok:
        right = len(rows) == 1 and bool(as_text(rows[0].get("id"))) and rows[0].get("externalId") == external
        probe.record(claim, right, f"{len(rows)} rows, otherwise")
    return as_number(probe.track(kind, as_text(rows[0].get("id")) if rows else None, response))


async def _read_contact(probe: ProbeSession, wire: Api, contact: int, **filters: Any) -> Json | None:
    """Return the contact's row in the vendor's list: an empty row if the contact is not in it, None if no list came."""
    response = await probe.call(wire.contacts.list_contacts(id=contact, limit=1, **filters))
    return next(iter(_data(response)), dict[str, Any]()) if response.ok or response.status == 404 else None


async def _is_in_group(probe: ProbeSession, wire: Api, contact: int, group: int) -> bool | None:
    response = await probe.call(wire.contacts.list_contact_groups(str(contact)))
    if not (response.ok or response.status == 404):
        return None
    return str(group) in [as_text(row.get("id")) for row in _data(response)]


def check_response(probe: ProbeSession, operation: str, status: int, body: Json) -> None:
    """Check that `meta` in a body has the status of the response and its numbers of data and errors."""
    meta = parse_object(body.get("meta"))
    counted = {name: len(parse_list(body.get(name))) for name in ("data", "errors")}
    expected = {"status": status, "numberOfData": counted["data"], "numberOfErrors": counted["errors"]}
    for name, value in expected.items():
        if name in meta:
            probe.record(f"meta.{name}", meta[name] == value, "a different number", operation=operation)


def find_codes(body: Json) -> Iterator[tuple[object, object]]:
    for problem in list_objects(body, "errors") or ():
        if "code" in problem:
            yield problem["code"], problem.get("title")


def _ids(body: Json) -> list[str] | None:
    rows = list_objects(body, "data")
    return None if rows is None else [as_text(row.get("id")) or "" for row in rows]


def _data(response: ProbeResponse) -> list[Json]:
    return list_objects(response.body, "data") or []


def _numbers(rows: Sequence[Json]) -> list[int]:
    return [id for row in rows if (id := as_number(row.get("id"))) is not None]


def _check_dates(rows: Sequence[Json], right: Callable[[object], bool]) -> tuple[bool | None, str]:
    dates = [row["createdAt"] for row in rows if row.get("createdAt") is not None]
    return all(map(right, dates)) if dates else None, "dates of another form"


PROBES = Probes(
    claims=(*READ_CLAIMS, *WRITE_CLAIMS),
    read_limit=34,
    write_limit=54,
    read=read,
    write=write,
    find_codes=find_codes,
    check_response=check_response,
)
