"""Replace responses between a book and its transport, to test errors that the server cannot be made to send."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from crossbook import AddressBook
from crossbook._http.request import PreparedRequest, Transport, TransportFailure, TransportResponse

Outcome = TransportResponse | TransportFailure


@define
class ResponseReplacer:
    """A transport that sends requests through another transport, and can return a given response or failure instead."""

    inner: Transport
    name: str = "response replacer"
    _replacements: list[tuple[Outcome | Callable[[TransportResponse], Outcome], bool]] = field(factory=list)  # pyright: ignore[reportUnknownVariableType]
    _skip: int = 0

    @classmethod
    def install(cls, book: AddressBook) -> ResponseReplacer:
        """Put a replacer between a book and its transport, and return the replacer."""
        session = book._session  # pyright: ignore[reportPrivateUsage]
        replacer = cls(session.transport)
        session.transport = replacer
        return replacer

    def replace_next(
        self, outcome: Outcome | Callable[[TransportResponse], Outcome], *, sent: bool = True, after: int = 0
    ) -> None:
        """Replace the response to the next request by this response or failure.

        Args:
            outcome: the response or failure, or a function that makes it of the true response.
            sent: whether the request is sent to the vendor.
            after: how many requests pass before it.
        """
        self._skip = after
        self._replacements.append((outcome, sent))

    async def send(self, call: PreparedRequest) -> Outcome:
        if self._skip or not self._replacements:
            self._skip = max(0, self._skip - 1)
            return await self.inner.send(call)
        outcome, sent = self._replacements.pop(0)
        true = await self.inner.send(call) if sent else TransportResponse(200, {}, b"")
        if not callable(outcome):
            return outcome
        return outcome(true) if isinstance(true, TransportResponse) else true

    async def aclose(self) -> None:
        await self.inner.aclose()
