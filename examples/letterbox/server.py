"""Letterbox's server, written from the spec and not from the client."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY = "a-key-of-letterbox"
_LONGEST = {"@id": 120, "first-name": 40, "last-name": 40, "phone": 20, "from": 60, "class": 20}


class Account:
    """One account. Tests may read its data."""

    def __init__(self) -> None:
        self.addressees: dict[str, dict[str, Any]] = {}
        self.paths: list[bytes] = []

    def app(self) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route("/addressees", self._listed, methods=["GET"]),
            Route("/addressees", self._created, methods=["POST"]),
            Route("/addressees/{address}", self._read, methods=["GET"]),
            Route("/addressees/{address}", self._changed, methods=["PATCH"]),
            Route("/addressees/{address}", self._deleted, methods=["DELETE"]),
        ]
        return Starlette(routes=routes)

    async def _listed(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        wanted = request.query_params
        rows = [
            row
            for row in self.addressees.values()
            if all(str(row[name]).casefold() == value.casefold() for name, value in wanted.items())
        ]
        begin, limit = int(request.headers.get("page-offset", 0)), int(request.headers.get("page-limit", 50))
        return JSONResponse({"@items": rows[begin : begin + limit]})

    async def _created(self, request: Request) -> Response:
        body = await request.json()
        if refused := self._refusal(request) or self._invalid({"@id": "", **body}):
            return refused
        row = {**dict.fromkeys(_LONGEST), **body}
        self.addressees[body["@id"].casefold()] = row
        return JSONResponse({"addressee": row}, 201)

    async def _read(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"addressee": self.addressees[_key(request)]})

    async def _changed(self, request: Request) -> Response:
        body = await request.json()
        if refused := self._refusal(request) or self._invalid(body, _key(request)):
            return refused
        row = self.addressees[_key(request)] | body
        # The order of the list stays if the key changes.
        self.addressees = {
            str(row["@id"]).casefold() if key == _key(request) else key: row if key == _key(request) else each
            for key, each in self.addressees.items()
        }
        minimal = request.headers.get("prefer") == "return=minimal"
        return Response(status_code=204) if minimal else JSONResponse({"addressee": row})

    async def _deleted(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        del self.addressees[_key(request)]
        return Response(status_code=204)

    def _refusal(self, request: Request) -> JSONResponse | None:
        self.paths.append(request.scope["raw_path"])
        if request.headers.get("letterbox-key") != KEY:
            return _error(401, "forbidden", "The key is wrong")
        if "address" in request.path_params and _key(request) not in self.addressees:
            return _error(404, "unknown", "No addressee has this e-mail address")
        return None

    def _invalid(self, body: dict[str, Any], own: str | None = None) -> JSONResponse | None:
        wrong = [name for name, value in body.items() if value is not None and len(value) > _LONGEST[name]]
        wrong += ["@id"] if "@" not in body.get("@id", "@") else []
        if wrong:
            return _error(422, "invalid", "A property was refused", wrong[0])
        key = body.get("@id", "").casefold()
        return _error(409, "in-use", "The address is in use", "@id") if key in self.addressees.keys() - {own} else None


def _key(request: Request) -> str:
    return str(request.path_params["address"]).casefold()


def _error(status: int, code: str, detail: str, name: str | None = None) -> JSONResponse:
    return JSONResponse({"@error": code, "detail": detail, "property": name}, status)
