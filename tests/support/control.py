"""The sandbox for tests: its counters and its faults."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import httpx

from crossbook_sandbox import Running


class Server:
    """A sandbox in another process, controlled through `/_sandbox`."""

    def __init__(self, running: Running, client: httpx.Client) -> None:
        self._client = client
        self.url = running.url
        self.base_urls = running.base_urls
        self.credentials = {name: dict(given) for name, given in running.credentials.items()}
        self.env = running.env
        # Without the token, which has its own tests.
        self.token = self.credentials["serwersms"].pop("token")

    def reset(self) -> None:
        self._ask("/reset")

    def options(self, **switches: Any) -> None:
        self._ask("/options", **switches)

    def fault(self, kind: str, vendor: str, operation: str = "*", **settings: Any) -> None:
        self._ask("/faults", fault=kind, vendor=vendor, operation=operation, **settings)

    def calm(self) -> None:
        """Disarm all faults."""
        assert self._client.delete("/faults").is_success

    def mark(self, vendor: str, id: str, **marks: Any) -> None:
        self._ask("/mark", vendor=vendor, id=int(id), **marks)

    def renew(self, vendor: str, **credentials: str) -> None:
        """Replace the vendor's credentials."""
        self._ask("/credentials", vendor=vendor, **credentials)

    def requests(self, vendor: str) -> Counter[str]:
        """Return the number of requests of each operation in this test."""
        counted = self._client.get("/state").raise_for_status().json()["vendors"][vendor]["operations"]
        return Counter({operation: counts["requests"] for operation, counts in counted.items()})

    def quiet(self, vendor: str) -> Counter[str]:
        """Return the same after all sent requests have arrived."""
        now = self.requests(vendor)
        for _ in range(100):
            before = now
            time.sleep(0.1)
            now = self.requests(vendor)
            if now == before:
                break
        return now

    def contacts(self, vendor: str) -> int:
        """Return the number of contacts in the account."""
        stored: int = self._client.get("/state").raise_for_status().json()["vendors"][vendor]["contacts"]
        return stored

    def await_contacts(self, vendor: str, count: int) -> None:
        """Wait until the account has `number` contacts."""
        for _ in range(600):
            if self.contacts(vendor) >= count:
                return
            time.sleep(0.05)
        raise AssertionError(f"{vendor} holds {self.contacts(vendor)} contacts, not {count}")

    def _ask(self, path: str, **settings: Any) -> None:
        answer = self._client.post(path, json=settings) if settings else self._client.post(path)
        assert answer.is_success, answer.text
