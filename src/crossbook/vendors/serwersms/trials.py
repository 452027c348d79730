"""What `crossbook verify --write` does at SerwerSMS: a contact, a twin of it and two groups, made, changed, removed."""

from __future__ import annotations

from typing import Any

from crossbook_wire.serwersms import Api, models

from crossbook.verify.probing import (
    COMPANY,
    EMAIL,
    FIRST,
    GROUP,
    LAST,
    Json,
    Look,
    came,
    number,
    objects,
    text,
    trial,
)

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
    contact = await _contact(look, wire, first)
    if contact is None or first is None or second is None:
        return
    await _created(look, wire, contact, first)
    twin = await _contact(look, wire, first)
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


async def _contact(look: Look, wire: Api, group: int | None) -> int | None:
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
