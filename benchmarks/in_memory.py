"""Calls over a transport in memory, to measure the time of crossbook's own code."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from crossbook_wire.http import Request

from benchmarks.clients import AUTHORIZATION, KEY, outgoing
from benchmarks.responses import CONTACT_ID, GET, one
from benchmarks.rounds import Call
from crossbook import Vercom
from crossbook._http.client import SuccessResponse
from crossbook._http.error_mapping import map_response_error
from crossbook._http.options import Options
from crossbook._http.request import Credentials, PreparedRequest, TransportResponse
from crossbook._http.request import prepare_request as framed

ORIGIN = "http://127.0.0.1:9"
REQUEST = Request("listContacts", "GET", GET.partition("?")[0], GET.partition("?")[2])


class Memory:
    """A transport that returns the response at once."""

    name = "memory"
    reply = TransportResponse(200, {"content-type": "application/json"}, one())

    async def send(self, call: PreparedRequest) -> TransportResponse:
        return self.reply

    async def aclose(self) -> None: ...


@asynccontextmanager
async def opened() -> AsyncGenerator[Vercom]:
    book = Vercom(AUTHORIZATION, KEY, base_url=ORIGIN)
    book._session.transport = Memory()
    async with book:
        yield book


@asynccontextmanager
async def whole() -> AsyncGenerator[Call]:
    """Yield a call through the whole facade, over the transport in memory."""
    async with opened() as book:
        yield lambda: book.contacts.get(CONTACT_ID)


@asynccontextmanager
async def barely() -> AsyncGenerator[Call]:
    transport, call = Memory(), outgoing(ORIGIN)
    yield lambda: transport.send(call)


@asynccontextmanager
async def wire() -> AsyncGenerator[Call]:
    """Yield a request through limiter, retry loop and error mapping."""
    async with opened() as book:
        yield lambda: book._client.send(REQUEST)


@asynccontextmanager
async def without_policy() -> AsyncGenerator[Call]:
    """Yield the same request without limiter and retry loop, but with authentication and error mapping."""
    async with opened() as book:
        session, options = book._session, Options()
        profile = session.profile

        async def send() -> SuccessResponse:
            session.check_open()
            operation = profile.operations[REQUEST.operation]
            deadline = session.now() + operation.timeout
            attachment = session.auth.credentials_for(REQUEST.operation, operation.timeout)
            assert isinstance(attachment, Credentials)
            left = deadline - session.now()
            times = options.connect_timeout, operation.read_timeout, left
            call = framed(REQUEST, session.base, attachment, *times, profile.max_response_bytes)
            reply = await session.transport.send(call)
            assert isinstance(reply, TransportResponse)
            assert map_response_error(profile, operation, reply) is None
            return SuccessResponse(reply.status, reply.headers, reply.content, profile.vendor, REQUEST.operation)

        yield send
