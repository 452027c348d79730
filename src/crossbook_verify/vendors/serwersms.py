"""Verify the spec of SerwerSMS. A run that writes creates five contacts with one phone number, and three groups."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Iterator
from typing import Any, Literal

from crossbook_wire.serwersms import Api, models

from crossbook import _phones
from crossbook.vendor import parse_object
from crossbook_verify.masking import mask_value
from crossbook_verify.probe import ProbeClaim, Probes, ProbeSession, check_paging, paging_claims, write_check
from crossbook_verify.sample import COMPANY, EMAIL, FIRST, GROUP, LAST, UK_PHONE, UNKNOWN
from crossbook_verify.values import Json, as_number, as_text, list_objects

_NAMES: dict[str, Any] = {"first_name": FIRST, "last_name": LAST, "email": EMAIL}
_END = "a page after the last is an empty list"
_SPELLINGS = {"plus": "with a plus", "bare": "without the plus", "national": "in national form"}

READ_CLAIMS = (
    *paging_claims("listContacts", "public", _END),
    *paging_claims("listGroups", "public", _END),
    ProbeClaim("listContacts.first", "without `page` the response is the first page"),
    ProbeClaim("listContacts.null", "`null` for a parameter means that it is not sent", "public"),
    ProbeClaim("listContacts.zero", "`page: 0` is the first page", "public"),
    ProbeClaim("listContacts.sort", "rows follow `sort` and `order`", "documented"),
    ProbeClaim("listContacts.none", "`group_id: none` returns contacts in no group", "documented"),
    *(ProbeClaim(f"listContacts.{key}", f"`search` finds a phone {how}") for key, how in _SPELLINGS.items()),
    ProbeClaim("listContacts.email", "`search` finds an e-mail address"),
    ProbeClaim("listContacts.group", "a group that does not exist is 1004"),
    ProbeClaim("listContacts.bad", "a bad value (`limit: 0`) is 1006"),
    ProbeClaim("getContact.same", "the response has the requested contact", "public"),
    ProbeClaim("getContact.unknown", "an id that does not exist is 1004"),
    ProbeClaim("checkGroups.group", "the response has the contact's group of the list", "documented"),
    ProbeClaim("checkGroups.unknown", "an unknown number has an empty list"),
    ProbeClaim("checkGroups.bad", "a bad phone number is 2001"),
    ProbeClaim("getGroup.same", "the response has the requested group", "public"),
    ProbeClaim("getGroup.unknown", "an id that does not exist is 1004"),
    ProbeClaim("listBlacklist.end", _END),
    ProbeClaim("listBlacklist.agrees", "the list has a number exactly if `checkBlacklist` says that it exists"),
    ProbeClaim("checkBlacklist.bad", "a bad phone number is 2001"),
)

WRITE_CLAIMS = (
    write_check("createContact.stored", "the written values are read back"),
    write_check("createContact.phone", "a phone is returned as it was sent"),
    write_check("createContact.grouped", "the contact is in the group of the request"),
    write_check("createContact.twin", "a second contact with the same phone and e-mail is accepted"),
    write_check("createContact.none", "`group_id: none` creates a contact in no group", "public"),
    write_check("createContact.unknown", "a group that does not exist is accepted, and left out", "public"),
    write_check("updateContact.groups", "the groups are replaced by the sent groups"),
    write_check("updateContact.rows", "after it `listContacts` returns a contact in two groups as two rows"),
    write_check("updateContact.clears", "an empty text clears a field"),
    write_check("updateContact.unsent", "a field that is absent is cleared"),
    write_check("updateContact.none", "`group_id: none` removes the contact from all groups"),
    write_check("addToBlacklist.listed", "the number is on the blacklist afterwards", "public"),
    write_check("addToBlacklist.flag", "afterwards `getContact` has `blacklist: true`", "public"),
    write_check("addToBlacklist.twice", "adding a number twice is a success"),
    write_check("deleteFromBlacklist.gone", "the number is off the blacklist", "public"),
    write_check("deleteFromBlacklist.missing", "a number that is not listed is a success"),
    write_check("importContacts.text", "`contact` may be JSON text; its contacts are in a new group", "public"),
    write_check("updateGroup.renamed", "the new name is read back"),
    write_check("deleteGroup.stays", "without `delete_contacts` the contacts stay"),
    write_check("deleteGroup.array", "an array of ids deletes each of the groups", "public"),
    write_check("deleteContact.array", "an array of ids deletes each of the contacts", "public"),
    write_check(
        "deleteContact.mixed",
        "an array with an id that does not exist is 1004, and deletes nothing",
    ),
    write_check("deleteContact.gone", "the contact is deleted, and later 1004"),
    write_check("deleteContact.again", "deleting it again is 1004"),
)


async def read(probe: ProbeSession, wire: Api) -> None:
    pages = [await probe.call(wire.contacts.list_contacts(_page(number))) for number in (1, 2, 1_000_000)]
    check_paging(probe, "listContacts", 2, pages, _row_keys)
    whole = await probe.call(wire.contacts.list_contacts(models.ContactQuery()))
    first, unpaged = _row_keys(pages[0].body), _row_keys(whole.body)
    if first and unpaged is not None:
        probe.record("listContacts.first", unpaged[: len(first)] == first, "other rows than the first page")
    unsent: Any = dict.fromkeys(("search", "group_id", "sort", "order"))
    for claim, query in (
        ("listContacts.null", models.ContactQuery(page=1, limit=2, **unsent)),
        ("listContacts.zero", _page(0)),
    ):
        response = await probe.call(wire.contacts.list_contacts(query))
        if first is not None and response.responded:
            probe.record(claim, response.ok and _row_keys(response.body) == first, f"{response.summary}, other rows")
    await _check_filters(probe, wire)
    await _check_contact(probe, wire, list_objects(pages[0].body, "items") or [])
    number = await probe.call(wire.groups.check_groups(models.PhoneQuery(phone=UK_PHONE)))
    if number.responded:
        probe.record("checkGroups.unknown", list_objects(number.body, "items") == [], number.summary)
    await probe.expect_error("checkGroups.bad", wire.groups.check_groups(models.PhoneQuery(phone="12")), "2001")
    await _check_groups(probe, wire)
    far = await probe.call(wire.blacklist.list_blacklist(models.BlacklistQuery(page=1_000_000, limit=2)))
    if far.responded:
        probe.record("listBlacklist.end", list_objects(far.body, "items") == [], far.summary)
    listed = await probe.call(wire.blacklist.list_blacklist(models.BlacklistQuery(phone=UK_PHONE)))
    exists = await _is_blacklisted(probe, wire)
    if listed.ok and exists is not None:
        rows = list_objects(listed.body, "items") or []
        probe.record("listBlacklist.agrees", exists == bool(rows), f"{len(rows)} rows")
    await probe.expect_error(
        "checkBlacklist.bad", wire.blacklist.check_blacklist(models.PhoneQuery(phone="12")), "2001"
    )


async def _check_filters(probe: ProbeSession, wire: Api) -> None:
    query = models.ContactQuery(sort="phone", order="desc", page=1, limit=50)
    phoned = [as_text(row.get("phone")) or "" for row in _items(await probe.call(wire.contacts.list_contacts(query)))]
    numbers = [int(re.sub(r"\D", "", phone) or 0) for phone in phoned]
    if len(set(phoned)) > 1:
        down = phoned == sorted(phoned, reverse=True) or numbers == sorted(numbers, reverse=True)
        probe.record("listContacts.sort", down, "in another order")
    none = models.ContactQuery(group_id="none", page=1, limit=5)
    if rows := _items(await probe.call(wire.contacts.list_contacts(none))):
        probe.record(
            "listContacts.none", all(as_text(row.get("group_id")) in (None, "0") for row in rows), "rows with a group"
        )
    await probe.expect_error(
        "listContacts.group", wire.contacts.list_contacts(models.ContactQuery(group_id=UNKNOWN)), "1004"
    )
    await probe.expect_error("listContacts.bad", wire.contacts.list_contacts(models.ContactQuery(limit=0)), "1006")


async def _check_contact(probe: ProbeSession, wire: Api, rows: list[Json]) -> None:
    await probe.expect_error("getContact.unknown", wire.contacts.get_contact(models.ContactId(id=UNKNOWN)), "1004")
    row = next((row for row in rows if as_number(row.get("id")) is not None), None)
    if row is None:
        return
    id, phone, email = as_text(row["id"]), _phones.match_key(as_text(row.get("phone")), "PL"), as_text(row.get("email"))
    got = await probe.call(wire.contacts.get_contact(models.ContactId(id=as_number(row.get("id")) or 0)))
    if got.ok:
        probe.record("getContact.same", as_text(got.body.get("id")) == id, "another id, or no id")
    for key, spelling in zip(_SPELLINGS, _phones.list_spellings(phone) if phone else (), strict=False):
        # National numbers of other countries begin with a zero.
        if phone and (key != "national" or phone.startswith("+48")):
            await _check_search(probe, wire, f"listContacts.{key}", spelling, id)
    if email:
        await _check_search(probe, wire, "listContacts.email", email, id)
    if phone and as_text(row.get("group_id")):
        response = await probe.call(wire.groups.check_groups(models.PhoneQuery(phone=phone)))
        if response.ok:
            named = {(as_text(each.get("id")), as_text(each.get("group_id"))) for each in _items(response)}
            probe.record("checkGroups.group", (id, as_text(row["group_id"])) in named, f"{len(named)} other rows")


async def _check_search(probe: ProbeSession, wire: Api, claim: str, phrase: str, id: str | None) -> None:
    response = await probe.call(wire.contacts.list_contacts(models.ContactQuery(search=phrase, page=1, limit=100)))
    if response.ok and (found := _row_keys(response.body)) is not None:
        ids = [each.partition("/")[0] for each in found]
        if id in ids or len(ids) < 100:
            probe.record(claim, id in ids, f"{len(ids)} others")


async def _check_groups(probe: ProbeSession, wire: Api) -> None:
    pages = [
        await probe.call(wire.groups.list_groups(models.GroupQuery(page=number, limit=2)))
        for number in (1, 2, 1_000_000)
    ]
    check_paging(probe, "listGroups", 2, pages, _row_keys)
    await probe.expect_error("getGroup.unknown", wire.groups.get_group(models.GroupId(id=UNKNOWN)), "1004")
    row = next((row for row in _items(pages[0]) if as_number(row.get("id")) is not None), None)
    if row is not None:
        got = await probe.call(wire.groups.get_group(models.GroupId(id=as_number(row.get("id")) or 0)))
        if got.ok:
            probe.record("getGroup.same", as_text(got.body.get("id")) == as_text(row["id"]), "another id, or no id")


async def write(probe: ProbeSession, wire: Api) -> None:
    first, second = await _create_group(probe, wire, GROUP), await _create_group(probe, wire, f"{GROUP} 2")
    contact = await _create_contact(probe, wire, first)
    if contact is None or first is None or second is None:
        return
    await _check_creation(probe, wire, contact, first)
    twin = await _create_contact(probe, wire, first)
    probe.record("createContact.twin", twin is not None and twin != contact, "not true")
    await _check_update(probe, wire, contact, first, second)
    await _check_blacklist(probe, wire, contact)
    ungrouped = [
        await _check_ungrouped(probe, wire, "createContact.none", "none"),
        await _check_ungrouped(probe, wire, "createContact.unknown", UNKNOWN),
    ]
    await _check_contact_arrays(probe, wire, [id for id in ungrouped if id is not None], twin)
    imported = await _check_import(probe, wire)
    await probe.call(wire.groups.update_group(models.GroupEdit(id=first, name=f"{GROUP} 3")))
    renamed = await probe.call(wire.groups.get_group(models.GroupId(id=first)))
    if renamed.ok:
        probe.check_value("updateGroup.renamed", renamed.body.get("name"), f"{GROUP} 3")
    await _check_deletion(probe, wire, contact, second)
    if imported is not None:
        deleted = await probe.call(wire.groups.delete_group(models.GroupDeletion(id=[first, imported])))
        left = [
            id for id in (first, imported) if await _exists(probe, wire.groups.get_group(models.GroupId(id=id)), id)
        ]
        if deleted.responded:
            probe.record("deleteGroup.array", deleted.ok and not left, f"{deleted.summary}, {len(left)} are left")


async def _check_creation(probe: ProbeSession, wire: Api, contact: int, group: int) -> None:
    stored = await _read_contact(probe, wire, contact)
    if stored is not None:
        probe.check_fields("createContact.stored", stored, {**_NAMES, "company": COMPANY})
        probe.check_value("createContact.phone", stored.get("phone"), UK_PHONE)
    listed = await probe.call(wire.contacts.list_contacts(models.ContactQuery(group_id=group, page=1, limit=10)))
    if listed.ok:
        ids = [as_text(row.get("id")) for row in list_objects(listed.body, "items") or []]
        probe.record("createContact.grouped", str(contact) in ids, f"{len(ids)} others")


async def _check_update(probe: ProbeSession, wire: Api, contact: int, first: int, second: int) -> None:
    await _edit_contact(probe, wire, contact, [first, second], company="")
    probe.record("updateContact.groups", *_compare(await _list_groups_of(probe, wire, contact), {first, second}))
    listed = await probe.call(wire.contacts.list_contacts(models.ContactQuery(search=EMAIL, page=1, limit=50)))
    rows = [row for row in list_objects(listed.body, "items") or [] if as_text(row.get("id")) == str(contact)]
    if listed.ok and rows:
        probe.record("updateContact.rows", len(rows) == 2, f"{len(rows)} rows")
    stored = await _read_contact(probe, wire, contact)
    if stored is not None:
        probe.record("updateContact.clears", not stored.get("company"), mask_value(stored.get("company")))
    await _edit_contact(probe, wire, contact, "none", company=COMPANY)
    probe.record("updateContact.none", *_compare(await _list_groups_of(probe, wire, contact), set()))
    await _edit_contact(probe, wire, contact, second)
    stored = await _read_contact(probe, wire, contact)
    if stored is not None:
        probe.record("updateContact.unsent", not stored.get("company"), "not cleared")


async def _check_blacklist(probe: ProbeSession, wire: Api, contact: int) -> None:
    number = models.PhoneQuery(phone=UK_PHONE)
    if await _is_blacklisted(probe, wire):
        # An earlier run was killed here. The number is fictional, so only a verification can have added it.
        await probe.call(wire.blacklist.delete_from_blacklist(number))
    added = await probe.call(wire.blacklist.add_to_blacklist(number))
    if not added.ok:
        return
    probe.record("addToBlacklist.listed", await _is_blacklisted(probe, wire), "not on it")
    stored = await _read_contact(probe, wire, contact)
    if stored is not None:
        probe.check_value("addToBlacklist.flag", stored.get("blacklist"), True)
    again = await probe.call(wire.blacklist.add_to_blacklist(number))
    if again.responded:
        probe.record("addToBlacklist.twice", again.ok, again.summary)
    await probe.call(wire.blacklist.delete_from_blacklist(number))
    exists = await _is_blacklisted(probe, wire)
    probe.record("deleteFromBlacklist.gone", None if exists is None else not exists, "still on it")
    missing = await probe.call(wire.blacklist.delete_from_blacklist(number))
    if missing.responded:
        probe.record("deleteFromBlacklist.missing", missing.ok, missing.summary)


async def _is_blacklisted(probe: ProbeSession, wire: Api) -> bool | None:
    response = await probe.call(wire.blacklist.check_blacklist(models.PhoneQuery(phone=UK_PHONE)))
    exists = response.body.get("exists")
    return exists if response.ok and isinstance(exists, bool) else None


async def _check_deletion(probe: ProbeSession, wire: Api, contact: int, group: int) -> None:
    removed = await probe.call(wire.groups.delete_group(models.GroupDeletion(id=group)))
    if removed.ok:
        probe.untrack(str(group))
        stays = await probe.call(wire.contacts.get_contact(models.ContactId(id=contact)))
        if stays.responded:
            probe.record("deleteGroup.stays", stays.ok, stays.summary)
    gone = await probe.call(wire.contacts.delete_contact(models.ContactDeletion(id=contact)))
    if gone.ok:
        probe.untrack(str(contact))
        await probe.expect_error("deleteContact.gone", wire.contacts.get_contact(models.ContactId(id=contact)), "1004")
        await probe.expect_error(
            "deleteContact.again", wire.contacts.delete_contact(models.ContactDeletion(id=contact)), "1004"
        )


async def _check_ungrouped(probe: ProbeSession, wire: Api, claim: str, group: int | Literal["none"]) -> int | None:
    """Create a contact that belongs in no group. Return its id, or None if it was not created."""
    response = await probe.call(wire.contacts.create_contact(_new_contact(group)))
    contact = as_number(probe.track("contact", as_text(response.body.get("id")), response))
    if contact is not None:
        probe.record(claim, *_compare(await _list_groups_of(probe, wire, contact), set()))
    elif response.responded:
        probe.record(claim, False, response.summary)
    return contact


async def _check_contact_arrays(probe: ProbeSession, wire: Api, contacts: list[int], twin: int | None) -> None:
    if len(contacts) == 2:
        deleted = await probe.call(wire.contacts.delete_contact(models.ContactDeletion(id=contacts)))
        left = [id for id in contacts if await _exists(probe, wire.contacts.get_contact(models.ContactId(id=id)), id)]
        if deleted.responded:
            probe.record("deleteContact.array", deleted.ok and not left, f"{deleted.summary}, {len(left)} are left")
    if twin is not None:
        mixed = await probe.call(wire.contacts.delete_contact(models.ContactDeletion(id=[twin, UNKNOWN])))
        stays = await _exists(probe, wire.contacts.get_contact(models.ContactId(id=twin)), twin)
        if mixed.responded and stays is not None:
            refused = mixed.error is not None and mixed.error.code == "1004"
            what = "the contact stays" if stays else "the contact is deleted"
            probe.record("deleteContact.mixed", refused and stays, f"{mixed.summary}, {what}")


async def _check_import(probe: ProbeSession, wire: Api) -> int | None:
    """Import a contact as JSON text. Return the id of its new group, or None if there is none."""
    text: Any = json.dumps([{"phone": UK_PHONE, **_NAMES}])
    response = await probe.call(
        wire.contacts.import_contacts(models.ContactImport(group_name=f"{GROUP} 4", contact=text))
    )
    group = as_number(probe.track("group", as_text(response.body.get("id")), response))
    if group is None:
        if response.responded:
            probe.record("importContacts.text", False, response.summary)
        return None
    listed = await probe.call(wire.contacts.list_contacts(models.ContactQuery(group_id=group, page=1, limit=10)))
    ids = [as_text(row.get("id")) for row in _items(listed)]
    for id in ids:
        probe.track("contact", id, listed)
    if listed.ok:
        probe.record("importContacts.text", len(ids) == 1, f"{len(ids)} contacts")
    return group


async def _exists(probe: ProbeSession, call: Awaitable[Any], id: int) -> bool | None:
    """Return whether a contact or group can be read, or None if that is not known. Untrack it if it is gone."""
    response = await probe.call(call)
    if response.ok:
        return True
    gone = response.error is not None and response.error.code == "1004"
    if gone:
        probe.untrack(str(id))
    return False if gone else None


async def _create_group(probe: ProbeSession, wire: Api, name: str) -> int | None:
    response = await probe.call(wire.groups.create_group(models.NewGroup(name=name)))
    return as_number(probe.track("group", as_text(response.body.get("id")), response))


async def _create_contact(probe: ProbeSession, wire: Api, group: int | None) -> int | None:
    response = await probe.call(wire.contacts.create_contact(_new_contact(group)))
    return as_number(probe.track("contact", as_text(response.body.get("id")), response))


def _new_contact(group: int | Literal["none"] | None) -> models.NewContact:
    new = models.NewContact(phone=UK_PHONE, company=COMPANY, **_NAMES)
    if group is not None:
        new.group_id = group
    return new


async def _edit_contact(
    probe: ProbeSession, wire: Api, contact: int, groups: int | list[int] | Literal["none"], **values: str
) -> None:
    edit: Any = {**_NAMES, **values}
    await probe.call(
        wire.contacts.update_contact(models.ContactEdit(id=contact, group_id=groups, phone=UK_PHONE, **edit))
    )


async def _read_contact(probe: ProbeSession, wire: Api, contact: int) -> Json | None:
    response = await probe.call(wire.contacts.get_contact(models.ContactId(id=contact)))
    return response.body if response.ok else None


async def _list_groups_of(probe: ProbeSession, wire: Api, contact: int) -> set[str | None] | None:
    response = await probe.call(wire.groups.check_groups(models.PhoneQuery(phone=UK_PHONE)))
    rows = list_objects(response.body, "items") if response.ok else None
    return (
        None
        if rows is None
        else {as_text(row.get("group_id")) for row in rows if as_text(row.get("id")) == str(contact)}
    )


def _compare(found: set[str | None] | None, expected: set[int]) -> tuple[bool | None, str]:
    return None if found is None else found == {str(id) for id in expected}, f"{len(found or ())} groups"


def find_codes(body: Json) -> Iterator[tuple[object, object]]:
    if "code" in (error := parse_object(body.get("error"))):
        yield error["code"], error.get("type")


def _page(number: int) -> models.ContactQuery:
    return models.ContactQuery(page=number, limit=2)


def _row_keys(body: Json) -> list[str] | None:
    """Return `id/group_id` for each row, such as `7/3`, since a contact in two groups may have two rows."""
    rows = list_objects(body, "items")
    return None if rows is None else [f"{as_text(row.get('id'))}/{as_text(row.get('group_id'))}" for row in rows]


def _items(response: object) -> list[Json]:
    return list_objects(getattr(response, "body", {}), "items") or []


PROBES = Probes(
    claims=(*READ_CLAIMS, *WRITE_CLAIMS), read_limit=31, write_limit=72, read=read, write=write, find_codes=find_codes
)
