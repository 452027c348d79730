"""Vercom's webhooks: sign events, and deliver them to a receiver on this machine until it answers 200.

The headers and the checksum are public. The fields of an event, the form of the date, and that a repetition has the
same `Request-Id`, are inferred.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import time
from base64 import b64encode
from dataclasses import dataclass, field
from sqlite3 import Row
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

Json = dict[str, Any]
MAX_ATTEMPTS = 10
_TIMEOUT = 5  # seconds for one delivery


def make_checksum(secret: str, date: str, request_id: str) -> str:
    """Return the header `X-Webhook-Checksum`: the hexadecimal SHA-1 of `secret|date|request id`."""
    return hashlib.sha1(f"{secret}|{date}|{request_id}".encode(), usedforsecurity=False).hexdigest()


def make_unsubscribe_event(contact: Row, channel: str, now: int) -> Json:
    """Return the event that a contact unsubscribed in a campaign."""
    return {
        "event": "unsubscribe",
        "channel": channel,
        "contactId": str(contact["id"]),
        "externalId": contact["external_id"],
        "email": contact["email"],
        "phoneNumber": contact["phone"],
        "createdAt": now,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One delivery of events to a receiver.

    Args:
        url: The receiver's address: `http`, on a loopback address.
        secret: The secret of the account's webhook, which both sides know.
        user, password: The credentials for HTTP Basic, if the receiver requires them.
        single: Whether the body is one event, without an array around it.
        attempts: The largest number of deliveries, 1 to 10, if no delivery is answered with 200. Default 3.
        pause: Seconds between two deliveries, 0 to 10. Default 0.1.
    """

    url: str
    secret: str
    user: str = ""
    password: str = field(default="", repr=False)
    single: bool = False
    attempts: int = 3
    pause: float = 0.1

    def __post_init__(self) -> None:
        for name in ("url", "secret", "user", "password"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a text")
        if not _is_receiver(self.url):
            raise ValueError("url must be an http URL of this machine, for instance http://127.0.0.1:8000/webhook")
        if not self.secret:
            raise ValueError("secret must not be empty")
        if type(self.single) is not bool:
            raise ValueError("single must be true or false")
        if not _is_number(self.attempts) or self.attempts not in range(1, MAX_ATTEMPTS + 1):
            raise ValueError(f"attempts must be a whole number from 1 to {MAX_ATTEMPTS}")
        if not _is_number(self.pause) or not 0 <= self.pause <= 10:
            raise ValueError("pause must be a number of seconds from 0 to 10")

    def deliver(self, events: list[Json], now: int) -> Json:
        """Send the events until the receiver answers 200, or all attempts are used up. Blocks; call it in a thread.

        Returns:
            The `request_id` and `date` that were sent, the status of each delivery (None if there was no response), and
            whether the last delivery was answered with 200.
        """
        date, request_id = str(now), uuid4().hex
        headers = {
            "Content-Type": "application/json",
            "X-Webhook-Date": date,
            "Request-Id": request_id,
            "X-Webhook-Checksum": make_checksum(self.secret, date, request_id),
        }
        if self.user or self.password:
            headers["Authorization"] = f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"
        body = json.dumps(events[0] if self.single else events, ensure_ascii=False).encode()
        statuses: list[int | None] = []
        while len(statuses) < self.attempts and statuses[-1:] != [200]:
            if statuses:
                time.sleep(self.pause)
            statuses.append(self._post(body, headers))
        return {"request_id": request_id, "date": date, "statuses": statuses, "delivered": statuses[-1:] == [200]}

    def _post(self, body: bytes, headers: dict[str, str]) -> int | None:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target, body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def _is_receiver(url: str) -> bool:
    """Return whether this is a valid http URL with a loopback address."""
    try:
        parts = urlsplit(url)
        host, is_valid = (
            parts.hostname or "",
            parts.port != 0 and url.isascii() and url.isprintable() and " " not in url,
        )
        return parts.scheme == "http" and is_valid and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
