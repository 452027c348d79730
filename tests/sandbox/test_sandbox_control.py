"""Access to `/_sandbox`: programs may use it, pages of web sites may not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

from crossbook_sandbox import create_app


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "app.localhost", "127.0.0.1:1", "127.0.0.2", "[::1]:8000", "192.168.1.7:80"]
)
def test_control_accepts_host_of_this_machine(control: httpx.Client, host: str) -> None:
    assert control.post("/reset", headers={"host": host}).status_code == 200
    same_origin = {"host": host, "origin": f"http://{host}"}
    assert control.post("/reset", headers=same_origin).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "localhost.evil.example.com",
        "evillocalhost",
        "127.0.0.1.example.com",
        "[::1",
        "",
        "192.168.1",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/state"), ("GET", "/log"), ("POST", "/reset"), ("POST", "/options"), ("DELETE", "/faults")],
)
def test_control_refuses_other_host(control: httpx.Client, method: str, path: str, host: str) -> None:
    answer = control.request(method, path, headers={"host": host})
    said = "Host must be localhost, an IP address or a name given by --allow-host"
    assert (answer.status_code, answer.json()) == (403, {"error": said})


@pytest.mark.parametrize("origin", ["http://evil.example.com", "https://127.0.0.1", "http://127.0.0.1", "null"])
def test_control_refuses_other_origin(control: httpx.Client, origin: str) -> None:
    answer = control.post("/reset", headers={"origin": origin})
    said = "Origin must be this server: web pages of other sites are refused"
    assert (answer.status_code, answer.json()) == (403, {"error": said})


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b'{"fault": "close"}', "text/plain"),
        (b'{"fault": "close"}', "application/x-www-form-urlencoded"),
        (b'{"fault": "close"}', None),
        (b"", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data; boundary=x"),
    ],
)
def test_control_refuses_other_content_type(control: httpx.Client, body: bytes, media_type: str | None) -> None:
    headers = {"content-type": media_type} if media_type else {}
    answer = control.post("/faults", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (415, {"error": "Content-Type must be application/json"})
    assert control.get("/faults").json() == []


def test_control_accepts_json_with_parameters(control: httpx.Client) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert control.post("/faults", content=b'{"fault": "close"}', headers=headers).status_code == 200


def test_vendors_accept_any_host(atom: httpx.Client) -> None:
    headers = {"host": "atom.example.com", "origin": "http://evil.example.com"}
    assert atom.post("/api/address-book/list", headers=headers).status_code == 200


@pytest.mark.anyio
async def test_control_in_process_has_any_name() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app()), base_url="http://Sandbox") as client:
        assert (await client.get("/_sandbox/state")).status_code == 200
        other = await client.get("/_sandbox/state", headers={"host": "evil.example.com"})
        assert other.status_code == 403


@pytest.mark.anyio
async def test_control_on_unix_socket_has_no_name() -> None:
    app = create_app()

    async def on_unix_socket(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "server": None}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(on_unix_socket), base_url="http://sandbox") as client:
        assert (await client.get("/_sandbox/state")).status_code == 403
        assert (await client.get("/_sandbox/state", headers={"host": "localhost"})).status_code == 200


def test_control_accepts_names_of_arguments() -> None:
    names = ["--host", "localhost", "--allow-host", "Sandbox.internal", "--allow-host", "sandbox"]
    command = [sys.executable, "-m", "crossbook_sandbox", "--json", "--exit-with-parent", *names]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        found = {
            host: httpx.get(f"{url}/_sandbox/state", headers={"host": host}, timeout=60).status_code
            for host in ("sandbox:80", "sandbox.internal", "localhost", "internal")
        }
        assert found == {"sandbox:80": 200, "sandbox.internal": 200, "localhost": 200, "internal": 403}
        process.communicate(b"", timeout=60)


@pytest.mark.parametrize(
    ("path", "settings", "error"),
    [
        ("/webhook", {"events": [{"a": 1}], "url": "http://127.0.0.1:1/"}, "missing settings: secret"),
        (
            "/webhook",
            {"events": [{"a": 1}], "url": "http://127.0.0.1:1/", "secret": "s", "username": "u"},
            "unknown settings: username",
        ),
        ("/faults", {"vendor": "atom"}, "missing settings: fault"),
        ("/accounts", {"account": "eu", "vendor": "atom", "name": "x"}, "unknown settings: name"),
    ],
)
def test_wrong_settings_are_named(control: httpx.Client, path: str, settings: dict[str, object], error: str) -> None:
    answer = control.post(path, json=settings)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
