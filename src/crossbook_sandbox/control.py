"""`/_sandbox/…`: the routes by which tests control the sandbox, in JSON.

| route | effect |
|---|---|
| `GET state` | counts contacts, groups and calls |
| `GET log` | shows the last thousand calls |
| `POST reset` | makes one account new, or all first accounts, and then removes the further ones |
| `POST accounts`, `GET accounts` | adds a further `account` of a `vendor`; shows the further accounts |
| `POST options` | sets switches |
| `POST mark` | sets a contact's opted-out channels or archive date |
| `POST faults`, `GET faults`, `DELETE faults` | arms a fault, shows all faults, disarms all faults |
| `POST settle` | does the operations that a fault has delayed |
| `POST webhook` | unsubscribes a contact of Vercom in a campaign, and delivers the event to a loopback URL |
| `POST credentials` | renews the credentials of an account, by their names, until the next reset |

`reset`, `mark` and `credentials` take the name of a `vendor`, for its first account, or of a further `account`.
`webhook` takes an `account`, or none for the first account of Vercom.

No web page can send these requests: `Host` and `Origin` are checked, and a body must be `application/json`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Collection
from inspect import Parameter, isawaitable, signature
from typing import Any, TypeVar
from urllib.parse import urlsplit

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from .sandbox import Sandbox
from .validation import as_array, as_object, parse_date, parse_int, parse_json
from .vendor import Vendor
from .vendors.vercom_webhooks import Webhook, make_unsubscribe_event

T = TypeVar("T")
Settings = dict[str, Any]
_CHANNELS = ("sms", "email", "push")


def control_routes(sandbox: Sandbox, hosts: Collection[str]) -> list[Route]:
    """Return the routes below `/_sandbox`.

    Args:
        sandbox: The sandbox to control.
        hosts: Names of this machine that `Host` may have, in addition to localhost and IP addresses.
    """
    actions: list[tuple[str, str, Callable[[Sandbox, Settings], object]]] = [
        ("GET", "/state", lambda sandbox, _: sandbox.state()),
        ("GET", "/log", lambda sandbox, _: list(sandbox.log.last)),
        ("POST", "/reset", _reset),
        ("POST", "/accounts", _add_account),
        ("GET", "/accounts", lambda sandbox, _: _format_accounts(sandbox)),
        ("POST", "/settle", lambda sandbox, _: {"settled": sandbox.settle()}),
        ("POST", "/options", _configure),
        ("POST", "/mark", _mark),
        ("POST", "/webhook", _deliver_webhook),
        ("POST", "/credentials", _renew),
        ("GET", "/faults", lambda sandbox, _: sandbox.faults.to_json()),
        ("POST", "/faults", lambda sandbox, settings: {"id": _call(sandbox.faults.add, settings)}),
        ("DELETE", "/faults", lambda sandbox, _: sandbox.faults.clear()),
    ]
    return [Route(path, _Action(sandbox, act, hosts).respond, methods=[method]) for method, path, act in actions]


class _Action:
    def __init__(self, sandbox: Sandbox, act: Callable[[Sandbox, Settings], object], hosts: Collection[str]) -> None:
        self._sandbox = sandbox
        self._act = act
        self._hosts = hosts

    async def respond(self, request: Request) -> JSONResponse:
        host = request.headers.get("host", "")
        if not _is_this_machine(host, {*self._hosts, str((request.scope.get("server") or ("",))[0])}):
            return JSONResponse({"error": "Host must be localhost, an IP address or a name given by --allow-host"}, 403)
        if request.headers.get("origin", f"http://{host}") != f"http://{host}":
            return JSONResponse({"error": "Origin must be this server: web pages of other sites are refused"}, 403)
        body = await request.body()
        # A page's form always has a content type, so a request without one cannot be a form.
        media_type = request.headers.get("content-type", "application/json" if not body else "")
        if media_type.partition(";")[0].strip().lower() != "application/json":
            return JSONResponse({"error": "Content-Type must be application/json"}, 415)
        try:
            settings = as_object(parse_json(body)) if body else {}
            if settings is None:
                raise ValueError("the body must be a JSON object")
            result = self._act(self._sandbox, settings)
            return JSONResponse(await result if isawaitable(result) else result)
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)


def _is_this_machine(host: str, names: Collection[str]) -> bool:
    """Return whether the header `Host` names this machine. Refusing other hosts prevents DNS rebinding.

    The owner of another site can point its name to this machine. An IP address in `Host` was not looked up, so it is
    accepted.
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
        raise ValueError(f"vendor must be one of {', '.join(sandbox.vendors)}")
    return str(name)


def _account(sandbox: Sandbox, settings: Settings) -> Vendor:
    """Return the account that `account` names, or the first account of `vendor`."""
    if "account" not in settings:
        return sandbox.vendors[_vendor(sandbox, settings)]
    name: object = settings.pop("account")
    if not isinstance(name, str) or name not in sandbox.accounts:
        known = ", ".join(sandbox.accounts) or "none yet; POST /_sandbox/accounts adds one"
        raise ValueError(f"account must be the name of a further account ({known})")
    return sandbox.accounts[name]


def _add_account(sandbox: Sandbox, settings: Settings) -> object:
    vendor, name = _vendor(sandbox, settings), settings.pop("account", None)
    if not isinstance(name, str):
        raise ValueError("account must be a name for the account, for instance eu")
    _refuse_rest(settings)
    sandbox.add_account(name, vendor)
    return _format_accounts(sandbox)[name]


def _format_accounts(sandbox: Sandbox) -> Settings:
    """Return each further account with its vendor and its credentials."""
    return {
        name: {"vendor": vendor.name, "credentials": vendor.credentials} for name, vendor in sandbox.accounts.items()
    }


def _refuse_rest(settings: Settings) -> None:
    if settings:
        raise ValueError(f"unknown settings: {', '.join(settings)}")


def _call(function: Callable[..., T], settings: Settings) -> T:
    """Call a function with settings as its arguments. A missing or unknown setting is a ValueError that names it."""
    parameters = signature(function).parameters
    takes_any = any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values())
    required = [name for name, each in parameters.items() if each.default is each.empty]
    missing = [name for name in required if name not in settings and parameters[name].kind is not Parameter.VAR_KEYWORD]
    if missing:
        raise ValueError(f"missing settings: {', '.join(missing)}")
    _refuse_rest({} if takes_any else {name: value for name, value in settings.items() if name not in parameters})
    return function(**settings)


def _reset(sandbox: Sandbox, settings: Settings) -> object:
    """Empty one account; without a name, empty all first accounts, remove the others and reset all switches."""
    names = [_account(sandbox, settings).key] if settings else list(sandbox.vendors)
    _refuse_rest(settings)
    if len(names) > 1:
        sandbox.faults.clear()
        sandbox.remove_accounts()
        sandbox.configure(sandbox.first_options)
    for name in names:
        sandbox.reset(name)
    return sandbox.state()


def _configure(sandbox: Sandbox, settings: Settings) -> object:
    """Set the sandbox's switches until all vendors are reset."""
    sandbox.configure(sandbox.options.changed(settings))
    return None


def _renew(sandbox: Sandbox, settings: Settings) -> object:
    _account(sandbox, settings).renew_credentials(settings)
    return None


def _mark(sandbox: Sandbox, settings: Settings) -> object:
    """Set a contact's `opted_out` channels, at any vendor, and `archived` (a date, true or false)."""
    vendor = _account(sandbox, settings)
    book = vendor.book
    contact_id = parse_int(settings.pop("id", None), text=True)
    if contact_id is None or book.contact(contact_id) is None:
        raise ValueError("no contact of this account has this id: give the `id` that the create returned")
    channels = as_array(settings.pop("opted_out", None))
    archived: object = settings.pop("archived", None)
    _refuse_rest(settings)
    with book.store.transaction():
        if channels is not None:
            vendor.opt_in(contact_id, _CHANNELS)
            vendor.opt_out(contact_id, [channel for channel in _CHANNELS if channel in channels])
        if archived is not None:
            book.change_contact(contact_id, {"archived_at": _parse_archived(archived)})
    return None


def _deliver_webhook(sandbox: Sandbox, settings: Settings) -> Awaitable[object]:
    """Unsubscribe a contact of Vercom from a `channel`, and deliver the event; or deliver the given `events`."""
    if "account" not in settings:
        settings.setdefault("vendor", "vercom")
    vendor = _account(sandbox, settings)
    if vendor.name != "vercom":
        raise ValueError("account must be an account of vercom, which has the only webhooks that are known")
    book = vendor.book
    now = int(book.store.clock())
    given = as_array(settings.pop("events", None))
    events = None if given is None else [as_object(event) or {} for event in given]
    contact_id, channel = settings.pop("id", None), settings.pop("channel", "email")
    webhook = _call(Webhook, settings)
    if events is None:
        number = parse_int(contact_id, text=True)
        contact = None if number is None else book.contact(number)
        if contact is None:
            raise ValueError("no contact of this account has this id: give the `id` of the create, or `events`")
        if channel not in _CHANNELS:
            raise ValueError(f"channel must be one of {', '.join(_CHANNELS)}")
        events = [make_unsubscribe_event(contact, channel, now)]
        with book.store.transaction():
            vendor.opt_out(contact["id"], [channel])
    if not events or not all(events):
        raise ValueError("events must be a list of objects that is not empty")
    return to_thread.run_sync(webhook.deliver, events, now)


def _parse_archived(archived: object) -> int | None:
    if isinstance(archived, bool):
        return parse_date("2025-01-02 00:00:00") if archived else None
    seconds = parse_date(archived) if isinstance(archived, str) else None
    if seconds is None:
        raise ValueError("archived must be a date YYYY-MM-DD HH:MM:SS, true or false")
    return seconds
