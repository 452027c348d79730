"""Route each request to the vendor's operation, apply the armed faults, and count the call."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from .connection import Connection
from .fault_effects import Exchange, apply_fault
from .rewrite import remove_parameters
from .sandbox import ReceivedCall, Sandbox
from .vendor import Call, Operation, Response, Vendor, read_call

Methods = dict[str, Operation]


class Vendors:
    """ASGI middleware for the paths below a vendor's name. Other paths go to the application.

    Starlette's `Mount` is not used, because its pattern matches paths with line breaks.

    Args:
        app: The application for other paths.
        sandbox: The vendors.
    """

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox
        self._routers = {name: _Router(sandbox, vendor) for name, vendor in sandbox.vendors.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request: run its vendor's operation, or pass other paths to the application."""
        name, slash, rest = scope.get("path", "")[1:].partition("/")
        if scope["type"] == "http":
            self._sandbox.settle(anyio.current_time())
        if scope["type"] == "http" and slash and name in self._routers:
            await self._routers[name].respond(scope, receive, Connection(scope, receive, send), f"/{rest}")
        else:
            await self._app(scope, receive, send)

    def find_operation(self, method: str, path: str) -> tuple[str, str] | None:
        """Return the vendor and the operation of a request, or None if the request matches no operation."""
        name, _, rest = path[1:].partition("/")
        operation = self._routers[name].find(f"/{rest}")[0].get(method) if name in self._routers else None
        return (name, operation.name) if operation else None


class _Router:
    """The routes of one vendor's operations: find the operation of a path and method."""

    def __init__(self, sandbox: Sandbox, vendor: Vendor) -> None:
        self._sandbox = sandbox
        self._vendor = vendor
        self._fixed: dict[str, Methods] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], Methods]] = {}
        for operation in vendor.operations:
            methods = dict.fromkeys(operation.methods, operation)
            for path in operation.paths:
                if "{" in path:
                    pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
                    self._patterns.setdefault(path, (pattern, {}))[1].update(methods)
                else:
                    self._fixed.setdefault(path, {}).update(methods)

    def find(self, path: str) -> tuple[Methods, dict[str, str]]:
        """Return the operations of a path by method, and the values of the path's parameters."""
        if path in self._fixed:
            return self._fixed[path], {}
        for pattern, methods in self._patterns.values():
            if match := pattern.fullmatch(path):
                return methods, match.groupdict()
        return {}, {}

    async def respond(self, scope: Scope, receive: Receive, connection: Connection, path: str) -> None:
        methods, scope["path_params"] = self.find(path)
        try:
            call = await read_call(Request(scope, receive), path)
            await self._respond(call, methods, connection)
        except ClientDisconnect:
            pass
        except asyncio.CancelledError:
            if not connection.has_socket:
                raise
            # The server stops during a fault that takes time.
            await connection.drop(reset=False)

    async def _respond(self, call: Call, methods: Methods, connection: Connection) -> None:
        operation, vendor = methods.get(call.method), self._sandbox.find_account(self._vendor.name, call)
        name = operation.name if operation else ""
        fault = self._sandbox.faults.take(vendor.name, name) if operation else None
        received = ReceivedCall(vendor.name, name, call, fault.fault if fault else None, account=vendor.account)
        self._sandbox.on_call(received)

        def run() -> Response:
            if operation is None:
                response = vendor.respond_to_unknown(call, 405 if methods else 404)
                return replace(response, headers={"allow": ", ".join(methods)} if methods else {})
            self._sandbox.log.count_done(vendor.key, operation.name)
            return vendor.respond(remove_parameters(call, fault.ignore) if fault else call, operation)

        try:
            if fault is None:
                response = run()
                await connection.send(response)
                received.status = response.status
            else:
                received.status = await apply_fault(fault, Exchange(run, connection, vendor, self._sandbox))
        finally:
            details = {"method": call.method, "path": call.path, "fault": received.fault}
            self._sandbox.log.add(vendor.key, name, received.status, **details)
