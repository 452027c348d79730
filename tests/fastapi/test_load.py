"""Load on the gateway: 200 clients at once, some of which disconnect early. All others get their responses, and no
task, connection or file stays open."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections import Counter

import httpx
import pytest
from control import Server
from fakes import VENDORS

from crossbook.registry import load_vendor
from crossbook_testing.contract import people

CLIENTS = 200
CALLS = 5
POOLS = sum(load_vendor(vendor).profile.concurrency for vendor in VENDORS)  # connections that may stay open, idle
SEED = 7
CONTEXT = ssl.create_default_context()  # shared, because a context is slow to make


async def reading(client: httpx.AsyncClient, vendor: str, _draw: random.Random) -> None:
    page = (await client.get(f"/books/{vendor}/contacts", params={"page_size": 10})).raise_for_status().json()
    assert len(page["items"]) == 10


async def writing(client: httpx.AsyncClient, vendor: str, draw: random.Random) -> None:
    profile = load_vendor(vendor).profile
    groups = (await client.get(f"/books/{vendor}/groups")).raise_for_status().json()["items"]
    values = people.field_values(profile, draw.randrange(10))
    person = {name: values[name] for name in values if name not in ("created_at", "external_id")}
    created = await client.post(f"/books/{vendor}/contacts", json=person | {"groups": [groups[0]["id"]]})
    assert created.status_code == 201, created.text


async def missing(client: httpx.AsyncClient, vendor: str, _draw: random.Random) -> None:
    id = "0" * 9 + "1"
    response = await client.get(f"/books/{vendor}/contacts/{id if vendor == 'filemail' else '999999'}")
    assert (response.status_code, response.json()["type"]) == (404, "urn:crossbook:not-found")


async def hurried(client: httpx.AsyncClient, vendor: str, draw: random.Random) -> None:
    """Disconnect while waiting for the response."""
    try:
        async with asyncio.timeout(draw.uniform(0.001, 0.05)):
            await client.get(f"/books/{vendor}/contacts")
    except TimeoutError:
        pass


async def cut(client: httpx.AsyncClient, vendor: str, draw: random.Random) -> None:
    """Disconnect in the middle of an import."""
    many = [{"phone": f"+485006{number:05d}"} for number in range(300)]
    # SerwerSMS has no bulk create, so the import takes many requests.
    async with client.stream("POST", "/books/serwersms/imports", json=many) as response:
        lines = response.aiter_lines()
        for _ in range(draw.randrange(1, 4)):
            assert "result" in json.loads(await anext(lines))


async def watching(client: httpx.AsyncClient, vendor: str, draw: random.Random) -> None:
    """Watch the list of imports for a moment."""
    async with client.stream("GET", "/imports/live") as live:
        await anext(live.aiter_lines())
        await asyncio.sleep(draw.uniform(0, 0.3))


WORK = [reading] * 8 + [writing] * 4 + [missing] * 3 + [hurried] * 3 + [cut, watching]


async def held(gateway: httpx.AsyncClient, like: dict[str, int] | None = None) -> dict[str, int]:
    """Return what the gateway holds open: wait until the only client is this one, or with `like` until both are equal.

    Returns the last state if that does not happen within a minute.
    """
    for _ in range(600):
        now: dict[str, int] = (await gateway.get("/_held")).raise_for_status().json()
        now["vendors"] = max(0, now["vendors"] - POOLS)
        if now == like or (like is None and now["clients"] == 1):
            break
        await asyncio.sleep(0.1)
    return now


@pytest.mark.asyncio
async def test_200_clients_leave_nothing_open(gateway: httpx.AsyncClient, sandbox: Server) -> None:
    for vendor in VENDORS:
        profile = load_vendor(vendor).profile
        group = (await gateway.post(f"/books/{vendor}/groups", json={"name": "Load"})).json()["id"]
        for number in range(10):
            values = people.field_values(profile, number)
            person = {name: value for name, value in values.items() if name != "created_at"}
            await gateway.post(f"/books/{vendor}/contacts", json=person | {"groups": [group]})

    done: Counter[str] = Counter()

    async def one(number: int) -> None:
        draw = random.Random(f"{SEED}-{number}")
        async with httpx.AsyncClient(base_url=gateway.base_url, trust_env=False, timeout=300, verify=CONTEXT) as client:
            for _ in range(CALLS):
                work = draw.choice(WORK)
                await work(client, draw.choice(VENDORS), draw)
                done[work.__name__] += 1

    before = await held(gateway)
    async with asyncio.TaskGroup() as tasks:
        for number in range(CLIENTS):
            tasks.create_task(one(number))
    assert sum(done.values()) == CLIENTS * CALLS
    assert set(done) == {work.__name__ for work in WORK}
    assert await held(gateway, before) == before
    assert not any(entry["state"] == "running" for entry in (await gateway.get("/imports")).json())
    assert (await gateway.get("/health")).json()["healthy"] is True
