"""Add exception handlers that respond with problem+json, and document these responses in the OpenAPI schema."""

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
from crossbook.fastapi.body import build_request_body, import_body
from crossbook.fastapi.problems import MEDIA_TYPE, Problem, handle_error, handle_validation_error
from crossbook.fastapi.state import books

_SCHEMA_NAME = "CrossbookProblem"
_VALIDATION = "HTTPValidationError"  # FastAPI's schema of the errors that `handle_validation_error` replaces
_STATUSES = {
    "404": "The contact or group does not exist",
    "409": "Several contacts match, or the journal belongs to another run",
    "422": "The request was rejected by this service or by the vendor",
    "502": "The vendor is unavailable, or its response is invalid",
    "503": "Nothing was processed: retry, after the seconds of `Retry-After` if the header is present",
    "504": "The vendor's response was lost: the request may have been processed",
}


def install(app: FastAPI) -> None:
    """Make the application respond to crossbook's errors with problem+json, and document these responses in OpenAPI.

    They are documented on every route that depends on a book.

    FastAPI's validation errors become problems too, because FastAPI's own response shows what the caller sent. A
    handler that the application has already added for either error is kept.

    `lifespan` calls this at the start. Call it yourself to get the OpenAPI schema of an application that has not
    started, or to install the handlers before the middleware is built. A second call does nothing.

    Example:
        ```python
        app = FastAPI()
        crossbook.fastapi.install(app)
        ```
    """
    if CrossbookError in app.exception_handlers:
        return
    app.add_exception_handler(CrossbookError, handle_error)
    if app.exception_handlers.get(RequestValidationError) is request_validation_exception_handler:
        app.add_exception_handler(RequestValidationError, handle_validation_error)
    if app.middleware_stack is not None:
        # The application has started, and its middleware has a copy of the handlers.
        app.middleware_stack = app.build_middleware_stack()
    _document_problems(app)


def _document_problems(app: FastAPI) -> None:
    """Extend `app.openapi()` with problem responses, and with the request bodies of routes that use `ImportBody`."""
    original: Callable[[], dict[str, Any]] = app.openapi

    def documented() -> dict[str, Any]:
        schema = original()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        if _SCHEMA_NAME not in schemas:
            schemas[_SCHEMA_NAME] = TypeAdapter(Problem).json_schema()
            validation = app.exception_handlers.get(RequestValidationError) is handle_validation_error
            for route in iter_route_contexts(app.routes):
                dependant = getattr(route, "dependant", None)
                for method in route.methods or ():
                    operation = schema["paths"].get(route.path_format, {}).get(method.lower())
                    if dependant is not None and operation is not None:  # else the route is not in the schema
                        _add_responses(operation, dependant, validation=validation)
            for unused in (_VALIDATION, "ValidationError"):
                if f"/{unused}'" not in str(schema):
                    schemas.pop(unused, None)
        return schema

    setattr(app, "openapi", documented)  # noqa: B010  (type checkers refuse to assign to a method)


def _depends_on(dependant: Dependant, call: object) -> bool:
    return dependant.call is call or any(_depends_on(each, call) for each in dependant.dependencies)


def _add_responses(operation: dict[str, Any], dependant: Dependant, *, validation: bool) -> None:
    descriptions: dict[str, str] = {}
    if validation and _VALIDATION in str(operation["responses"].get("422")):
        operation["responses"]["422"] = {"description": _STATUSES["422"]}
        descriptions["422"] = _STATUSES["422"]
    if _depends_on(dependant, books):
        descriptions |= _STATUSES
    if _depends_on(dependant, import_body):
        operation["requestBody"] = build_request_body()
        descriptions |= {"413": "The body is too large, or has too many contacts", "422": _STATUSES["422"]}
    for status, description in descriptions.items():
        response = operation["responses"].setdefault(status, {"description": description})
        response.setdefault("content", {})[MEDIA_TYPE] = {"schema": {"$ref": f"#/components/schemas/{_SCHEMA_NAME}"}}
