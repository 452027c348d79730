"""What `crossbook verify` asks Filemail: reading, and in writing one contact, a twin of it and a group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crossbook_wire.filemail import Api

from crossbook.vendor import parse_object
from crossbook_verify.probe import EMAIL, FIRST, GROUP, LAST, Json, Look, Probes, Row, Seen, came, objects, text, trial

MOBILE = "+447700900789"  # of Ofcom's numbers for films: nobody has it
_NAME = f"{FIRST} {LAST}"

ROWS = (
    Row("listContacts.capital", "`listContacts`: the list is `contacts`, and `Contacts` only when it is empty"),
    Row("listContacts.mobile", "`listContacts`: no contact shows its mobile number", "documented"),
    Row("listContacts.none", "`listContacts`: a contact in no group has an empty list of groups"),
    Row("listContacts.groups", "`listContacts`: a contact's groups are groups of the account", "documented"),
    Row("listGroups.status", "`listGroups` alone says `status` where all others say `responsestatus`", "documented"),
    trial("createContact.stored", "`createContact`: what was written is read back", "documented"),
    trial("createContact.twin", "`createContact`: a second contact with the same e-mail is accepted"),
    trial("createContact.bad", "`createContact`: a bad e-mail address is 1004", "documented"),
    trial("createGroup.one", "`createGroup` answers an array of the new group alone", "documented"),
    trial("updateContact.unsent", "`updateContact`: what is not named stays", "documented"),
    trial("updateContact.unknown", "`updateContact`: an id that does not exist is 1002", "documented"),
    trial("updateGroup.renamed", "`updateGroup`: the new name is read back", "documented"),
    trial("addToGroup.in", "`addToGroup`: the contact is in the group", "documented"),
    trial("removeFromGroup.out", "`removeFromGroup`: the contact is out of it, and still there", "documented"),
    trial("deleteGroup.stays", "`deleteGroup`: its contacts stay"),
    trial("deleteContact.gone", "`deleteContact`: the contact is gone from the list", "documented"),
    trial("deleteContact.again", "`deleteContact`: deleting it again is 1002", "documented"),
    trial("logout.dead", "`logout`: the token is dead, and refused with 2003", "public"),
)


async def read(look: Look, wire: Api) -> None:
    listed = await look.ask(wire.contacts.list_contacts())
    groups = await look.ask(wire.groups.list_groups())
    rows = _contacts(listed)
    if rows is not None:
        spelled = "contacts" if "contacts" in listed.body else "Contacts"
        look.row(
            "listContacts.capital", spelled == ("contacts" if rows else "Contacts"), f"`{spelled}` for {len(rows)} rows"
        )
    if rows:
        shown = any(name.casefold() == "mobile" for row in rows for name in row)
        look.row("listContacts.mobile", not shown, "it does")
    known = {text(row.get("contactgroupid")) for row in _groups(groups) or ()}
    if groups.ok:
        look.row(
            "listGroups.status", "status" in groups.body and "responsestatus" not in groups.body, "it says otherwise"
        )
    lists = [row.get("groups") for row in rows or ()]
    if any(not each for each in lists):
        look.row("listContacts.none", all(each == [] for each in lists if not each), "no list, or null")
    named = {text(group.get("contactgroupid")) for row in rows or () for group in objects(row, "groups") or ()}
    if named and groups.ok:
        look.row("listContacts.groups", named <= known, f"{len(named - known)} that the list of groups does not have")


async def write(look: Look, wire: Api) -> None:
    made = await look.ask(wire.groups.create_group(name=GROUP))
    rows = _groups(made) or []
    if made.ok:
        look.row("createGroup.one", len(rows) == 1, f"{len(rows)} rows")
    group = look.made("group", text(rows[-1].get("contactgroupid")) if rows else None, made)
    contact = await _new(look, wire)
    if contact is None or group is None:
        return
    stored = await _stored(look, wire, contact)
    if stored:
        wrong = [name for name, value in {"name": _NAME, "email": EMAIL}.items() if stored.get(name) != value]
        look.row("createContact.stored", not wrong, f"not so: {', '.join(wrong)}")
    twin = await _new(look, wire)
    look.row("createContact.twin", twin is not None and twin != contact, "it is not")
    bad = await look.ask(wire.contacts.create_contact(name=_NAME, email="nobody"))
    look.refused("createContact.bad", bad, "1004")
    if bad.ok:
        look.made("contact", _created(bad), bad)
    await _changed(look, wire, contact, group)
    await _deleted(look, wire, contact, group)
    if (await look.ask(wire.authentication.logout())).ok:
        dead = look.codes["2003"]
        await look.ask(wire.groups.list_groups())
        look.row("logout.dead", look.codes["2003"] > dead, "it is not")


async def _changed(look: Look, wire: Api, contact: str, group: str) -> None:
    await look.ask(wire.contacts.update_contact(contactid=contact, name=f"{_NAME} 2"))
    stored = await _stored(look, wire, contact)
    if stored:
        look.row("updateContact.unsent", stored.get("email") == EMAIL, came(stored.get("email")))
    stranger = await look.ask(wire.contacts.update_contact(contactid="0", name=_NAME))
    look.refused("updateContact.unknown", stranger, "1002")
    await look.ask(wire.groups.update_group(contactgroupid=group, name=f"{GROUP} 2"))
    names = [row.get("contactgroupname") for row in _groups(await look.ask(wire.groups.list_groups())) or ()]
    if names:
        look.row("updateGroup.renamed", f"{GROUP} 2" in names, "it is not there")
    for claim, call in {
        "addToGroup.in": wire.groups.add_to_group,
        "removeFromGroup.out": wire.groups.remove_from_group,
    }.items():
        await look.ask(call(contactgroupid=group, contactid=contact))
        stored = await _stored(look, wire, contact)
        if stored is not None:
            inside = {text(each.get("contactgroupid")) for each in objects(stored, "groups") or ()}
            right = bool(stored) and (group in inside) == (claim == "addToGroup.in")
            look.row(claim, right, f"{len(inside)} groups" if stored else "the contact is gone")


async def _deleted(look: Look, wire: Api, contact: str, group: str) -> None:
    await look.ask(wire.groups.add_to_group(contactgroupid=group, contactid=contact))
    if (await look.ask(wire.groups.delete_group(contactgroupid=group))).ok:
        look.gone(group)
        stored = await _stored(look, wire, contact)
        look.row("deleteGroup.stays", None if stored is None else bool(stored), "the contact is gone")
    if (await look.ask(wire.contacts.delete_contact(contactid=contact))).ok:
        look.gone(contact)
        stored = await _stored(look, wire, contact)
        look.row("deleteContact.gone", None if stored is None else not stored, "it is still there")
        look.refused("deleteContact.again", await look.ask(wire.contacts.delete_contact(contactid=contact)), "1002")


async def _new(look: Look, wire: Api) -> str | None:
    seen = await look.ask(wire.contacts.create_contact(name=_NAME, email=EMAIL, mobile=MOBILE))
    return look.made("contact", _created(seen), seen)


async def _stored(look: Look, wire: Api, contact: str) -> Json | None:
    """The contact's row in the list; an empty one if it is not there, None if there is no list."""
    rows = _contacts(await look.ask(wire.contacts.list_contacts()))
    if rows is None:
        return None
    return next((row for row in rows if text(row.get("contactid")) == contact), dict[str, Any]())


def said(body: Json) -> Iterator[tuple[object, object]]:
    if body.get("errorcode"):
        yield body["errorcode"], body.get("responsestatus")


def _created(seen: Seen) -> str | None:
    return text(parse_object(seen.body.get("contact")).get("contactid"))


def _contacts(seen: Seen) -> list[Json] | None:
    return _either(seen, "contacts", "Contacts")


def _groups(seen: Seen) -> list[Json] | None:
    return _either(seen, "groups", "Groups")


def _either(seen: Seen, *names: str) -> list[Json] | None:
    return next((rows for name in names if seen.ok and (rows := objects(seen.body, name)) is not None), None)


PROBES = Probes(rows=ROWS, reads=4, writes=30, read=read, write=write, said=said)
