"""Vercom's webhooks: signed deliveries of the sandbox to a receiver on the loopback interface."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

SECRET = "made-up-secret"


class Receiver(HTTPServer):
    """A receiver of webhooks: it keeps the deliveries, and answers them with these statuses, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.received: list[tuple[dict[str, str], Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/webhook"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append(({name.lower(): text for name, text in self.headers.items()}, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def contact(vercom: httpx.Client) -> str:
    new = {"externalId": "A", "email": "anna@example.com", "phoneNumber": "+48500600700"}
    return str(vercom.post("/contact", json=[new]).json()["data"][0]["id"])


def deliver(control: httpx.Client, receiver: Receiver, **settings: Any) -> dict[str, Any]:
    settings = {"url": receiver.url, "secret": SECRET, "pause": 0, **settings}
    answer: dict[str, Any] = control.post("/webhook", json=settings).raise_for_status().json()
    return answer


def test_unsubscribe_is_signed(control: httpx.Client, vercom: httpx.Client, receiver: Receiver, contact: str) -> None:
    answer = deliver(control, receiver, id=contact, channel="email")
    ((headers, body),) = receiver.received
    signed = f"{SECRET}|{headers['x-webhook-date']}|{headers['request-id']}"
    assert headers["x-webhook-checksum"] == hashlib.sha1(signed.encode()).hexdigest()
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers
    (event,) = body
    assert event.pop("createdAt") == int(headers["x-webhook-date"])
    assert event == {
        "event": "unsubscribe",
        "channel": "email",
        "contactId": contact,
        "externalId": "A",
        "email": "anna@example.com",
        "phoneNumber": "+48500600700",
    }
    assert answer == {
        "request_id": headers["request-id"], "date": headers["x-webhook-date"], "statuses": [200], "delivered": True
    }  # fmt: skip
    out = vercom.get("/contact", params={"isUnsubscribeEmail": "1"}).json()["data"]
    assert [row["id"] for row in out] == [contact]
    assert vercom.get("/contact", params={"isUnsubscribeSms": "1"}).status_code == 404


def test_delivery_repeats_until_200(control: httpx.Client, receiver: Receiver, contact: str) -> None:
    receiver.statuses = [500, 204, 302]
    answer = deliver(control, receiver, id=contact, attempts=10)
    assert (answer["statuses"], answer["delivered"]) == ([500, 204, 302, 200], True)
    assert len({headers["request-id"] for headers, _ in receiver.received}) == 1


def test_deliveries_are_bounded(control: httpx.Client, receiver: Receiver, contact: str) -> None:
    receiver.statuses = [503] * 9
    answer = deliver(control, receiver, id=contact, attempts=2)
    assert (answer["statuses"], answer["delivered"]) == ([503, 503], False)
    receiver.server_close()
    gone = deliver(control, receiver, id=contact, attempts=1)
    assert (gone["statuses"], gone["delivered"]) == ([None], False)


def test_basic_and_bare_event(control: httpx.Client, receiver: Receiver) -> None:
    event = {"event": "sms_incoming", "text": "STOP"}
    deliver(control, receiver, events=[event], single=True, user="anna", password="made-up")
    ((headers, body),) = receiver.received
    assert headers["authorization"] == "Basic YW5uYTptYWRlLXVw"
    assert body == event


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"url": "http://example.com/webhook"}, "url must be an http URL of this machine"),
        ({"url": "https://127.0.0.1/webhook"}, "url must be an http URL of this machine"),
        ({"url": "http://127.0.0.1:99999/"}, "url"),
        ({"url": "http://127.0.0.1:8000/a b\r\nX: y"}, "url"),
        ({"url": 7}, "url must be a text"),
        ({"secret": ""}, "secret must not be empty"),
        ({"attempts": 11}, "attempts must be a whole number from 1 to 10"),
        ({"attempts": True}, "attempts"),
        ({"pause": 11}, "pause"),
        ({"single": 1}, "single"),
        ({"id": "7"}, "no contact of this account has this id"),
        ({"channel": "fax"}, "channel must be one of sms, email, push"),
        ({"account": "eu"}, "account"),
        ({"events": []}, "events"),
        ({"events": ["x"]}, "events"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_invalid_settings_are_refused(
    control: httpx.Client, receiver: Receiver, contact: str, settings: dict[str, Any], message: str
) -> None:
    answer = control.post("/webhook", json={"url": receiver.url, "secret": SECRET, "id": contact, **settings})
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert receiver.received == []
