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
        """Return a new replacer, through which all later requests of this book are sent.

        Without `replace_next` it changes nothing: requests and responses pass through it.
        """
        session = book._session  # pyright: ignore[reportPrivateUsage]
        replacer = cls(session.transport)
        session.transport = replacer
        return replacer

    def replace_next(
        self, outcome: Outcome | Callable[[TransportResponse], Outcome], *, sent: bool = True, after: int = 0
    ) -> None:
        """Return this response or failure to the book instead of the response to its next request.

        Args:
            outcome: the response or failure, or a function that makes it from the vendor's own response.
            sent: whether the request is still sent to the vendor, so that a write takes effect.
            after: the number of requests that pass unchanged before the replaced one.
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
