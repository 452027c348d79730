"""Modules imported by a vendor's class, by a book and by a call, in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from control import Server
from fakes import VENDORS

from crossbook.registry import load_vendor

CLASSES = {vendor: load_vendor(vendor).__name__ for vendor in VENDORS}

# Needed only by a call, a batch, an async program, or a phone in another spelling.
LATER = (
    "anyio", "asyncio", "attr", "crossbook.contacts", "crossbook._batch",
    "crossbook.journal", "crossbook._http.client", "crossbook._batch.assemble",
    "crossbook._transports", "crossbook_wire", "email", "h11", "httpcore", "httpx", "logging", "phonenumbers",
    "sqlite3", "ssl",
)  # fmt: skip

FIRST_CALLS = """
import asyncio, json, sys
import crossbook

async def main():
    settings = json.loads(sys.stdin.read())
    book = getattr(crossbook, settings.pop("class"))(**settings)
    made = set(sys.modules)
    async with book:
        await book.groups.list(page_size=2)
        try:
            await book.contacts.get("1")
        except crossbook.NotFoundError:
            pass
        await book.with_options(max_attempts=1).groups.list(page_size=2)
        used = set(sys.modules) - made
        book.contacts.delete_many([])
        print(json.dumps({"made": sorted(made), "used": sorted(used), "batched": sorted(sys.modules)}))

asyncio.run(main())
"""


def fresh(code: str, given: dict[str, Any] | None = None) -> Any:
    """Return the JSON that the code prints in a new interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(given), capture_output=True, text=True, check=True, timeout=300
    )
    return json.loads(done.stdout)


def within(loaded: list[str], *packages: str) -> list[str]:
    return [
        name for name in loaded if name.startswith(tuple(f"{package}." for package in packages)) or name in packages
    ]


@pytest.mark.parametrize("vendor", VENDORS)
def test_vendor_class_imports_nothing_heavy(vendor: str) -> None:
    before, loaded = fresh(
        "import json, sys; before = [*sys.modules]; "
        f"from crossbook import {CLASSES[vendor]}; print(json.dumps([before, [*sys.modules]]))"
    )
    loaded = [name for name in loaded if name not in before]
    assert f"crossbook.vendors.{vendor}.profile" in loaded
    # Filemail's class imports anyio for its clock.
    later = [name for name in LATER if vendor != "filemail" or name != "anyio"]
    assert within(loaded, *later) == []
    assert within(loaded, *(f"crossbook.vendors.{other}" for other in VENDORS if other != vendor)) == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_calls_import_no_module(vendor: str, server: Server) -> None:
    settings = {"class": CLASSES[vendor], "base_url": server.base_urls[vendor], **server.credentials[vendor]}
    loaded = fresh(FIRST_CALLS, settings)
    assert {"httpx", "httpcore", "crossbook._http.client", f"crossbook_wire.{vendor}.models"} <= set(loaded["made"])
    assert within(loaded["made"], "crossbook._batch.assemble", "crossbook.journal", "sqlite3") == []
    assert within(loaded["used"], "crossbook", "crossbook_wire", "httpx", "httpcore", "h11", "attr", "msgspec") == []
    assert "crossbook._batch.batch" in loaded["batched"]
