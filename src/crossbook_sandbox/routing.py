"""From a request to the vendor's operation, through the faults, and into the counters."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from .connection import Connection
from .fault import Fault
from .misbehave import Exchange, misbehave
from .rewrite import ignoring
from .sandbox import Heard, Sandbox
from .vendor import Call, Operation, Reply, Vendor, read_call

Methods = dict[str, Operation[Any]]


class Vendors:
    """ASGI middleware that takes the paths below a vendor's name, and leaves the others to the application.

    Starlette's own mounts let a line break in a path match what it should not.

    Args:
        app: The application for other paths.
        sandbox: The vendors.
    """

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox
        self._endpoints = {name: _Endpoint(sandbox, vendor) for name, vendor in sandbox.vendors.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            self._sandbox.settle(anyio.current_time())
        name, slash, rest = scope.get("path", "")[1:].partition("/")
        if scope["type"] == "http" and slash and name in self._endpoints:
            await self._endpoints[name].answer(scope, receive, Connection(scope, receive, send), f"/{rest}")
        else:
            await self._app(scope, receive, send)

    def operation_of(self, method: str, path: str) -> tuple[str, str] | None:
        """Return the vendor and the operation that a request is for; None if it is for none."""
        name, _, rest = path[1:].partition("/")
        operation = self._endpoints[name].find(f"/{rest}")[0].get(method) if name in self._endpoints else None
        return (name, operation.name) if operation else None


class _Endpoint:
    def __init__(self, sandbox: Sandbox, vendor: Vendor[Any]) -> None:
        self._sandbox = sandbox
        self._vendor = vendor
        self._fixed: dict[str, Methods] = {}
        self._open: dict[str, tuple[re.Pattern[str], Methods]] = {}
        for operation in vendor.operations:
            methods = dict.fromkeys(operation.methods, operation)
            for path in operation.paths:
                if "{" in path:
                    pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
                    self._open.setdefault(path, (pattern, {}))[1].update(methods)
                else:
                    self._fixed.setdefault(path, {}).update(methods)

    async def answer(self, scope: Scope, receive: Receive, connection: Connection, path: str) -> None:
        methods, scope["path_params"] = self.find(path)
        try:
            call = await read_call(Request(scope, receive), path)
            await self._answer(call, methods, connection)
        except ClientDisconnect:
            pass
        except asyncio.CancelledError:
            if not connection.has_socket:
                raise
            # The server stops while a fault takes its time.
            await connection.drop(reset=False)

    async def _answer(self, call: Call, methods: Methods, connection: Connection) -> None:
        operation = methods.get(call.method)
        if operation is None:
            allow = {"allow": ", ".join(methods)} if methods else {}
            reply = replace(self._vendor.stray(call, 405 if methods else 404), headers=allow)
            await connection.reply(reply)
            self._over(self._heard(call, "", None), reply.status)
            return
        fault = self._sandbox.faults.take(self._vendor.name, operation.name)
        heard = self._heard(call, operation.name, fault)
        if fault is None:
            reply = self._run(call, operation)
            await connection.reply(reply)
            self._over(heard, reply.status)
            return
        status: int | None = None
        try:
            status = await misbehave(fault, self._exchange(ignoring(call, fault.ignore), operation, connection))
        finally:
            self._over(heard, status)

    def find(self, path: str) -> tuple[Methods, dict[str, str]]:
        """Return the operations at a path by method, and what stands for the names in it."""
        if path in self._fixed:
            return self._fixed[path], {}
        for pattern, methods in self._open.values():
            match = pattern.fullmatch(path)
            if match:
                return methods, match.groupdict()
        return {}, {}

    def _run(self, call: Call, operation: Operation[Any]) -> Reply:
        self._sandbox.journal.done(self._vendor.name, operation.name)
        return self._vendor.answer(call, operation)

    def _exchange(self, call: Call, operation: Operation[Any], connection: Connection) -> Exchange:
        return Exchange(
            run=lambda: self._run(call, operation),
            connection=connection,
            too_many=self._vendor.too_many,
            expire_tokens=self._vendor.book.expire_tokens,
            later=lambda seconds, run: self._sandbox.later(self._vendor.name, seconds, run),
        )

    def _heard(self, call: Call, operation: str, fault: Fault | None) -> Heard:
        heard = Heard(self._vendor.name, operation, call, fault.fault if fault else None)
        self._sandbox.heard(heard)
        return heard

    def _over(self, heard: Heard, status: int | None) -> None:
        heard.status = status
        details = {"method": heard.call.method, "path": heard.call.path, "fault": heard.fault}
        self._sandbox.journal.answered(heard.vendor, heard.operation, status, **details)
