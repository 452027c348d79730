"""Send security headers with each response, and refuse requests from pages of other sites."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class GuardedFastAPI(FastAPI):
    """A FastAPI without a login that refuses writes from pages of other sites.

    It is no middleware, so that errors of the server and of its limits have the headers too.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        if scope["type"] == "http" and is_cross_site(scope):
            refusal = JSONResponse({"detail": "requests from pages of other sites are refused"}, 403)
            await refusal(scope, receive, send_with_headers)
        else:
            await super().__call__(scope, receive, send_with_headers)


def is_cross_site(scope: Scope) -> bool:
    """Return whether a page of another site sends this request to change something.

    Browsers name the site in `Sec-Fetch-Site`, but only to servers with HTTPS or on this machine; old browsers do
    not. Without it, `Origin` must be this server: its scheme, host and port. A request with neither header comes from
    no browser and is accepted.
    """
    if scope["method"] in SAFE_METHODS:
        return False
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    here = f"{scope['scheme']}://{headers.get('host', '')}"
    return origin is not None and origin.lower() != here.lower()
