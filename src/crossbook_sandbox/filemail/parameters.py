"""The parameters of one call: in the query, in a form, or as HTTP headers, in this order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crossbook_sandbox.validation import email as valid_email
from crossbook_sandbox.vendor import Call, Json, Vendor

from .errors import Problem


class Parameters:
    """What came, by name."""

    def __init__(self, *places: Mapping[str, str]) -> None:
        self._places = places

    def get(self, name: str) -> str | None:
        """Return a parameter, or None if it was not sent."""
        return next((place[name] for place in self._places if name in place), None)

    def required(self, name: str) -> str:
        """Return a parameter that must be there and not be empty."""
        value = self.get(name)
        if not value:
            raise Problem(1003, f'Required parameter missing: "{name}"')
        return value

    def filled(self, name: str) -> str | None:
        """Return a parameter that may be missing, but not be empty."""
        value = self.get(name)
        if value == "":
            raise Problem(1002, f"Parameter '{name}' is empty")
        return value


Handler = Callable[[Vendor[Any], Parameters], Json]


def checked_email(value: str) -> str:
    """Return an e-mail address that is one."""
    if not valid_email(value, 320):
        raise Problem(1004, f"Parameter 'email' is not a valid e-mail address: {value}")
    return value


def read_parameters(call: Call) -> Parameters:
    """Read a call's parameters."""
    return Parameters(dict(call.query), dict(call.form), call.headers)
