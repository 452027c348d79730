"""Problems installed: the handler, and the docs page of every route that depends on a book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter

from crossbook.errors import CrossbookError
from crossbook.fastapi.problems import MEDIA_TYPE, Problem, answer
from crossbook.fastapi.shelf import books

_NAME = "CrossbookProblem"
_STATUSES = {
    "404": "There is no such contact or group",
    "409": "Several contacts match, or a journal is another's",
    "422": "The request is refused, here or by the vendor",
    "502": "The vendor cannot answer, or not so that it can be understood",
    "503": "Nothing was processed: it may be repeated, after `Retry-After` where that is given",
    "504": "The vendor's answer was lost: it may have happened",
}


def install(app: FastAPI) -> None:
    """Answers CrossbookErrors as problem+json, and says so in the docs page of every route that depends on a book.

    `lifespan` does it at the start; call it yourself where the application's own schema is wanted without a start,
    or before its middleware is built. A second call does nothing.

    Example:
        ```python
        app = FastAPI()
        crossbook.fastapi.install(app)
        ```
    """
    if CrossbookError in app.exception_handlers:
        return
    app.add_exception_handler(CrossbookError, answer)
    if app.middleware_stack is not None:
        # The application has started: what it built does not look at its handlers again.
        app.middleware_stack = app.build_middleware_stack()
    _document(app)


def _document(app: FastAPI) -> None:
    """Adds the problems to what `app.openapi()` answers."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def documented() -> dict[str, Any]:
        schema = plain()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        if _NAME not in schemas:
            schemas[_NAME] = TypeAdapter(Problem).json_schema()
            for route in iter_route_contexts(app.routes):
                if _asks(getattr(route, "dependant", None)):
                    for method in route.methods or ():
                        _describe(schema["paths"].get(route.path_format, {}).get(method.lower()))
        return schema

    setattr(app, "openapi", documented)  # noqa: B010 (a type checker knows it as a method)


def _asks(dependant: Dependant | None) -> bool:
    """Whether a book is among what a route depends on."""
    return dependant is not None and (dependant.call is books or any(map(_asks, dependant.dependencies)))


def _describe(operation: dict[str, Any] | None) -> None:
    if operation is not None:  # one that is in the schema
        for status, words in _STATUSES.items():
            response = operation["responses"].setdefault(status, {"description": words})
            response.setdefault("content", {})[MEDIA_TYPE] = {"schema": {"$ref": f"#/components/schemas/{_NAME}"}}
