"""Trouble for the next request of a book, whatever its server can be told: it is made between book and transport."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from crossbook import AddressBook
from crossbook._http.request import PreparedRequest, Transport, TransportFailure, TransportResponse

Answer = TransportResponse | TransportFailure


@define
class Spoiling:
    """A transport that answers for another one."""

    inner: Transport
    name: str = "spoiled"
    _waiting: list[tuple[Answer | Callable[[TransportResponse], Answer], bool]] = field(factory=list)  # pyright: ignore[reportUnknownVariableType]
    _passing: int = 0

    @classmethod
    def of(cls, book: AddressBook) -> Spoiling:
        """Comes between a book and its transport."""
        session = book._session  # pyright: ignore[reportPrivateUsage]
        spoiling = cls(session.transport)
        session.transport = spoiling
        return spoiling

    def next(
        self, answer: Answer | Callable[[TransportResponse], Answer], *, leaves: bool = True, after: int = 0
    ) -> None:
        """Spoils one request.

        Args:
            answer: what comes back instead; made of the true answer where it is a callable.
            leaves: whether the vendor gets the request all the same.
            after: how many requests pass before it.
        """
        self._passing = after
        self._waiting.append((answer, leaves))

    async def send(self, call: PreparedRequest) -> Answer:
        if self._passing or not self._waiting:
            self._passing = max(0, self._passing - 1)
            return await self.inner.send(call)
        answer, leaves = self._waiting.pop(0)
        true = await self.inner.send(call) if leaves else TransportResponse(200, {}, b"")
        if not callable(answer):
            return answer
        return answer(true) if isinstance(true, TransportResponse) else true

    async def aclose(self) -> None:
        await self.inner.aclose()
