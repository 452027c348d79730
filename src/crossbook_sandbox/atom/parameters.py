"""The parameters of one call, and how each kind of them is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from crossbook_sandbox.validation import whole
from crossbook_sandbox.vendor import Vendor

from .errors import refuse

TEXTS = ("first_name", "last_name", "company", "custom_1", "custom_2", "custom_3", "custom_4")


class Parameters(dict[str, object]):
    """What came, by name."""

    def only(self, *names: str) -> None:
        """Refuse parameters of other names."""
        for name in self:
            if name not in names:
                raise refuse("invalid_request", f"There is no parameter {name}")

    def id(self, name: str = "id") -> int:
        """Return a required id, sent as a number or as text."""
        if name not in self:
            raise refuse("invalid_request", f"{name} is required")
        number = whole(self[name], text=True)
        if number is None or number < 1:
            raise refuse("invalid_request", f"{name} is not an id")
        return number

    def name(self) -> str:
        """Return the required name of an address book."""
        value = self.get("name")
        if not isinstance(value, str) or not value:
            raise refuse("invalid_request", "name is a text that is not empty")
        return value

    def phone(self) -> str:
        """Return the phone number as it was given."""
        value = self.get("phone_number")
        if not isinstance(value, str) or not re.fullmatch(r"\+?[0-9]{7,15}", value, re.ASCII):
            raise refuse("invalid_request", "phone_number is not a phone number")
        return value

    def texts(self) -> dict[str, str]:
        """Return the optional texts that were sent."""
        texts: dict[str, str] = {}
        for name in TEXTS:
            value = self.get(name, "")
            if not isinstance(value, str):
                raise refuse("invalid_request", f"{name} is a text")
            if name in self:
                texts[name] = value
        return texts


Handler = Callable[[Vendor[Any], Parameters], Any]
