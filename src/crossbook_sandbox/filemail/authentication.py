"""Login and logout: tokens of 32 hexadecimal digits, kept in the store, dead after a logout or their lifetime."""

from __future__ import annotations

import secrets
from typing import Any

from crossbook_sandbox.vendor import Json, Vendor

from .errors import Problem
from .parameters import Parameters


def login(account: Vendor[Any], parameters: Parameters) -> Json:
    """`authentication/login`: a new token; the older ones stay alive."""
    known = account.credentials
    if (parameters.required("username"), parameters.required("password")) != (known["username"], known["password"]):
        raise Problem(2001, "Wrong username or password")
    key = parameters.get("apikey")
    if key is None and account.options.filemail_api_key_required:
        raise Problem(1003, 'Required parameter missing: "apikey"')
    if key not in (None, known["api_key"]):
        raise Problem(2008, "The API key is wrong")
    lifetime = account.options.filemail_token_lifetime
    dies_at = account.store.clock() + lifetime if lifetime else None
    token = secrets.token_hex(16)
    account.book.run("INSERT INTO token (token, vendor, dies_at) VALUES (?, ?, ?)", token, account.name, dies_at)
    return {"responsestatus": "ok", "logintoken": token}


def logout(account: Vendor[Any], parameters: Parameters) -> Json:
    """`authentication/logout`: the token is dead from now on."""
    account.book.run("DELETE FROM token WHERE token = ?", parameters.required("logintoken"))
    return {"responsestatus": "OK"}


def check(account: Vendor[Any], parameters: Parameters) -> None:
    """Refuse a call whose token is missing or dead."""
    token = parameters.required("logintoken")
    row = account.book.row("SELECT dies_at FROM token WHERE token = ? AND vendor = ?", token, account.name)
    if row is None or (row["dies_at"] is not None and row["dies_at"] <= account.store.clock()):
        raise Problem(2003, "The login token is invalid or has expired")
