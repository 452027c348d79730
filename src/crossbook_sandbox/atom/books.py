"""Address books; their contacts can be enumerated through `detail` alone."""

from __future__ import annotations

from sqlite3 import Row
from typing import Any

from crossbook_sandbox.vendor import Json, Vendor

from .errors import refuse
from .parameters import Parameters


def list_address_books(account: Vendor[Any], parameters: Parameters) -> list[Json]:
    """`address-book/list`: the result is an array."""
    parameters.only()
    rows = account.book.rows("SELECT id, name FROM contact_group WHERE vendor = ? ORDER BY id", account.name)
    return [{"id": row["id"], "name": row["name"]} for row in rows]


def get_address_book(account: Vendor[Any], parameters: Parameters) -> Json:
    """`address-book/detail`: all contacts at once, but neither company nor custom fields."""
    parameters.only("id")
    book = _address_book(account, parameters)
    rows = account.book.rows(
        "SELECT c.id, c.first_name, c.last_name, c.phone AS phone_number"
        " FROM membership m JOIN contact c ON c.id = m.contact_id WHERE m.group_id = ? ORDER BY c.id",
        book["id"],
    )
    return {"id": book["id"], "name": book["name"], "contacts": [dict(row) for row in rows]}


def create_address_book(account: Vendor[Any], parameters: Parameters) -> Json:
    """`address-book/new`."""
    parameters.only("name")
    name = parameters.name()
    return {"id": account.book.add_group({"name": name}), "name": name}


def update_address_book(account: Vendor[Any], parameters: Parameters) -> Json:
    """`address-book/edit`: here the id comes back as text."""
    parameters.only("id", "name")
    book = _address_book(account, parameters)
    name = parameters.name() if "name" in parameters else book["name"]
    account.book.change_group(book["id"], {"name": name})
    return {"id": str(book["id"]), "name": name}


def delete_address_book(account: Vendor[Any], parameters: Parameters) -> Json:
    """`address-book/delete`: its contacts go with it, since none can be without a book."""
    parameters.only("id")
    book = _address_book(account, parameters)
    account.book.delete_group(book["id"], with_contacts=True)
    return {"id": book["id"]}


def _address_book(account: Vendor[Any], parameters: Parameters) -> Row:
    book = account.book.group(parameters.id())
    if book is None:
        raise refuse("not_found", "There is no address book with this id")
    return book
