"""Where a batch takes its items from: any iterable, any async iterable, or a list of a book, pulled as needed."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sized
from typing import Any, Generic, TypeVar

import anyio

from crossbook.core.pager import Pager
from crossbook.errors import InvalidInput

I = TypeVar("I")  # noqa: E741  (an item of the source)


class Source(Generic[I]):
    """Gives out items with their index; several workers share one.

    A `Pager` hands out a cursor with each page: `bookmark` is told it, so that a run that died need not read again
    what was done before.
    """

    def __init__(self, items: Iterable[I] | AsyncIterable[I], bookmark: Callable[[str, int], Any]) -> None:
        if isinstance(items, (str, bytes)) or not isinstance(items, (Iterable, AsyncIterable)):
            raise InvalidInput("the source must be an iterable or an async iterable of items", field="source")
        self._items = items
        self._bookmark = bookmark
        self.total = len(items) if isinstance(items, Sized) else None
        self._index = 0
        self._iterator: Iterator[I] | AsyncIterator[I] | None = None
        self._turn = anyio.Lock()
        self.exhausted = False

    def start(self, bookmark: tuple[str, int] | None) -> None:
        """Begins at the source's start, or behind the cursor that an earlier run had reached."""
        if isinstance(self._items, Pager):
            self._iterator = self._paged(self._items, bookmark)
        elif isinstance(self._items, AsyncIterable):
            self._iterator = aiter(self._items)
        else:
            self._iterator = iter(self._items)

    async def _paged(self, pager: Pager[Any], bookmark: tuple[str, int] | None) -> AsyncIterator[I]:
        if bookmark is not None:
            pager = pager.at(bookmark[0])
            self._index = bookmark[1]
        index = self._index
        async for page in pager.pages():
            for item in page.items:
                yield item
            index += len(page.items)
            if page.cursor is not None:
                await self._bookmark(page.cursor, index)

    async def take(self, most: int) -> list[tuple[int, I]]:
        """The next items, fewer only at the end."""
        taken: list[tuple[int, I]] = []
        if isinstance(self._iterator, Iterator):
            for item in self._iterator:
                taken.append((self._index, item))
                self._index += 1
                if len(taken) == most:
                    return taken
            self.exhausted = True
            return taken
        async with self._turn:
            while self._iterator is not None and not self.exhausted and len(taken) < most:
                try:
                    item = await anext(self._iterator)
                except StopAsyncIteration:
                    self.exhausted = True
                    break
                taken.append((self._index, item))
                self._index += 1
        return taken

    async def aclose(self) -> None:
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()
