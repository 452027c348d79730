"""Install the problem handlers, and document problems on every route that depends on a book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter

from crossbook.errors import CrossbookError
from crossbook.fastapi.body import import_body, request_body
from crossbook.fastapi.problems import MEDIA_TYPE, Problem, answer, answer_validation
from crossbook.fastapi.state import books

_SCHEMA_NAME = "CrossbookProblem"
_VALIDATION = "HTTPValidationError"  # FastAPI's schema of what our handler answers instead
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

    FastAPI's own errors of validation become problems as well, since FastAPI's answer shows what the caller sent. A
    handler of the application's own for either is kept.

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
    if app.exception_handlers.get(RequestValidationError) is request_validation_exception_handler:
        app.add_exception_handler(RequestValidationError, answer_validation)
    if app.middleware_stack is not None:
        # The application has started: what it built does not look at its handlers again.
        app.middleware_stack = app.build_middleware_stack()
    _document(app)


def _document(app: FastAPI) -> None:
    """Adds the problems to what `app.openapi()` answers, and the bodies that handlers read themselves."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def documented() -> dict[str, Any]:
        schema = plain()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        if _SCHEMA_NAME not in schemas:
            schemas[_SCHEMA_NAME] = TypeAdapter(Problem).json_schema()
            validation = app.exception_handlers.get(RequestValidationError) is answer_validation
            for route in iter_route_contexts(app.routes):
                dependant = getattr(route, "dependant", None)
                for method in route.methods or ():
                    operation = schema["paths"].get(route.path_format, {}).get(method.lower())
                    if dependant is not None and operation is not None:  # one that is in the schema
                        _describe(operation, dependant, validation=validation)
            for unused in (_VALIDATION, "ValidationError"):
                if f"/{unused}'" not in str(schema):
                    schemas.pop(unused, None)
        return schema

    setattr(app, "openapi", documented)  # noqa: B010 (a type checker knows it as a method)


def _depends(dependant: Dependant, call: object) -> bool:
    """Whether this is among what a route depends on."""
    return dependant.call is call or any(_depends(each, call) for each in dependant.dependencies)


def _describe(operation: dict[str, Any], dependant: Dependant, *, validation: bool) -> None:
    words: dict[str, str] = {}
    if validation and _VALIDATION in str(operation["responses"].get("422")):
        operation["responses"]["422"] = {"description": _STATUSES["422"]}
        words["422"] = _STATUSES["422"]
    if _depends(dependant, books):
        words |= _STATUSES
    if _depends(dependant, import_body):
        operation["requestBody"] = request_body()
        words |= {"413": "The body is too large, or has too many contacts", "422": _STATUSES["422"]}
    for status, description in words.items():
        response = operation["responses"].setdefault(status, {"description": description})
        response.setdefault("content", {})[MEDIA_TYPE] = {"schema": {"$ref": f"#/components/schemas/{_SCHEMA_NAME}"}}
