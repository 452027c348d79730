"""The parameters of one call and how each kind of them is read. What is not asked for is ignored."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from crossbook_sandbox.validation import as_array, as_object, email, parse_json, whole
from crossbook_sandbox.vendor import Call, Json, Vendor

from .errors import refuse
from .php import nest

TEXTS = ("first_name", "last_name", "company", "tax_id", "address", "city", "description")
_SEPARATORS = str.maketrans("", "", " -()./")


class Parameters(dict[str, object]):
    """What came, by name."""

    def text(self, name: str, most: int) -> str | None:
        """Return a text of at most so many characters, or None if it was not sent."""
        value = self.get(name)
        if name not in self:
            return None
        if not isinstance(value, str) or len(value) > most:
            raise refuse(1006, f"{name} is not a text of at most {most} characters")
        return value

    def required_text(self, name: str, most: int) -> str:
        """Return a text that must be there and not be empty."""
        if self.get(name, "") == "":
            raise refuse(2000, f"{name} is required")
        return self.text(name, most) or ""

    def id(self) -> int:
        """Return the required id."""
        if self.get("id", "") == "":
            raise refuse(2000, "id is required")
        number = whole(self["id"], text=True)
        if number is None:
            raise refuse(1004)
        return number

    def at_least_one(self, name: str, default: int) -> int:
        """Return a number from 1 on."""
        if name not in self:
            return default
        number = whole(self[name], text=True)
        if number is None or number < 1:
            raise refuse(1006, f"{name} is a number from 1 on")
        return number

    def one_of(self, name: str, words: tuple[str, ...]) -> str | None:
        """Return one of the words, or None if it was not sent."""
        value = self.get(name)
        if name in self and value not in words:
            raise refuse(1006, f"{name} is one of {', '.join(words)}")
        return value if isinstance(value, str) else None

    def truthy(self, name: str) -> bool:
        """Return what PHP makes of a value as a condition: the text `false` is true."""
        return self.get(name) not in (None, False, 0, "", "0", [], {})

    def phone(self) -> str:
        """Return the required phone number in its stored form, `+` and the country's code first."""
        value = self.get("phone", "")
        if value == "":
            raise refuse(2000, "phone is required")
        number = stored_phone(value)
        if number is None:
            raise refuse(2001)
        return number

    def email(self) -> str | None:
        """Return an e-mail address, which may be empty, or None if it was not sent."""
        value = self.text("email", 255)
        if value and not email(value, 255):
            raise refuse(1006, "email is not an e-mail address")
        return value


Handler = Callable[[Vendor[Any], Parameters], Json]


def stored_phone(value: object) -> str | None:
    """Return a phone number as it is stored: a Polish national one gets `+48`, others must be international."""
    if not isinstance(value, str):
        return None
    digits = value.translate(_SEPARATORS)
    if re.fullmatch(r"[1-9][0-9]{8}", digits, re.ASCII):
        return "+48" + digits
    if re.fullmatch(r"48[0-9]{9}", digits, re.ASCII):
        return "+" + digits
    return digits if re.fullmatch(r"\+[1-9][0-9]{7,14}", digits, re.ASCII) else None


def read_parameters(call: Call) -> Parameters:
    """Read a call's body, form or JSON."""
    if call.media_type != "application/json":
        return Parameters(nest(call.form))
    try:
        value = parse_json(call.body or b"{}")
    except ValueError:
        raise refuse(1006, "The body is not JSON") from None
    parameters = as_object(value)
    # PHP has one kind of array, so that its clients send [] where they mean no parameters.
    if parameters is None and as_array(value) != []:
        raise refuse(1006, "The body is not a JSON object")
    return Parameters(parameters or {})
