"""Transports to the sandbox: one without a socket, and a transport that makes connections fail when a test asks for it.

What a socket would report of a fault is reported here in the same values, so that crossbook treats it in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import anyio
import anyio.lowlevel
from attrs import define, field

from crossbook._http.request import TIMED_OUT, PreparedRequest, Transport, TransportFailure, TransportResponse
from crossbook._transports.body import ResponseBody
from crossbook_sandbox.faults import Fault, Faults

Message = MutableMapping[str, Any]
App = Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Any]


class InProcessTransport:
    """A transport that calls an ASGI application in the test's own event loop."""

    name = "the sandbox, in process"

    def __init__(self, app: App) -> None:
        self._app = app

    async def send(self, call: PreparedRequest) -> TransportResponse | TransportFailure:
        await anyio.lowlevel.checkpoint()
        with anyio.CancelScope(deadline=call.deadline):
            return await _Exchange(call).run(self._app)
        return TIMED_OUT

    async def aclose(self) -> None: ...


class _Exchange:
    """One request to the ASGI application, which collects the response as the application sends it."""

    def __init__(self, call: PreparedRequest) -> None:
        self._call = call
        self._sent = False
        self._status: int | None = None
        self._headers: dict[str, str] = {}
        self._body = ResponseBody("", call.max_response_bytes)
        self._missing_bytes = 0
        # Each message of the application moves the deadline, as received bytes do for a read time-out.
        self._read_timeout = anyio.CancelScope()

    async def run(self, app: App) -> TransportResponse | TransportFailure:
        cause = ""
        with self._read_timeout:
            self._restart_timeout()
            try:
                await app(self._scope(), self._receive, self._send)
            except ConnectionResetError:
                cause = "ReadError"
            except (ConnectionAbortedError, _BodyTooLargeError):
                cause = "RemoteProtocolError"
        if self._read_timeout.cancelled_caught:
            cause = "ReadTimeout"
        if self._body.failure is not None and self._status is not None and self._status < 300:
            kind, why = self._body.failure
            return TransportFailure(kind, "yes", why)
        if self._status is None or (self._status < 300 and (cause or self._missing_bytes)):
            return TransportFailure("lost", "maybe", cause or "RemoteProtocolError", self._status)
        whole = not cause and self._body.failure is None
        return TransportResponse(self._status, self._headers, (self._body.content() or b"") if whole else b"")

    def _scope(self) -> dict[str, Any]:
        target, _, query = self._call.target.partition(b"?")
        scheme, _, host = self._call.origin.partition("://")
        name, _, port = host.partition(":")
        headers = [(b"host", host.encode()), (b"content-length", str(len(self._call.body)).encode())]
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": self._call.method,
            "scheme": scheme, "path": target.decode("ascii"), "raw_path": target, "root_path": "",
            "query_string": query, "headers": [*headers, *((key.lower(), value) for key, value in self._call.headers)],
            "client": ("127.0.0.1", 1), "server": (name, int(port or 80)),
        }  # fmt: skip

    async def _receive(self) -> Message:
        if self._sent:
            await anyio.sleep_forever()
        self._sent = True
        return {"type": "http.request", "body": self._call.body, "more_body": False}

    async def _send(self, message: Message) -> None:
        self._restart_timeout()
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {
                key.decode("latin-1").lower(): value.decode("latin-1") for key, value in message["headers"]
            }
            self._missing_bytes = int(self._headers.get("content-length", 0))
        else:
            self._body.feed(message.get("body", b""))
            self._missing_bytes -= len(message.get("body", b""))
            if self._body.failure is not None:
                raise _BodyTooLargeError

    def _restart_timeout(self) -> None:
        self._read_timeout.deadline = anyio.current_time() + self._call.read_timeout


class _BodyTooLargeError(Exception):
    """The error that stops the application when its response body is larger than `max_response_bytes`."""


_FAILURES: dict[str, TransportFailure] = {
    # The values of httpx, which reports an unknown host as a connect error.
    "refused": TransportFailure("connect", "no", "ConnectError"),
    "unresolved": TransportFailure("connect", "no", "ConnectError"),
    "no_room": TransportFailure("busy", "no", "PoolTimeout"),
    "timeout": TransportFailure("lost", "maybe", "ReadTimeout"),
}
# How each vendor reports an error with status 200. Which code stands for which error is inferred.
_ERROR_BODIES: dict[str, Any] = {
    "serwersms": {"error": {"code": 1006, "type": "InvalidData", "message": "refused"}},
    "atom": {"status": "error", "error": {"code": "invalid_request", "message": "refused"}},
    "filemail": {"responsestatus": "InvalidParameter", "errorcode": 1002, "errormessage": "refused"},
    "vercom": {"errors": [{"title": "refused", "message": "no", "code": "E-1-001"}], "meta": {}},
}


@define
class ConnectionFaults:
    """The injected faults that break a connection before the sandbox is reached. The sandbox keeps all other faults.

    The fault that was added first strikes first, whichever side keeps it.
    """

    faults: Faults
    armed: list[tuple[int, Fault, bool]] = field(factory=list[tuple[int, Fault, bool]])

    def add(self, kind: str, vendor: str, operation: str, settings: Mapping[str, Any]) -> Fault:
        """Add a fault for the calls of one vendor's operation: here if it breaks the connection, else to the sandbox.

        Raises:
            ValueError: the fault has no such setting, or a value is invalid.
        """
        given = dict(settings)
        if kind == "vendor_error":
            body = json.dumps(_ERROR_BODIES[vendor])
            kind, given = "status", {"status": 200, "body": body, "content_type": "application/json", **given}
        if kind not in _FAILURES:
            return self.faults.get(self.faults.add(kind, vendor, operation, **given))
        committed = bool(given.pop("committed", True)) if kind == "timeout" else False
        # The sandbox checks the settings and gives the number, as for its own fault `close`.
        number = self.faults.add("close", vendor, operation, **given)
        fault = self.faults.remove(number)
        fault.fault = kind
        self.armed.append((number, fault, committed))
        return fault

    def take(self, vendor: str, operation: str) -> tuple[TransportFailure, bool] | None:
        """Return this call's failure, and whether its request is sent nevertheless; None if no fault affects it."""
        for number, fault, committed in self.armed:
            is_next = fault.matches(vendor, operation) and not self.faults.has_earlier(vendor, operation, number)
            if is_next and fault.strike():
                return _FAILURES[fault.fault], committed
        return None

    def clear(self) -> None:
        self.armed.clear()


class FaultyTransport:
    """A transport to the sandbox, with or without a socket, whose connections fail on request."""

    def __init__(
        self,
        inner: Transport,
        faults: ConnectionFaults,
        find_operation: Callable[[str, str], tuple[str, str] | None],
        before_send: Callable[[], None],
    ) -> None:
        self.name = inner.name
        self._inner = inner
        self._faults = faults
        self._find_operation = find_operation
        self._before_send = before_send

    async def send(self, call: PreparedRequest) -> TransportResponse | TransportFailure:
        self._before_send()
        operation = self._find_operation(call.method, call.path)
        fault = self._faults.take(*operation) if operation else None
        if fault is None:
            return await self._inner.send(call)
        failure, is_sent = fault
        if is_sent:
            await self._inner.send(call)
        return failure

    async def aclose(self) -> None:
        await self._inner.aclose()
