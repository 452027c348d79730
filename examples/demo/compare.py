"""Compare a vendor's contact with a person, by the vendor's profile."""

from __future__ import annotations

from crossbook import AddressBook, Contact

# Without groups: contacts are read from their group.
_FIELDS = ("external_id", "phone", "email", "first_name", "last_name", "name", "company")


def not_held(book: AddressBook, person: Contact) -> set[str]:
    """Return the fields of this person that the vendor cannot hold."""
    return {name for name in _values(book, person) if "w" not in _access(book, name)}


def not_shown(book: AddressBook, person: Contact) -> set[str]:
    """Return the fields of this person that the vendor stores but never returns."""
    return {name for name in _values(book, person) if _access(book, name) == "w"}


def not_returned(book: AddressBook, person: Contact, found: Contact) -> set[str]:
    """Return the readable fields of this person that the response does not contain."""
    readable = {name for name in _values(book, person) if "r" in _access(book, name)}
    return {name for name in readable if name.partition(".")[0] not in found.known_fields}


def differences(book: AddressBook, person: Contact, found: Contact) -> set[str]:
    """Return the fields that differ: changed, missing, or set although the person has no value."""
    wanted, stored = _values(book, person), _values(book, found)
    return {
        name
        for name in wanted.keys() | stored.keys()
        if "r" in _access(book, name)
        and name.partition(".")[0] in found.known_fields
        and wanted.get(name) != stored.get(name)
    }


def keys(book: AddressBook, contact: Contact) -> set[tuple[str, str]]:
    """Return the values that match a contact at this vendor to a person: phone, e-mail address, external id."""
    values = _values(book, contact)
    return {(name, values[name].casefold()) for name in book.profile.match_keys if name in values}


def _values(book: AddressBook, contact: Contact) -> dict[str, str]:
    """Return a contact's values by field, with a full or a split name as the vendor stores it."""
    other_form = ("first_name", "last_name") if book.profile.name_format == "full" else ("name",)
    values = {name: getattr(contact, name) for name in _FIELDS if name not in other_form}
    values |= {f"fields.{name}": value for name, value in (contact.fields or {}).items()}
    if values["phone"]:
        # One vendor stores +48500600700 as 48500600700.
        values["phone"] = values["phone"].removeprefix("+")
    return {name: value for name, value in values.items() if value}


def _access(book: AddressBook, name: str) -> str:
    """Return how the vendor supports a field: `rw`, `r`, `w`, or an empty text if not at all."""
    own, _, named = name.partition(".")
    if named:
        return "rw" if book.profile.extra_fields is None or named in book.profile.extra_fields else ""
    return book.profile.contact_fields[own].access if own in book.profile.contact_fields else ""
