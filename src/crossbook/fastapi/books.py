"""Open address books when the application starts, close them when it stops, and inject them into handlers by name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from fastapi import FastAPI

import crossbook
from crossbook.book import AddressBook
from crossbook.errors import InvalidInputError, UsageError
from crossbook.fastapi.install import install
from crossbook.fastapi.jobs import Jobs
from crossbook.fastapi.state import Books, get_open_books
from crossbook.registry import VENDORS, load_book_class, load_vendor

if TYPE_CHECKING:
    from crossbook import Atom, Filemail, SerwerSMS, Vercom

B = TypeVar("B", bound=AddressBook)
Dependency = Callable[..., Coroutine[Any, Any, B]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def lifespan(*names: str, jobs: Jobs | None = None, **others: AddressBook | Callable[[], AddressBook]) -> Lifespan:
    """Return a FastAPI lifespan that opens books at startup and closes them in reverse order at shutdown.

    The lifespan also installs the handlers that return crossbook's errors as problem+json (see `install`). If the
    application has a lifespan of its own, enter this one inside it. Code inside the block can use the books.

    Args:
        names: vendors and named accounts, with credentials from the environment (see `crossbook.open`).
        jobs: the background jobs of the application. They resume when the books are open, and stop before the books
            close.
        others: further books by the name that `use` gets: a book, or a function that makes a book. Pass a function if
            the application starts more than once, such as in tests, because a book can be opened only once.

    Raises:
        InvalidInputError: two books have the same name, or a name is unknown. At the start: a variable is missing.

    Example:
        ```python
        accounts = crossbook.fastapi.lifespan("atom", eu=lambda: Vercom.from_env(brand="redlink"))


        @asynccontextmanager
        async def own(app: FastAPI) -> AsyncGenerator[None]:
            async with accounts(app):
                yield  # open your own resources here


        app = FastAPI(lifespan=own)
        ```
    """
    makers: dict[str, AddressBook | Callable[[], AddressBook]] = {}
    for name in names:
        load_book_class(name)
        makers[name] = partial(crossbook.open, name)
    duplicates = sorted({name for name in names if names.count(name) > 1} | set(names).intersection(others))
    if duplicates:
        raise InvalidInputError(
            f"two books are called {', '.join(duplicates)}: use different names", field=duplicates[0]
        )
    makers |= others

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncGenerator[None]:
        install(app)
        state = get_open_books(app)
        async with AsyncExitStack() as stack:
            for name, maker in makers.items():
                if name in state:
                    raise InvalidInputError(
                        f"the application has a book called {name} already: use another name", field=name
                    )
                book = maker if isinstance(maker, AddressBook) else maker()
                state[name] = await stack.enter_async_context(book)
                # Remove the book before it closes, so that no handler gets a book that is closing.
                stack.callback(state.pop, name)
            if jobs is not None:
                await stack.enter_async_context(jobs.open(MappingProxyType(state)))
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
    """Return a FastAPI dependency that gives a handler the open book with this name.

    Args:
        name: the name that `lifespan` got.
        kind: the class of the book, for a name that is not a vendor's. A vendor's name implies its class.

    Raises:
        UsageError: in the handler: no book of this name is open, or the book has another class (status 500).

    Example:
        ```python
        @app.delete("/contacts/{id}", status_code=204)
        async def delete(id: str, book: Annotated[Vercom, Depends(use("eu", Vercom))]) -> None:
            await book.contacts.delete(id)
        ```
    """
    return _make_dependency(name, kind)  # type: ignore[arg-type]  # mypy does not know that classes are hashable


@cache
def _make_dependency(name: str, kind: type[AddressBook] | None) -> Dependency[AddressBook]:
    # The cache returns the same function for the same arguments, so that `app.dependency_overrides` finds it.
    async def find(books: Books) -> AddressBook:
        if name not in books:
            known = ", ".join(books) or "none"
            raise UsageError(f"no book called {name} is open (open: {known}): add it to crossbook.fastapi.lifespan")
        book = books[name]
        expected: type[AddressBook] = kind or (load_vendor(name) if name in VENDORS else AddressBook)
        if not isinstance(book, expected):
            raise UsageError(f"the book called {name} is {type(book).__name__}, expected {expected.__name__}")
        return book

    return find
