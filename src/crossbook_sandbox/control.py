"""`/_sandbox/…`: what tests may ask of the sandbox itself, in JSON.

`GET state` counts contacts, groups and calls; `GET log` shows the last thousand calls; `POST reset` begins anew, for
one `vendor` or all; `POST options` turns switches; `POST mark` changes what no vendor's API can; `POST faults` arms a
fault, `GET faults` shows them, `DELETE faults` disarms them; `POST settle` does now what a fault put off;
`POST credentials` renews those of a `vendor`, by their names, until the next reset.

No web page can send these requests: `Host` and `Origin` are checked, and a body is `application/json`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from .sandbox import Sandbox
from .validation import as_array, as_object, parse_json, seconds_of, whole

Settings = dict[str, Any]
_CHANNELS = ("sms", "email", "push")


def control_routes(sandbox: Sandbox, hosts: Collection[str]) -> list[Route]:
    """Return the routes below `/_sandbox`.

    Args:
        sandbox: What they control.
        hosts: Names of this machine that `Host` may have, beside localhost and IP addresses.
    """
    actions: list[tuple[str, str, Callable[[Sandbox, Settings], object]]] = [
        ("GET", "/state", lambda sandbox, _: sandbox.state()),
        ("GET", "/log", lambda sandbox, _: list(sandbox.journal.last)),
        ("POST", "/reset", _reset),
        ("POST", "/settle", lambda sandbox, _: {"settled": sandbox.settle()}),
        ("POST", "/options", _configure),
        ("POST", "/mark", _mark),
        ("POST", "/credentials", _renew),
        ("GET", "/faults", lambda sandbox, _: sandbox.faults.described()),
        ("POST", "/faults", lambda sandbox, settings: {"id": sandbox.faults.add(**settings)}),
        ("DELETE", "/faults", lambda sandbox, _: sandbox.faults.clear()),
    ]
    return [Route(path, _Action(sandbox, act, hosts).answer, methods=[method]) for method, path, act in actions]


class _Action:
    def __init__(self, sandbox: Sandbox, act: Callable[[Sandbox, Settings], object], hosts: Collection[str]) -> None:
        self._sandbox = sandbox
        self._act = act
        self._hosts = hosts

    async def answer(self, request: Request) -> JSONResponse:
        host = request.headers.get("host", "")
        if not _is_here(host, {*self._hosts, str((request.scope.get("server") or ("",))[0])}):
            return JSONResponse({"error": "Host must be localhost, an IP address or a name given by --allow-host"}, 403)
        if request.headers.get("origin", f"http://{host}") != f"http://{host}":
            return JSONResponse({"error": "Origin must be this server: web pages of other sites are refused"}, 403)
        body = await request.body()
        # A form has a content type even if it is empty, and so no page can send it as anything else.
        media_type = request.headers.get("content-type", "application/json" if not body else "")
        if media_type.partition(";")[0].strip().lower() != "application/json":
            return JSONResponse({"error": "Content-Type must be application/json"}, 415)
        try:
            settings = as_object(parse_json(body)) if body else {}
            if settings is None:
                raise ValueError("the body is a JSON object")
            return JSONResponse(self._act(self._sandbox, settings))
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)


def _is_here(host: str, names: Collection[str]) -> bool:
    """Return whether `Host` cannot be a name of another site that its owner has pointed to this machine.

    A name can be pointed anywhere (DNS rebinding). An IP address in `Host` was not looked up, so it is accepted.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost") or name in {each.lower() for each in names}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _vendor(sandbox: Sandbox, settings: Settings) -> str:
    name = settings.pop("vendor", None)
    if name not in sandbox.vendors:
        raise ValueError(f"vendor is one of {', '.join(sandbox.vendors)}")
    return str(name)


def _nothing_else(settings: Settings) -> None:
    if settings:
        raise ValueError(f"nothing here is called {', '.join(settings)}")


def _reset(sandbox: Sandbox, settings: Settings) -> object:
    """Put one vendor back to the beginning, or, without a name, everything."""
    names = [_vendor(sandbox, settings)] if settings else list(sandbox.vendors)
    _nothing_else(settings)
    if len(names) > 1:
        sandbox.faults.clear()
        sandbox.configure(sandbox.first_options)
    for name in names:
        sandbox.reset(name)
    return sandbox.state()


def _configure(sandbox: Sandbox, settings: Settings) -> object:
    """Turn switches; reset turns them back."""
    sandbox.configure(sandbox.options.changed(settings))
    return None


def _renew(sandbox: Sandbox, settings: Settings) -> object:
    """Let a vendor accept other credentials, and no longer those of the same names before."""
    sandbox.vendors[_vendor(sandbox, settings)].renew(settings)
    return None


def _mark(sandbox: Sandbox, settings: Settings) -> object:
    """Do to a contact what no vendor's API can: `opted_out` channels, `archived` since a date, true or false."""
    book = sandbox.vendors[_vendor(sandbox, settings)].book
    contact_id = whole(settings.pop("id", None), text=True)
    if contact_id is None or book.contact(contact_id) is None:
        raise ValueError("id names no contact")
    channels = as_array(settings.pop("opted_out", None))
    archived: object = settings.pop("archived", None)
    _nothing_else(settings)
    with sandbox.store.transaction():
        if channels is not None:
            book.opt_in(contact_id, _CHANNELS)
            book.opt_out(contact_id, [channel for channel in _CHANNELS if channel in channels])
        if archived is not None:
            book.change_contact(contact_id, {"archived_at": _moment(archived)})
    return None


def _moment(archived: object) -> int | None:
    if isinstance(archived, bool):
        return seconds_of("2025-01-02 00:00:00") if archived else None
    seconds = seconds_of(archived) if isinstance(archived, str) else None
    if seconds is None:
        raise ValueError("archived is a date YYYY-MM-DD HH:MM:SS, true or false")
    return seconds
