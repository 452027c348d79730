"""The books of an application: opened with it, closed with it, handed to handlers by name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from fastapi import FastAPI

import crossbook
from crossbook.book import AddressBook
from crossbook.errors import InvalidInputError, UsageError
from crossbook.fastapi.install import install
from crossbook.fastapi.state import Books, shelf_of
from crossbook.registry import VENDORS, load_book_class, load_vendor

if TYPE_CHECKING:
    from crossbook import Atom, Filemail, SerwerSMS, Vercom

B = TypeVar("B", bound=AddressBook)
Dependency = Callable[..., Coroutine[Any, Any, B]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def lifespan(*names: str, **others: AddressBook | Callable[[], AddressBook]) -> Lifespan:
    """A lifespan that opens books with the application, in this order, and closes them in the reverse one.

    It also turns crossbook's errors into problem+json (see `install`). Beside a lifespan of your own, enter it there:
    what you start inside of it may use the books, and ends before they close.

    Args:
        names: vendors and named accounts, with their credentials from the environment (see `crossbook.open`).
        others: further books by the name that `use` will ask for: a book, or a callable that makes one. Take the
            callable where the application starts more than once, as under tests: a book can be opened once only.

    Raises:
        InvalidInputError: a name given twice, no such book; at the start, a variable that is missing.

    Example:
        ```python
        accounts = crossbook.fastapi.lifespan("atom", eu=lambda: Vercom.from_env(brand="redlink"))


        @asynccontextmanager
        async def own(app: FastAPI) -> AsyncGenerator[None]:
            async with accounts(app):
                yield  # what else your application opens, beside it


        app = FastAPI(lifespan=own)
        ```
    """
    makers: dict[str, AddressBook | Callable[[], AddressBook]] = {}
    for name in names:
        load_book_class(name)
        makers[name] = partial(crossbook.open, name)
    doubled = sorted({name for name in names if names.count(name) > 1} | set(names).intersection(others))
    if doubled:
        raise InvalidInputError(f"two books are called {', '.join(doubled)}", field=doubled[0])
    makers |= others

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncGenerator[None]:
        install(app)
        shelf = shelf_of(app)
        async with AsyncExitStack() as stack:
            for name, maker in makers.items():
                if name in shelf:
                    raise InvalidInputError(f"the application has a book called {name} already", field=name)
                book = maker if isinstance(maker, AddressBook) else maker()
                shelf[name] = await stack.enter_async_context(book)
                # Gone from the shelf before it closes, so that nobody is handed a book that is closing.
                stack.callback(shelf.pop, name)
            yield

    return opened


@overload
def use(name: Literal["serwersms"]) -> Dependency[SerwerSMS]: ...
@overload
def use(name: Literal["atom"]) -> Dependency[Atom]: ...
@overload
def use(name: Literal["filemail"]) -> Dependency[Filemail]: ...
@overload
def use(name: Literal["vercom"]) -> Dependency[Vercom]: ...
@overload
def use(name: str) -> Dependency[AddressBook]: ...
@overload
def use(name: str, kind: type[B]) -> Dependency[B]: ...
def use(name: str, kind: type[AddressBook] | None = None) -> Dependency[Any]:
    """A dependency: the open book of this name.

    Args:
        name: as `lifespan` was told.
        kind: whose book it must be, for a name that is no vendor's; a vendor's name promises that vendor.

    Example:
        ```python
        @app.delete("/contacts/{id}", status_code=204)
        async def delete(id: str, book: Annotated[Vercom, Depends(use("eu", Vercom))]) -> None:
            await book.contacts.delete(id)
        ```
    """
    return _finder(name, kind)  # type: ignore[arg-type]  # a class is hashable, whatever mypy thinks


@cache
def _finder(name: str, kind: type[AddressBook] | None) -> Dependency[AddressBook]:
    """The same object for the same question, so that `app.dependency_overrides` finds it."""

    async def find(shelf: Books) -> AddressBook:
        if name not in shelf:
            known = ", ".join(shelf) or "none"
            raise UsageError(f"no book called {name} is open (open: {known}): name it in crossbook.fastapi.lifespan")
        book = shelf[name]
        wanted: type[AddressBook] = kind or (load_vendor(name) if name in VENDORS else AddressBook)
        if not isinstance(book, wanted):
            raise UsageError(f"the book called {name} is of {type(book).__name__}, not of {wanted.__name__}")
        return book

    return find
