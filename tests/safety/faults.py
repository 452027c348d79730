"""The worst responses of a vendor or a proxy: they echo the whole request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import canaries
from relay import Behaviour, Seen, hang, reset, response, say


def echo(seen: Seen) -> str:
    """Return what a server could echo: the request, and the phone and address in other spellings."""
    said = [
        seen.target.decode(),
        unquote(seen.target.decode()),
        seen.body.decode(),
        canaries.PHONE,
        canaries.EMAIL,
        "500 600 700",
    ]
    said += [value for name, value in seen.headers if name in ("authorization", "application-key")]
    if seen.body:
        said += [str(json.loads(seen.body))]
    return " | ".join(said)


def vendor_error(seen: Seen, status: int, code: object, number: int = 1002) -> bytes:
    """Return an error in the formats of all vendors at once, with the echo in each of its parts."""
    said = echo(seen)
    problem = {"title": said, "message": said, "code": code, "type": said, "meta": {"parameter": said, "value": said}}
    vendor = seen.target.split(b"/")[1]
    body: dict[str, object] = {
        b"serwersms": {"error": {**problem, "code": number}},
        b"atom": {"status": "error", "error": problem},
        b"filemail": {"responsestatus": said, "errorcode": number, "errormessage": f'Parameter "email": {said}'},
        b"vercom": {"errors": [problem], "meta": {"uniqId": "00d928f759", "note": said}},
    }.get(vendor, problem)
    return response(status, json.dumps(body, ensure_ascii=number % 2 == 0).encode(), f"X-Said: {quoted(seen)}")


def quoted(seen: Seen) -> str:
    return seen.target.decode("ascii")


def cut(seen: Seen) -> bytes:
    body = json.dumps({"said": echo(seen)}).encode()
    return response(200, body)[: -len(body) // 2]


AUTH = {"serwersms": (200, 1001), "atom": (403, 0), "filemail": (200, 2003), "vercom": (401, 0)}


def faults(vendor: str) -> Mapping[str, Behaviour | None]:
    status, code = AUTH[vendor]
    plain = "text/plain"
    return {
        "ok": None,
        "the vendor refuses": say(lambda seen: vendor_error(seen, 400, "E-1")),
        "the vendor refuses with 200": say(lambda seen: vendor_error(seen, 200, echo(seen))),
        "credentials refused": say(lambda seen: vendor_error(seen, status, "E-2", code)),
        "401": say(lambda seen: response(401, echo(seen).encode(), f"WWW-Authenticate: Bearer {quoted(seen)}")),
        "403": say(lambda seen: vendor_error(seen, 403, "forbidden")),
        "404": say(lambda seen: vendor_error(seen, 404, "not_found", 1004)),
        "422": say(lambda seen: vendor_error(seen, 422, "E-3", 1003)),
        "500": say(lambda seen: vendor_error(seen, 500, "server_error", 1001)),
        "502 in HTML": say(lambda seen: response(502, f"<p>{echo(seen)}".encode(), content_type="text/html")),
        "503 again": say(lambda seen: response(503, echo(seen).encode(), "Retry-After: 0", content_type=plain)),
        "302": say(lambda seen: response(302, b"", f"Location: {quoted(seen)}", f"Set-Cookie: at={quoted(seen)}")),
        "307 elsewhere": say(lambda seen: response(307, b"", f"Location: http://[{quoted(seen)}")),
        "time-out": hang,
        "reset": reset,
        "cut": say(cut),
        "no HTTP": say(lambda seen: b"220 mail.example.com ESMTP\r\n\r\n"),
        "no JSON": say(lambda seen: response(200, b"{" + echo(seen).encode())),
        "other JSON": say(lambda seen: response(200, json.dumps([echo(seen)]).encode())),
        "other shape": say(lambda seen: response(200, _shape(seen))),
        "no UTF-8": say(lambda seen: response(200, b'{"status":"success","items":"\xff' + echo(seen).encode())),
        "odd type": say(lambda seen: response(500, b"", content_type=f"text/{canaries.EMAIL};{canaries.PHONE}")),
        "odd encoding": say(lambda seen: response(200, b"x", f"Content-Encoding: {canaries.EMAIL}")),
        "no gzip": say(lambda seen: response(200, echo(seen).encode(), "Content-Encoding: gzip")),
    }  # fmt: skip


def _shape(seen: Seen) -> bytes:
    said = echo(seen)
    wrong: dict[str, Any] = {"status": "success", "responsestatus": "ok", "success": True, "meta": {}, "id": [said]}
    for name in ("result", "items", "data", "contacts", "groups", "contact", "logintoken"):
        wrong[name] = {said: [said]}
    return json.dumps(wrong).encode()
