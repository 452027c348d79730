"""The vendor's errors: always HTTP 200 and a body with `error`."""

from __future__ import annotations

from crossbook_sandbox.vendor import Json, Refused, json_reply

CODES = {
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


def error_body(code: int, message: str | None = None) -> Json:
    """Return the body of an error, with the table's own message unless there is a better one."""
    unknown = ("SendError", "The message could not be sent") if 3000 <= code <= 3102 else CODES[1000]
    kind, text = CODES.get(code, unknown)
    return {"error": {"code": code, "type": kind, "message": message or text}}


def refuse(code: int, message: str | None = None) -> Refused:
    """Return the exception that answers with an error."""
    return Refused(json_reply(error_body(code, message)))
