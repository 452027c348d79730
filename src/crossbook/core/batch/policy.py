"""When a batch begins nothing more."""

from __future__ import annotations

from typing import Literal

from attrs import define

from crossbook.core.batch.results import Result
from crossbook.errors import AuthError

OnError = Literal["collect", "stop"]


@define
class Policy:
    """Looks at results as they come; failures of earlier runs count for nothing.

    Args:
        on_error: "stop" ends the batch at the first failure.
        max_failures: so many are borne, one more ends it; None bears all.
    """

    on_error: OnError = "collect"
    max_failures: int | None = None
    _failed: int = 0

    def against(self, result: Result) -> str | None:
        """Why nothing more is to be begun after this result; None if nothing speaks against it."""
        if result.status != "failed" or result.replayed:
            return None
        self._failed += 1
        if isinstance(result.error, AuthError):
            return "the vendor does not accept the credentials"
        if self.on_error == "stop":
            return f"input {result.index} failed (on_error='stop')"
        if self.max_failures is not None and self._failed > self.max_failures:
            return f"more than {self.max_failures:,} failed (max_failures)"
        return None
