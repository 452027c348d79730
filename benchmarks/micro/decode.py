"""Decode a page of 1,000 Vercom contacts."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from crossbook_wire.http import Request, Response
from crossbook_wire.vercom import Api, models
from msgspec.json import Decoder

from benchmarks import peers
from benchmarks.micros import cpu, cpu_async, runner
from benchmarks.responses import page
from benchmarks.rounds import Call
from crossbook.models import Contact
from crossbook.vendor import Query
from crossbook.vendors.vercom.adapter import VercomAdapter

PAGE = page(1000)


def to_dicts() -> Any:
    return json.loads(PAGE)


def wire() -> Callable[[], object]:
    decode = Decoder(models.ContactList).decode
    return lambda: decode(PAGE)


def stock() -> Callable[[], object]:
    peers.importable("openapi-python-client")
    from vercom_stock.models import ContactList

    return lambda: ContactList.from_dict(json.loads(PAGE))


def generator() -> Callable[[], object]:
    peers.importable("openapi-generator")
    from vercom_generator.api_client import ApiClient

    client = object.__new__(ApiClient)  # its constructor needs a running loop; decoding does not
    return lambda: client.deserialize(PAGE.decode(), "ContactList", "application/json")


@asynccontextmanager
async def contacts() -> AsyncGenerator[Call]:
    """Decode bytes to `Contact`s as a list does."""

    async def send(_request: Request) -> Response:
        return Response(200, {}, PAGE)

    adapter = VercomAdapter(Api(send), send)
    adapter.region = "PL"
    fetch = adapter.list_contacts(Query(), 1000)
    rows, _ = await fetch(None)
    assert len(rows) == 1000
    assert isinstance(rows[0], Contact)
    yield lambda: fetch(None)


def by_hand() -> list[tuple[Any, ...]]:
    """Decode by hand: `json.loads`, and a tuple for each contact."""
    names = ("id", "externalId", "email", "phoneNumber", "firstName", "lastName", "companyName", "externalData")
    return [tuple(row.get(name) for name in names) for row in json.loads(PAGE)["data"]]


if __name__ == "__main__":
    run = runner("decode")
    run.bench_time_func("json.loads", cpu(to_dicts))
    run.bench_time_func("wire models", cpu(wire()))
    run.bench_time_func("contacts", cpu_async(contacts))
    run.bench_time_func("by hand", cpu(by_hand))
    for name, make in (("openapi-python-client", stock), ("openapi-generator", generator)):
        try:
            run.bench_time_func(name, cpu(make()))
        except peers.MissingPeerError:
            continue
