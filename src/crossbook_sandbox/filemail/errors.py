"""The vendor's errors: a body of three fields, and the method that was called."""

from __future__ import annotations

from crossbook_sandbox.vendor import Json

NAMES = {
    1002: "InvalidParameter",
    1003: "InputParameterMissing",
    1004: "InvalidEmail",
    1005: "NotFound",
    2001: "WrongUsernamePassword",
    2003: "InvalidOrExpiredLoginToken",
    2008: "AccessDenied",
    2010: "InvalidRequest",
}


class Problem(Exception):
    """Ends an operation with an error.

    Args:
        code: The vendor's code.
        message: What is wrong, for people.
        not_found: Whether what was asked for is not there, which may become HTTP 404.
    """

    def __init__(self, code: int, message: str, *, not_found: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.not_found = not_found

    def body(self, method: str) -> Json:
        """Return the answer's body."""
        return {
            "responsestatus": NAMES[self.code],
            "errorcode": self.code,
            "errormessage": self.message,
            "method": method,
        }
