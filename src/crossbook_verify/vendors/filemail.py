"""Verify the spec of Filemail. A run that writes creates two equal contacts and a group."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from typing import Any

from crossbook_wire.filemail import Api

from crossbook.errors import CrossbookError, UsageError
from crossbook.vendor import parse_object
from crossbook.vendors.filemail import Filemail
from crossbook_verify.probe import ProbeClaim, ProbeResponse, Probes, ProbeSession, write_check
from crossbook_verify.sample import EMAIL, FIRST, GROUP, LAST, UK_PHONE
from crossbook_verify.values import Json, as_text, list_objects

_NAME = f"{FIRST} {LAST}"
_KEY_CODES = frozenset({"1003", "2008"})  # a required parameter is missing, access is denied

CLAIMS = (
    ProbeClaim("listContacts.capital", "the list is `contacts`, and `Contacts` only when it is empty"),
    ProbeClaim("listContacts.mobile", "no contact has its mobile number", "documented"),
    ProbeClaim("listContacts.none", "a contact in no group has an empty list of groups"),
    ProbeClaim("listContacts.groups", "a contact's groups are groups of the account", "documented"),
    ProbeClaim(
        "listGroups.status", "the response has `status`; all other operations have `responsestatus`", "documented"
    ),
    ProbeClaim("login.cookie", "the token is set as the cookie `logintoken`, too"),
    ProbeClaim(
        "login.key",
        "it needs the API key like all other operations: without the key all are refused, or none",
        "public",
        "Only a book with `api_key` can check it.",
    ),
    write_check("createContact.stored", "the written values are read back", "documented"),
    write_check("createContact.twin", "a second contact with the same e-mail is accepted"),
    write_check("createContact.bad", "a bad e-mail address is 1004", "documented"),
    write_check("createGroup.one", "the response is an array of the new group only", "documented"),
    write_check("updateContact.unsent", "a field that is absent keeps its value", "documented"),
    write_check("updateContact.unknown", "an id that does not exist is 1002", "documented"),
    write_check("updateGroup.renamed", "the new name is read back", "documented"),
    write_check("addToGroup.in", "the contact is in the group", "documented"),
    write_check("removeFromGroup.out", "the contact is not in the group, and still exists", "documented"),
    write_check("deleteGroup.stays", "its contacts stay"),
    write_check("deleteContact.gone", "the contact is not in the list any more", "documented"),
    write_check("deleteContact.again", "deleting it again is 1002", "documented"),
    write_check("logout.dead", "the token is invalid, and refused with 2003", "public"),
)


async def read(probe: ProbeSession, wire: Api) -> None:
    listed = await probe.call(wire.contacts.list_contacts())
    groups = await probe.call(wire.groups.list_groups())
    rows = _contacts(listed)
    if rows is not None:
        spelled = "contacts" if "contacts" in listed.body else "Contacts"
        probe.record(
            "listContacts.capital", spelled == ("contacts" if rows else "Contacts"), f"`{spelled}` for {len(rows)} rows"
        )
    if rows:
        shown = any(name.casefold() == "mobile" for row in rows for name in row)
        probe.record("listContacts.mobile", not shown, "not true")
    known = {as_text(row.get("contactgroupid")) for row in _groups(groups) or ()}
    if groups.ok:
        probe.record("listGroups.status", "status" in groups.body and "responsestatus" not in groups.body, "it has not")
    lists = [row.get("groups") for row in rows or ()]
    if any(not each for each in lists):
        probe.record("listContacts.none", all(each == [] for each in lists if not each), "null, or no list")
    named = {as_text(group.get("contactgroupid")) for row in rows or () for group in list_objects(row, "groups") or ()}
    if named and groups.ok:
        probe.record(
            "listContacts.groups", named <= known, f"{len(named - known)} that the list of groups does not have"
        )
    await _check_login(probe)


async def _check_login(probe: ProbeSession) -> None:
    if "login" in probe.headers:
        cookies = probe.headers["login"].get("set-cookie", "")
        probe.record("login.cookie", "logintoken=" in cookies, "no such cookie")
    keyless = probe.book._wire_without_api_key() if isinstance(probe.book, Filemail) else None  # pyright: ignore[reportPrivateUsage]
    if keyless is not None:
        login = await _is_refused(keyless.authentication.login(source="Web"))
        other = await _is_refused(keyless.groups.list_groups())
        if login is not None and other is not None:
            words = {True: "refused", False: "accepted"}
            probe.record("login.key", login == other, f"login {words[login]}, listGroups {words[other]}")


async def _is_refused(call: Awaitable[object]) -> bool | None:
    """Return whether the vendor refuses this call, which has no API key; None after an error about something else."""
    try:
        await call
    except UsageError:
        raise
    except CrossbookError as error:
        return True if error.code in _KEY_CODES else None
    return False


async def write(probe: ProbeSession, wire: Api) -> None:
    made = await probe.call(wire.groups.create_group(name=GROUP))
    rows = _groups(made) or []
    if made.ok:
        probe.record("createGroup.one", len(rows) == 1, f"{len(rows)} rows")
    group = probe.track("group", as_text(rows[-1].get("contactgroupid")) if rows else None, made)
    contact = await _create_contact(probe, wire)
    if contact is None or group is None:
        return
    stored = await _read_contact(probe, wire, contact)
    if stored:
        probe.check_fields("createContact.stored", stored, {"name": _NAME, "email": EMAIL})
    twin = await _create_contact(probe, wire)
    probe.record("createContact.twin", twin is not None and twin != contact, "not true")
    invalid = await probe.expect_error(
        "createContact.bad", wire.contacts.create_contact(name=_NAME, email="invalid"), "1004"
    )
    if invalid.ok:
        probe.track("contact", _created_id(invalid), invalid)
    await _check_update(probe, wire, contact, group)
    await _check_deletion(probe, wire, contact, group)
    if (await probe.call(wire.authentication.logout())).ok:
        before = probe.codes["2003"]
        await probe.call(wire.groups.list_groups())
        probe.record("logout.dead", probe.codes["2003"] > before, "not true")


async def _check_update(probe: ProbeSession, wire: Api, contact: str, group: str) -> None:
    await probe.call(wire.contacts.update_contact(contactid=contact, name=f"{_NAME} 2"))
    stored = await _read_contact(probe, wire, contact)
    if stored:
        probe.check_value("updateContact.unsent", stored.get("email"), EMAIL)
    await probe.expect_error("updateContact.unknown", wire.contacts.update_contact(contactid="0", name=_NAME), "1002")
    await probe.call(wire.groups.update_group(contactgroupid=group, name=f"{GROUP} 2"))
    names = [row.get("contactgroupname") for row in _groups(await probe.call(wire.groups.list_groups())) or ()]
    if names:
        probe.record("updateGroup.renamed", f"{GROUP} 2" in names, "not in the list")
    for claim, call in {
        "addToGroup.in": wire.groups.add_to_group,
        "removeFromGroup.out": wire.groups.remove_from_group,
    }.items():
        await probe.call(call(contactgroupid=group, contactid=contact))
        stored = await _read_contact(probe, wire, contact)
        if stored is not None:
            inside = {as_text(each.get("contactgroupid")) for each in list_objects(stored, "groups") or ()}
            right = bool(stored) and (group in inside) == (claim == "addToGroup.in")
            probe.record(claim, right, f"{len(inside)} groups" if stored else "the contact does not exist")


async def _check_deletion(probe: ProbeSession, wire: Api, contact: str, group: str) -> None:
    await probe.call(wire.groups.add_to_group(contactgroupid=group, contactid=contact))
    if (await probe.call(wire.groups.delete_group(contactgroupid=group))).ok:
        probe.untrack(group)
        stored = await _read_contact(probe, wire, contact)
        probe.record("deleteGroup.stays", None if stored is None else bool(stored), "the contact does not exist")
    if (await probe.call(wire.contacts.delete_contact(contactid=contact))).ok:
        probe.untrack(contact)
        stored = await _read_contact(probe, wire, contact)
        probe.record("deleteContact.gone", None if stored is None else not stored, "still in the list")
        await probe.expect_error("deleteContact.again", wire.contacts.delete_contact(contactid=contact), "1002")


async def _create_contact(probe: ProbeSession, wire: Api) -> str | None:
    response = await probe.call(wire.contacts.create_contact(name=_NAME, email=EMAIL, mobile=UK_PHONE))
    return probe.track("contact", _created_id(response), response)


async def _read_contact(probe: ProbeSession, wire: Api, contact: str) -> Json | None:
    """Return the contact's row in the vendor's list: an empty row if the contact is not in it, None if no list came."""
    rows = _contacts(await probe.call(wire.contacts.list_contacts()))
    if rows is None:
        return None
    return next((row for row in rows if as_text(row.get("contactid")) == contact), dict[str, Any]())


def find_codes(body: Json) -> Iterator[tuple[object, object]]:
    if body.get("errorcode"):
        yield body["errorcode"], body.get("responsestatus")


def _created_id(response: ProbeResponse) -> str | None:
    return as_text(parse_object(response.body.get("contact")).get("contactid"))


def _contacts(response: ProbeResponse) -> list[Json] | None:
    return _first_list(response, "contacts", "Contacts")


def _groups(response: ProbeResponse) -> list[Json] | None:
    return _first_list(response, "groups", "Groups")


def _first_list(response: ProbeResponse, *names: str) -> list[Json] | None:
    return next(
        (rows for name in names if response.ok and (rows := list_objects(response.body, name)) is not None), None
    )


PROBES = Probes(claims=CLAIMS, read_limit=6, write_limit=30, read=read, write=write, find_codes=find_codes)
