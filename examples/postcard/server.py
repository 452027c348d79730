"""Postcard's server, written from the spec and not from the client."""

from __future__ import annotations

import itertools
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

TOKEN = "a-token-of-postcard"
_LONGEST = {"email": 200, "name": 100, "company": 100}


class Account:
    """One account. Tests may read its data."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def app(self) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route("/people", self._listed, methods=["GET"]),
            Route("/people", self._created, methods=["POST"]),
            Route("/people/{id}", self._read, methods=["GET"]),
            Route("/people/{id}", self._changed, methods=["PATCH"]),
            Route("/people/{id}", self._deleted, methods=["DELETE"]),
        ]
        return Starlette(routes=routes)

    async def _listed(self, request: Request) -> JSONResponse:
        if refused := _refusal(request):
            return refused
        asked = request.query_params
        people = [each for each in self.people.values() if asked.get("email") in (None, each["email"])]
        begin = int(asked.get("offset", 0))
        return JSONResponse({"people": people[begin : begin + int(asked.get("limit", 50))]})

    async def _created(self, request: Request) -> JSONResponse:
        body = await request.json()
        if refused := _refusal(request) or _invalid(body, needed=("email", "name")):
            return refused
        id = f"p{next(self._numbers)}"
        self.people[id] = {"id": id, "company": None, **body}
        return JSONResponse({"person": self.people[id]})

    async def _read(self, request: Request) -> JSONResponse:
        return _refusal(request) or self._shown(request)

    async def _changed(self, request: Request) -> JSONResponse:
        body = await request.json()
        if refused := _refusal(request) or _invalid(body):
            return refused
        if request.path_params["id"] in self.people:
            self.people[request.path_params["id"]].update(body)
        return self._shown(request)

    async def _deleted(self, request: Request) -> JSONResponse:
        answer = _refusal(request) or self._shown(request)
        if answer.status_code == 200:
            del self.people[request.path_params["id"]]
        return answer

    def _shown(self, request: Request) -> JSONResponse:
        person = self.people.get(request.path_params["id"])
        return JSONResponse({"person": person}) if person else _error(404, "no_such_person", "There is no such person")


def _refusal(request: Request) -> JSONResponse | None:
    given = request.headers.get("authorization")
    return None if given == f"Bearer {TOKEN}" else _error(401, "forbidden", "The token is wrong")


def _invalid(body: dict[str, Any], needed: tuple[str, ...] = ()) -> JSONResponse | None:
    wrong = [name for name in needed if not body.get(name)]
    wrong += [name for name, value in body.items() if value is not None and len(value) > _LONGEST[name]]
    wrong += ["email"] if "@" not in (body.get("email") or "@") else []
    return _error(422, "invalid", "A field was refused", wrong[0]) if wrong else None


def _error(status: int, code: str, message: str, field: str | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, "field": field}}, status)
