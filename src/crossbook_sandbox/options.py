"""The sandbox's switches: how the vendors behave where their documentation leaves it open, with defaults."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

VENDORS = ("serwersms", "atom", "filemail", "vercom")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "serwersms_unknown_group": ("ignore", "refuse"),
    "serwersms_mixed_delete": ("refuse", "skip", "stop"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The sandbox's switches. Most choose between two readings of an undocumented behaviour.

    Args:
        rates: Requests a second that a vendor allows, by vendor name; 0 or absence means no limit. A burst may be as
            large as two seconds' requests. Default: Atom 10, as Atom documents. The other vendors publish no limit.
        serwersms_page_size: Items on a page when `limit` is not sent. Default 100.
        serwersms_paging: Whether lists have `paging` next to `items` also when `page` and `limit` are not both sent.
            Default true.
        serwersms_row_per_group: Whether a contact in two groups is listed twice (true, the default), or once with
            its first group.
        serwersms_partial_edit: Whether `contacts/edit` keeps fields that are not sent. Default false: they become
            empty.
        serwersms_refuses_blacklisted: Whether `blacklist/add` refuses a number that is on the blacklist. Default false:
            it responds as to a new number.
        serwersms_refuses_unlisted: Whether `blacklist/delete` refuses a number that is not on the blacklist. Default
            false: it responds that the number was deleted.
        serwersms_http_errors: Whether errors come with HTTP 400, 401, 403 or 404 instead of 200. Default false.
        serwersms_null_responses: Whether an operation with nothing to return, such as `contacts/delete`, responds with
            `null` instead of `{"success":true}`. Default false.
        serwersms_unknown_group: What `contacts/add` and `contacts/edit` do with a `group_id` that does not exist: they
            "ignore" it (default), and the contact is in no such group, or "refuse" the call with 1004.
        serwersms_mixed_delete: What a delete does with an array of ids of which one does not exist: "refuse" the call
            and delete nothing (default), "skip" that id and report success, or "stop" there with 1004, after it has
            deleted the ids before it.
        filemail_http_errors: Whether errors come with HTTP 404 or 500 instead of 200. Default false.
        filemail_api_key_required: Whether the account requires `apikey`, as older accounts do. Default false.
        filemail_api_key_per_call: Whether such an account requires `apikey` in every call (true, the default), or only
            in the login.
        filemail_login_cookie: Whether the login also sets the token as the cookie `logintoken`, and later calls read
            the cookie: a call without the parameter takes its token from there, and a cookie of another login is
            refused. Default true.
        filemail_token_lifetime: Seconds until a login token expires; 0 means never. Default 0.
        vercom_segment_wait: Seconds in `Retry-After` of the response 202 to the first request of a segment; 0 means
            no 202. Default 1.
        vercom_error_meta: Whether each error has `meta`, which names the refused item (true, the default).
    """

    rates: Mapping[str, float] = field(default_factory=lambda: {"atom": 10.0})
    serwersms_page_size: int = 100
    serwersms_paging: bool = True
    serwersms_row_per_group: bool = True
    serwersms_partial_edit: bool = False
    serwersms_refuses_blacklisted: bool = False
    serwersms_refuses_unlisted: bool = False
    serwersms_http_errors: bool = False
    serwersms_null_responses: bool = False
    serwersms_unknown_group: str = "ignore"
    serwersms_mixed_delete: str = "refuse"
    filemail_http_errors: bool = False
    filemail_api_key_required: bool = False
    filemail_api_key_per_call: bool = True
    filemail_login_cookie: bool = True
    filemail_token_lifetime: float = 0.0
    vercom_segment_wait: int = 1
    vercom_error_meta: bool = True

    def changed(self, changes: Mapping[str, object]) -> Options:
        """Return a copy of the options with these switches changed. Values may be texts of the command line.

        Args:
            changes: Switch name to new value. A text is parsed to the switch's type.

        Raises:
            ValueError: A switch is unknown, or a value has the wrong type.

        Example:
            `Options().changed({"serwersms_paging": "false"})`
        """
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in changes:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
                hint = f" (did you mean {close[0]!r}?)" if close else ""
                raise ValueError(f"unknown switch {name!r}{hint}; the switches are {', '.join(sorted(known))}")
        new: dict[str, Any] = {name: _parse(name, value, known[name]) for name, value in changes.items()}
        return replace(self, **new)


def _parse(name: str, value: object, like: object) -> object:
    if isinstance(like, Mapping):
        return _parse_rates(value)
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(_CHOICES[name])}")
        return value
    words = {"true": True, "1": True, "false": False, "0": False}
    if isinstance(like, bool):
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in words:
            return words[value.lower()]
        raise ValueError(f"{name} must be true, false, 1 or 0")
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except ValueError:
        number = -1.0
    minimum = 1 if name == "serwersms_page_size" else 0
    if not minimum <= number < 1e9 or (isinstance(like, int) and number != int(number)):
        kind = "a whole number" if isinstance(like, int) else "a number"
        raise ValueError(f"{name} must be {kind}, at least {minimum} and less than 1,000,000,000")
    return int(number) if isinstance(like, int) else number


def _parse_rates(value: object) -> dict[str, float]:
    rates: dict[str, float] = {}
    if not isinstance(value, Mapping):
        raise ValueError('rates must be an object from vendor names to requests a second, for instance {"atom": 10}')
    for vendor, rate in value.items():  # pyright: ignore[reportUnknownVariableType]
        if vendor not in VENDORS or isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1e9:
            raise ValueError(
                f"rates must map vendor names ({', '.join(VENDORS)}) to requests a second: a number from 0 (no request "
                "is allowed) to below 1,000,000,000"
            )
        rates[str(vendor)] = float(rate)  # pyright: ignore[reportUnknownArgumentType]
    return rates
