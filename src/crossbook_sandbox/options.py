"""What of the vendors' behaviour can be switched, with the reading that is used when nobody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

VENDORS = ("serwersms", "atom", "filemail", "vercom")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The sandbox's switches. Most choose between two readings of something that a vendor does not document.

    Args:
        rates: Requests a second that a vendor allows, by vendor name; 0 or absence means no limit. Bursts may take
            two seconds' worth at once. Default: Atom 10, as Atom documents; the others publish none.
        serwersms_page_size: Items on a page when `limit` is not sent. Default 100.
        serwersms_paging: Whether lists carry `paging` beside `items`. Default true.
        serwersms_row_per_group: Whether a contact in two groups is listed twice (true, the default) or once, with
            the first of its groups.
        serwersms_partial_edit: Whether `contacts/edit` keeps what is not sent. Default false: it is emptied.
        filemail_http_errors: Whether errors come with HTTP 404 or 500 instead of 200. Default false.
        filemail_api_key_required: Whether a login without `apikey` is refused. Default false.
        filemail_token_lifetime: Seconds after which a login token is dead; 0 means never. Default 0.
        vercom_segment_wait: Seconds named in `Retry-After` when a segment is asked for the first time and answers
            202; 0 answers at once. Default 1.
    """

    rates: Mapping[str, float] = field(default_factory=lambda: {"atom": 10.0})
    serwersms_page_size: int = 100
    serwersms_paging: bool = True
    serwersms_row_per_group: bool = True
    serwersms_partial_edit: bool = False
    filemail_http_errors: bool = False
    filemail_api_key_required: bool = False
    filemail_token_lifetime: float = 0.0
    vercom_segment_wait: int = 1

    def changed(self, changes: Mapping[str, object]) -> Options:
        """Return a copy with some switches set anew, as JSON or the command line names them.

        Args:
            changes: Switch name to new value; a value given as text is read as the switch's own type.

        Raises:
            ValueError: An unknown switch, or a value of the wrong type.

        Example:
            `Options().changed({"serwersms_paging": "false"})`
        """
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in changes:
            if name not in known:
                raise ValueError(f"no switch is called {name!r}; there are {', '.join(sorted(known))}")
        new: dict[str, Any] = {name: _read(name, value, known[name]) for name, value in changes.items()}
        return replace(self, **new)


def _read(name: str, value: object, like: object) -> object:
    if isinstance(like, Mapping):
        return _rates(value)
    words = {"true": True, "1": True, "false": False, "0": False}
    if isinstance(like, bool):
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in words:
            return words[value.lower()]
        raise ValueError(f"{name} is true or false")
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except ValueError:
        number = -1.0
    least = 1 if name == "serwersms_page_size" else 0
    if not least <= number < 1e9 or (isinstance(like, int) and number != int(number)):
        raise ValueError(f"{name} is a number from {least} on")
    return int(number) if isinstance(like, int) else number


def _rates(value: object) -> dict[str, float]:
    rates: dict[str, float] = {}
    if not isinstance(value, Mapping):
        raise ValueError("rates is an object of vendor names and requests a second")
    for vendor, rate in value.items():  # pyright: ignore[reportUnknownVariableType]
        if vendor not in VENDORS or isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1e9:
            raise ValueError("rates names vendors and how many requests a second each allows, from 0 on")
        rates[str(vendor)] = float(rate)  # pyright: ignore[reportUnknownArgumentType]
    return rates
