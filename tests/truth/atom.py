"""What Atom Telecom's SMS API speaks: POST and JSON for everything, a bearer token, address books."""

from __future__ import annotations

import re
from typing import Any

from .raw import ABSENT, ANY, Answer, Api, Exactly, Facts, Json


class Atom(Api):
    """Requests as the vendor's curl examples send them."""

    vendor = "atom"

    def call(self, path: str, body: object = ANY, *, token: str | None = None, method: str = "POST") -> Answer:
        headers = {"Authorization": f"Bearer {self.account['token'] if token is None else token}"}
        return self.send(method, f"/api/{path}", body=body, headers=headers)

    def book(self, name: str = "Friends") -> int:
        """Create an address book and return its id."""
        id: int = self.call("address-book/new", {"name": name}).body["result"]["id"]
        return id

    def contact(self, book: int, **fields: str) -> int:
        """Create a contact and return its id."""
        body: Json = {"group_id": book, "phone_number": "0412345678", **fields}
        id: int = self.call("contact/new", body).body["result"]["id"]
        return id


facts = Facts(Atom)
_DONE = {"status": "success", "result": {"id": int}}
_CONTACT = ("id", "first_name", "last_name", "company", "phone_number", "custom_1", "custom_2", "custom_3", "custom_4")


def _refused(code: str = "invalid_request") -> Json:
    return {"status": "error", "error": {"code": code, "message": str}}


@facts.add("S", "contact/new stores a contact with all its fields and returns its id")
def new_contact(api: Atom) -> None:
    fields = {name: name for name in _CONTACT if name not in ("id", "phone_number")}
    body = {"group_id": api.book(), "phone_number": "0412345678", **fields}
    made = api.call("contact/new", body).expect(Exactly({"status": "success", "result": Exactly({"id": int})}))
    api.call("contact/detail", {"id": str(made["result"]["id"])}).expect({"result": {"contact": fields}})


@facts.add("S", "contact/new requires group_id and phone_number")
def new_contact_required(api: Atom) -> None:
    api.call("contact/new", {"phone_number": "0412345678"}).expect(_refused())
    api.call("contact/new", {"group_id": api.book()}).expect(_refused())


@facts.add("S", "contact/detail takes the id as text, returns the contact one level deeper and without group_id")
def detail(api: Atom) -> None:
    contact = api.contact(api.book(), first_name="John")
    shown: dict[str, Any] = dict.fromkeys(_CONTACT, ANY) | {"id": contact, "first_name": "John"}
    api.call("contact/detail", {"id": str(contact)}).expect(
        Exactly({"status": "success", "result": Exactly({"contact": Exactly(shown)})})
    )


@facts.add("I", "contact/detail takes the id as a number, too, and the other calls take theirs as text")
def ids_of_other_type(api: Atom) -> None:
    book = api.book()
    contact = api.contact(book)
    api.call("contact/detail", {"id": contact}).expect({"result": {"contact": {"id": contact}}})
    api.call("contact/edit", {"id": str(contact), "group_id": str(book)}).expect(_DONE)
    api.call("address-book/detail", {"id": str(book)}).expect({"result": {"id": book}})
    api.call("contact/delete", {"id": str(contact)}).expect(_DONE)
    api.call("address-book/delete", {"id": str(book)}).expect(_DONE)


@facts.add("S", "contact/edit changes only what is sent")
def edit(api: Atom) -> None:
    contact = api.contact(api.book(), first_name="John", last_name="Doe")
    api.call("contact/edit", {"id": contact, "first_name": "Jane"}).expect(_DONE)
    api.call("contact/detail", {"id": str(contact)}).expect(
        {"result": {"contact": {"first_name": "Jane", "last_name": "Doe"}}}
    )


@facts.add("S", "contact/edit with group_id moves the contact: it is in exactly one address book")
def move(api: Atom) -> None:
    first, second = api.book(), api.book("Family")
    contact = api.contact(first)
    api.call("contact/edit", {"id": contact, "group_id": second}).expect(_DONE)
    api.call("address-book/detail", {"id": first}).expect({"result": {"contacts": []}})
    api.call("address-book/detail", {"id": second}).expect({"result": {"contacts": [{"id": contact}]}})


@facts.add("S", "contact/delete deletes a contact and returns its id")
def delete(api: Atom) -> None:
    contact = api.contact(api.book())
    api.call("contact/delete", {"id": contact}).expect({"status": "success", "result": {"id": contact}})
    api.call("contact/detail", {"id": str(contact)}).expect(_refused("not_found"))


@facts.add("P", "address-book/new returns id and name")
def new_book(api: Atom) -> None:
    api.call("address-book/new", {"name": "Friends"}).expect(
        {"status": "success", "result": Exactly({"id": int, "name": "Friends"})}
    )


@facts.add("P", "address-book/edit returns the id as text")
def edit_book(api: Atom) -> None:
    book = api.book()
    api.call("address-book/edit", {"id": book, "name": "Family"}).expect(
        {"status": "success", "result": Exactly({"id": str(book), "name": "Family"})}
    )


@facts.add("P", "address-book/list has no parameters and returns an array")
def list_books(api: Atom) -> None:
    api.call("address-book/list").expect({"status": "success", "result": []})
    book = api.book()
    api.call("address-book/list").expect({"result": [Exactly({"id": book, "name": "Friends"})]})


@facts.add("P", "address-book/detail has all contacts unpaged, without company and custom fields")
def book_detail(api: Atom) -> None:
    book = api.book()
    contacts = [api.contact(book, company="ABC", custom_1="Gold") for _ in range(3)]
    row = {"first_name": ANY, "last_name": ANY, "phone_number": "0412345678"}
    rows = [Exactly({"id": contact, **row}) for contact in contacts]
    api.call("address-book/detail", {"id": book}).expect(
        {"result": Exactly({"id": book, "name": "Friends", "contacts": rows})}
    )


@facts.add("I", "address-book/delete returns the id and deletes the contacts of the book")
def delete_book(api: Atom) -> None:
    book = api.book()
    contact = api.contact(book)
    api.call("address-book/delete", {"id": book}).expect({"status": "success", "result": {"id": book}})
    api.call("contact/detail", {"id": str(contact)}).expect(_refused("not_found"))


@facts.add("P", "a missing or wrong token is 403, not 401")
def forbidden(api: Atom) -> None:
    api.call("address-book/list", token="wrong").expect(_refused("forbidden"), 403)
    api.send("POST", "/api/address-book/list").expect(_refused("forbidden"), 403)


@facts.add("S", "every call is a POST, reads and deletes too")
def only_post(api: Atom) -> None:
    for method, path in (("GET", "address-book/list"), ("DELETE", "contact/delete")):
        api.call(path, method=method).expect(status=405)


@facts.add("P", "no call lists the contacts of all books")
def no_contact_list(api: Atom) -> None:
    api.call("contact/list", {}).expect(status=404)


@facts.add("P", "over the limit: 429, the code rate_limited, and Retry-After in seconds", rates={"atom": 1})
def rate_limit(api: Atom) -> None:
    for _ in range(2):  # a burst
        api.call("address-book/list").expect()
    api.call("address-book/list").expect(_refused("rate_limited"), 429, {"retry-after": re.compile(r"[0-9]+")})


@facts.add("P", "ten requests a second are allowed, and bursts", rates={"atom": 10})
def rate_allowed(api: Atom) -> None:
    for _ in range(20):
        api.call("address-book/list").expect()


@facts.add("I", "a phone number is stored as it was sent")
def phone_as_sent(api: Atom) -> None:
    book = api.book()
    for phone in ("0412345678", "61444444444"):
        contact = api.contact(book, phone_number=phone)
        api.call("contact/detail", {"id": str(contact)}).expect({"result": {"contact": {"phone_number": phone}}})


@facts.add("I", "an error is status 200 with status error, a code and a message")
def error_body(api: Atom) -> None:
    api.call("contact/detail", {"id": "1"}).expect(
        Exactly({"status": "error", "error": Exactly({"code": "not_found", "message": str})})
    )
    api.call("contact/detail", ["1"]).expect(_refused())


@facts.add("P", "a contact has no opt-out field")
def no_opt_out(api: Atom) -> None:
    contact = api.contact(api.book())
    shown = dict.fromkeys(("opted_out", "opt_out", "unsubscribed", "blacklist", "status"), ABSENT)
    api.call("contact/detail", {"id": str(contact)}).expect({"result": {"contact": shown}})
