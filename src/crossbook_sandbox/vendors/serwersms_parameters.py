"""The parameters of a SerwerSMS call, how each kind is read, and the errors of invalid ones.

Form fields are read as PHP reads them: `group_id[0]=1&group_id[]=2&contact[0][phone]=…` becomes arrays.
Parameters of unknown names are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from crossbook_sandbox.validation import as_array, as_object, parse_email, parse_int, parse_json
from crossbook_sandbox.vendor import Call, Json, Pairs, VendorError, json_response

TEXTS = ("first_name", "last_name", "company", "tax_id", "address", "city", "description")
ERRORS = {
    1000: ("InvalidAction", "There is no such action"),
    1001: ("InvalidUser", "Incorrect login or password"),
    1002: ("InvalidRole", "The account may not use the API"),
    1003: ("InvalidIP", "This address may not use the account"),
    1004: ("InvalidID", "There is nothing with this ID"),
    1005: ("InvalidRole", "The account may not do this"),
    1006: ("InvalidData", "The data have a wrong format"),
    1007: ("InvalidRole", "The account is not fully active yet"),
    1008: ("InvalidRole", "The account may not see phone numbers"),
    2000: ("ValidationRequiredError", "A required parameter is missing"),
    2001: ("ValidationPhoneError", "The phone number is not valid"),
    2002: ("ValidationCodeError", "The code is not valid"),
}
_SEPARATORS = str.maketrans("", "", " -()./")
_FORM_KEY = re.compile(r"([^\[]+)((?:\[[^\]]*\])*)")
_MAX_DEPTH = 64  # PHP drops fields that are nested deeper


def error_body(code: int, message: str | None = None) -> Json:
    """Return the body of an error. The default message is the one that the vendor documents for this code."""
    unknown = ("SendError", "The message could not be sent") if 3000 <= code <= 3102 else ERRORS[1000]
    kind, text = ERRORS.get(code, unknown)
    return {"error": {"code": code, "type": kind, "message": message or text}}


class SerwerSMSError(VendorError):
    """The error that ends an operation with SerwerSMS's error response: status 200 and this code in the body."""

    def __init__(self, code: int, message: str | None = None) -> None:
        super().__init__(json_response(error_body(code, message)))
        self.code = code


class Parameters(dict[str, object]):
    """The parameters of one call, or of a row inside one, by name. A parameter that is null was not sent."""

    def __init__(self, values: Mapping[str, object]) -> None:
        super().__init__({name: value for name, value in values.items() if value is not None})

    def text(self, name: str, max_length: int) -> str | None:
        """Return this parameter as a text of at most `max_length` characters, or None if it was not sent."""
        value = self.get(name)
        if name not in self:
            return None
        if not isinstance(value, str) or len(value) > max_length:
            raise SerwerSMSError(1006, f"{name} must be a text of at most {max_length} characters")
        return value

    def _required(self, name: str) -> object:
        value = self.get(name, "")
        if value == "":
            raise SerwerSMSError(2000, f"{name} is required")
        return value

    def required_text(self, name: str, max_length: int) -> str:
        """Return a required text. Raise `SerwerSMSError` if it is missing or empty."""
        self._required(name)
        return self.text(name, max_length) or ""

    def id(self) -> int:
        """Return the parameter `id` as a number. Raise `SerwerSMSError` if it is missing or not a number."""
        return _parse_id(self._required("id"))

    def ids(self) -> list[int]:
        """Return the parameter `id`, one id or an array of ids, as numbers without repetitions."""
        value = self._required("id")
        array = as_array(value)
        if array == []:
            raise SerwerSMSError(2000, "id is required")
        return list(dict.fromkeys(map(_parse_id, [value] if array is None else array)))

    def at_least_zero(self, name: str) -> int:
        """Return this parameter as a whole number, at least 0, or 0 if it was not sent."""
        return self._number(name, 0, 0)

    def at_least_one(self, name: str, default: int) -> int:
        """Return this parameter as a whole number, at least 1, or the default if it was not sent."""
        return self._number(name, 1, default)

    def _number(self, name: str, least: int, default: int) -> int:
        if name not in self:
            return default
        number = parse_int(self[name], text=True)
        if number is None or number < least:
            raise SerwerSMSError(1006, f"{name} must be a whole number, at least {least}")
        return number

    def one_of(self, name: str, words: tuple[str, ...]) -> str | None:
        """Return this parameter, which must be one of these words, or None if it was not sent."""
        value = self.get(name)
        if name in self and value not in words:
            raise SerwerSMSError(1006, f"{name} must be one of {', '.join(words)}")
        return value if isinstance(value, str) else None

    def is_true_in_php(self, name: str) -> bool:
        """Return whether PHP takes this parameter's value as true. The text `false` is true in PHP."""
        return self.get(name) not in (None, False, 0, "", "0", [], {})

    def phone(self) -> str:
        """Return the required parameter `phone` in its stored form: a Polish national number gets `+48`."""
        value = self._required("phone")
        number = _normalize_phone(value) if isinstance(value, str) else None
        if number is None:
            raise SerwerSMSError(2001)
        return number

    def email(self) -> str | None:
        """Return the parameter `email`: an address or an empty text, or None if it was not sent."""
        value = self.text("email", 255)
        if value and not parse_email(value, 255):
            raise SerwerSMSError(1006, "email must be an e-mail address or empty")
        return value


def _parse_id(value: object) -> int:
    number = parse_int(value, text=True)
    if number is None:
        raise SerwerSMSError(1004)
    return number


def _normalize_phone(value: str) -> str | None:
    digits = value.translate(_SEPARATORS)
    if re.fullmatch(r"[1-9][0-9]{8}", digits, re.ASCII):
        return "+48" + digits
    if re.fullmatch(r"48[0-9]{9}", digits, re.ASCII):
        return "+" + digits
    return digits if re.fullmatch(r"\+[1-9][0-9]{7,14}", digits, re.ASCII) else None


def read_parameters(call: Call) -> Parameters:
    """Read a call's body, form or JSON."""
    if call.media_type != "application/json":
        return Parameters(nest_form(call.form))
    try:
        value = parse_json(call.body or b"{}")
    except ValueError:
        raise SerwerSMSError(1006, "The body is not JSON") from None
    parameters = as_object(value)
    # PHP has one kind of array: its clients send [] for no parameters.
    if parameters is None and as_array(value) != []:
        raise SerwerSMSError(1006, "The body is not a JSON object")
    return Parameters(parameters or {})


def nest_form(pairs: Pairs) -> dict[str, object]:
    """Return a form's fields, nested as PHP nests them. If a name without brackets is repeated, the last value counts.

    Example:
        `nest_form([("a[]", "1"), ("a[]", "2"), ("b", "3")]) == {"a": ["1", "2"], "b": "3"}`
    """
    fields: dict[str, object] = {}
    for key, text in pairs:
        if match := _FORM_KEY.match(key):
            path = [match[1], *re.findall(r"\[([^\]]*)\]", match[2])]
            if len(path) <= _MAX_DEPTH:
                _set_field(fields, path, text)
    return {name: _convert_arrays(value) for name, value in fields.items()}


def _set_field(fields: dict[str, object], path: list[str], text: str) -> None:
    for name in path[:-1]:
        inner = fields.setdefault(name or str(len(fields)), {})
        if not isinstance(inner, dict):
            inner = fields[name] = {}
        fields = cast(dict[str, object], inner)
    fields[path[-1] or str(len(fields))] = text


def _convert_arrays(value: object) -> object:
    if not isinstance(value, dict):
        return value
    items = {name: _convert_arrays(inner) for name, inner in cast(dict[str, object], value).items()}
    return list(items.values()) if all(name.isdecimal() for name in items) else items
