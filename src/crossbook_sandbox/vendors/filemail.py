"""Filemail, classic API: parameters in the query, a form or headers, a login token, and names in varying capitals.

An error is a body of three fields and the path that was called, with HTTP 200 unless a switch says otherwise.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from sqlite3 import Row

from crossbook_sandbox.validation import parse_email
from crossbook_sandbox.vendor import Call, Json, Operation, Response, Vendor, VendorError, json_response, operation

METHODS = ("GET", "POST")
ERROR_NAMES = {
    1002: "InvalidParameter",
    1003: "InputParameterMissing",
    1004: "InvalidEmail",
    1005: "NotFound",
    2001: "WrongUsernamePassword",
    2003: "InvalidOrExpiredLoginToken",
    2008: "AccessDenied",
    2010: "InvalidRequest",
}


class FilemailError(Exception):
    """The error that ends an operation with Filemail's error response.

    Args:
        code: The vendor's code.
        message: The vendor's message.
        not_found: Whether the requested entity does not exist, which may become HTTP 404.
    """

    def __init__(self, code: int, message: str, *, not_found: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.not_found = not_found

    def body(self, path: str) -> Json:
        """Return the JSON body of the error response."""
        return {
            "responsestatus": ERROR_NAMES[self.code],
            "errorcode": self.code,
            "errormessage": str(self),
            "method": path,
        }


class Parameters:
    """The parameters of one call, by name: from the query, else a form, else HTTP headers, else the token's cookie."""

    def __init__(self, *sources: Mapping[str, str]) -> None:
        self._sources = sources

    def get(self, name: str) -> str | None:
        """Return a parameter, or None if it was not sent."""
        return next((source[name] for source in self._sources if name in source), None)

    def required(self, name: str) -> str:
        """Return a required parameter. Raise `FilemailError` if it is missing or empty."""
        value = self.get(name)
        if not value:
            raise FilemailError(1003, f'Required parameter missing: "{name}"')
        return value

    def not_empty(self, name: str) -> str | None:
        """Return an optional parameter, or None if it was not sent. Raise `FilemailError` if it is empty."""
        value = self.get(name)
        if value == "":
            raise FilemailError(1002, f"Parameter '{name}' is empty")
        return value


class Filemail(Vendor):
    """Filemail's API over one account."""

    name = "filemail"

    def recognizes(self, call: Call) -> bool:
        """Return whether a call has the user name of this account, as a login has, or a login token of the account."""
        parameters = self._read_parameters(call)
        user = parameters.get("username")
        if user is not None:
            return user == self.credentials["username"]
        return self.book.row("SELECT 1 FROM token WHERE token = ?", parameters.get("logintoken")) is not None

    def handle(self, call: Call, operation: Operation) -> Response:
        """Check the login token, except for the login itself, and run the operation."""
        try:
            parameters, cookie = self._read_parameters(call), self._read_cookie(call)
            if operation.name != "login":
                self._check_token(parameters.required("logintoken"), cookie)
                self._check_api_key(parameters, required=self.options.filemail_api_key_per_call)
            self.take_permit()
            body = operation.handler(self, parameters)
            sets_cookie = operation.name == "login" and self.options.filemail_login_cookie
            return json_response(
                body, headers={"set-cookie": f"logintoken={body['logintoken']}; Path=/"} if sets_cookie else None
            )
        except FilemailError as error:
            status = (404 if error.not_found else 500) if self.options.filemail_http_errors else 200
            raise VendorError(json_response(error.body(call.path), status)) from None

    def respond_to_unknown(self, call: Call, status: int) -> Response:
        """Return the vendor's error response to a call that matches no operation."""
        return json_response(FilemailError(2010, "There is no such method").body(call.path), status)

    @operation("/api/authentication/login", methods=METHODS)
    def login(self, parameters: Parameters) -> Json:
        """Issue a new token of 32 hexadecimal digits, also as a cookie. Older tokens stay valid."""
        known = self.credentials
        if (parameters.required("username"), parameters.required("password")) != (known["username"], known["password"]):
            raise FilemailError(2001, "Wrong username or password")
        self._check_api_key(parameters, required=True)
        lifetime = self.options.filemail_token_lifetime
        expires_at = self.store.clock() + lifetime if lifetime else None
        token = secrets.token_hex(16)
        self.book.run("INSERT INTO token (token, vendor, dies_at) VALUES (?, ?, ?)", token, self.name, expires_at)
        return {"responsestatus": "ok", "logintoken": token}

    @operation("/api/authentication/logout", methods=METHODS)
    def logout(self, parameters: Parameters) -> Json:
        """Revoke the login token of this call and return the token once more."""
        token = parameters.required("logintoken")
        self.book.run("DELETE FROM token WHERE token = ?", token)
        return {"responsestatus": "ok", "logintoken": token}

    @operation("/api/contacts/get", methods=METHODS)
    def list_contacts(self, _parameters: Parameters) -> Json:
        """Return all contacts with their groups. `mobile` is not shown; an empty list's key has a capital C."""
        groups: dict[int, list[Json]] = {}
        for row in self.book.rows(
            "SELECT m.contact_id, g.key, g.name FROM contact_group g JOIN membership m ON m.group_id = g.id"
            " WHERE g.vendor = ? ORDER BY g.id",
            self.name,
        ):
            groups.setdefault(row["contact_id"], []).append({"contactgroupid": row["key"], "name": row["name"]})
        contacts = [
            {
                "contactid": str(row["id"]),
                "name": row["name"],
                "email": row["email"],
                "groups": groups.get(row["id"], []),
            }
            for row in self.book.rows("SELECT id, name, email FROM contact WHERE vendor = ? ORDER BY id", self.name)
        ]
        return {"contacts" if contacts else "Contacts": contacts, "responsestatus": "OK"}

    @operation("/api/contacts/add", methods=METHODS)
    def create_contact(self, parameters: Parameters) -> Json:
        """Store a contact."""
        name, email = parameters.required("name"), _check_email(parameters.required("email"))
        contact_id = self.book.add_contact({"name": name, "email": email, "phone": parameters.get("mobile")})
        return {"responsestatus": "OK", "contact": {"contactid": str(contact_id), "name": name, "email": email}}

    @operation("/api/contacts/update", methods=METHODS)
    def update_contact(self, parameters: Parameters) -> Json:
        """Change the contact's fields that were sent and keep the others."""
        contact = self._contact(parameters)
        email = parameters.not_empty("email")
        values = {
            "name": parameters.not_empty("name"),
            "email": None if email is None else _check_email(email),
            "phone": parameters.get("mobile"),
        }
        self.book.change_contact(contact["id"], {name: value for name, value in values.items() if value is not None})
        return {"responsestatus": "OK"}

    @operation("/api/contacts/delete", methods=METHODS)
    def delete_contact(self, parameters: Parameters) -> Json:
        """Delete a contact."""
        self.book.delete_contact(self._contact(parameters)["id"])
        return {"responsestatus": "OK"}

    @operation("/api/contacts/group/get", methods=METHODS)
    def list_groups(self, _parameters: Parameters) -> Json:
        """Return all groups. This is the only response with `status`."""
        rows = self.book.rows("SELECT key, name FROM contact_group WHERE vendor = ? ORDER BY id", self.name)
        return {"status": "OK", "groups": [_format_group(row) for row in rows]}

    @operation("/api/contacts/group/add", methods=METHODS)
    def create_group(self, parameters: Parameters) -> Json:
        """Store a group under an id of 32 hexadecimal digits; return it in an array whose key has a capital G."""
        group = self.book.group(self.book.add_group({"name": parameters.required("name")}))
        return {"responsestatus": "OK", "Groups": [_format_group(group)] if group else []}

    @operation("/api/contacts/group/update", methods=METHODS)
    def update_group(self, parameters: Parameters) -> Json:
        """Rename a group."""
        group = self._group(parameters)
        self.book.change_group(group["id"], {"name": parameters.required("name")})
        return {"responsestatus": "OK"}

    @operation("/api/contacts/group/delete", methods=METHODS)
    def delete_group(self, parameters: Parameters) -> Json:
        """Delete a group and keep its contacts."""
        self.book.delete_group(self._group(parameters)["id"])
        return {"responsestatus": "OK"}

    @operation("/api/contacts/addtogroup", methods=METHODS)
    def add_to_group(self, parameters: Parameters) -> Json:
        """Add a contact to a group."""
        self.book.join([self._group(parameters)["id"]], [self._contact(parameters)["id"]])
        return {"responsestatus": "OK"}

    @operation("/api/contacts/removefromgroup", methods=METHODS)
    def remove_from_group(self, parameters: Parameters) -> Json:
        """Remove a contact from a group."""
        self.book.leave([self._group(parameters)["id"]], [self._contact(parameters)["id"]])
        return {"responsestatus": "OK"}

    def _read_parameters(self, call: Call) -> Parameters:
        return Parameters(dict(call.query), dict(call.form), call.headers, self._read_cookie(call))

    def _read_cookie(self, call: Call) -> dict[str, str]:
        return _read_token(call.headers.get("cookie", "")) if self.options.filemail_login_cookie else {}

    def _check_api_key(self, parameters: Parameters, *, required: bool) -> None:
        """Refuse a wrong API key. Refuse a missing one if the account requires a key and this call does too."""
        key = parameters.get("apikey")
        if key is None and required and self.options.filemail_api_key_required:
            raise FilemailError(1003, 'Required parameter missing: "apikey"')
        if key not in (None, self.credentials["api_key"]):
            raise FilemailError(2008, "The API key is wrong")

    def _check_token(self, token: str, cookie: Mapping[str, str]) -> None:
        """Refuse a login token that is unknown or has expired, or that comes with the cookie of another login."""
        if cookie.get("logintoken", token) != token:
            raise FilemailError(2003, "The login token is not that of the cookie")
        row = self.book.row("SELECT dies_at FROM token WHERE token = ? AND vendor = ?", token, self.name)
        if row is None or (row["dies_at"] is not None and row["dies_at"] <= self.store.clock()):
            raise FilemailError(2003, "The login token is invalid or has expired")

    def _contact(self, parameters: Parameters) -> Row:
        text = parameters.required("contactid")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
        contact = self.book.contact(number)
        # Ids are texts: "007" is not "7".
        if contact is None or str(number) != text:
            raise FilemailError(1002, "Contact not found", not_found=True)
        return contact

    def _group(self, parameters: Parameters) -> Row:
        key = parameters.required("contactgroupid")
        group = self.book.row("SELECT * FROM contact_group WHERE key = ? AND vendor = ?", key, self.name)
        if group is None:
            raise FilemailError(1002, "Contact group not found", not_found=True)
        return group


def _format_group(group: Row) -> Json:
    return {"contactgroupid": group["key"], "contactgroupname": group["name"]}


def _read_token(cookie: str) -> dict[str, str]:
    """Return the token in a header `Cookie` under its name, or an empty dictionary if there is none."""
    try:
        morsel = SimpleCookie(cookie).get("logintoken")
    except CookieError:
        morsel = None
    return {"logintoken": morsel.value} if morsel is not None and morsel.value else {}


def _check_email(value: str) -> str:
    if not parse_email(value, 320):
        raise FilemailError(1004, f"Parameter 'email' is not a valid e-mail address: {value}")
    return value
