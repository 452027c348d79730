"""What a vendor's probes are made of: the claims that no schema can say, the questions, and what was seen.

A vendor's page (`vendors/<vendor>/probes.py`) asks its own operations and says of each row whether it held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from attrs import Factory, define, field, frozen
from crossbook_wire.http import Request

from crossbook._http.logs import watcher
from crossbook._http.request import TransportFailure, TransportResponse
from crossbook.errors import (
    AuthError,
    ConnectError,
    CrossbookError,
    InvalidResponseError,
    NoResponseError,
    ResponseTooLargeError,
    UsageError,
)
from crossbook.vendor import Retry, VendorProfile, parse_object
from crossbook_verify import masking
from crossbook_verify.checker import Ledger
from crossbook_verify.claims import Evidence

Json = dict[str, Any]
Said = Callable[[Json], Iterable[tuple[object, object]]]
T = TypeVar("T")
MOST_TROUBLES = 3
LONGEST_TEXT = 255


def _is_silent(error: CrossbookError | None) -> bool:
    """Return whether the error says nothing about the question: no response, or a refusal of the caller."""
    return isinstance(error, (AuthError, NoResponseError)) or (error is not None and error.action == "wait")


# Whoever is found under these names was made by a verification: one e-mail, one name, a number kept for films.
GROUP = "crossbook verify"
EMAIL = "crossbook-verify@example.com"
FIRST, LAST, COMPANY = "Crossbook", "Verify", "Crossbook Example"
UNKNOWN = 999_999_999_999_999
"""An id that no account has."""


class Enough(UsageError):
    """The requests that were announced, or those that cleaning up has, are used up."""


@frozen
class Row:
    """A claim that no schema can say: about paging, searching, unknown ids, what a write does.

    Args:
        id: its name, the operation first: `listContacts.end`.
        claim: what is claimed, in words.
        evidence: how sure we are; `note` says what that rests on.
        write: whether only a run that writes can see it.
    """

    id: str
    claim: str
    evidence: Evidence = "inferred"
    note: str = ""
    write: bool = False


@frozen
class Seen:
    """An answer to one question: the last one that came, its body if that is an object, our error if it was one.

    `said` is the answer in a few words, masked.
    """

    status: int | None = None
    body: Json = field(factory=dict[str, Any])
    error: CrossbookError | None = None
    said: str = ""

    @property
    def ok(self) -> bool:
        return self.error is None and self.status is not None

    @property
    def answered(self) -> bool:
        """Whether the vendor said anything about the question: neither silence nor a refusal of the caller."""
        return self.status is not None and not _is_silent(self.error)


@frozen
class Probes:
    """A vendor's questions.

    Args:
        rows: the claims that they are about.
        reads, writes: how many requests they make at most.
        read, write: ask them, with the vendor's own operations.
        said: finds the error codes in a body, each with its title where the vendor has one.
        each: looks at every answer.
    """

    rows: tuple[Row, ...]
    reads: int
    writes: int
    read: Callable[[Look, Any], Awaitable[None]]
    write: Callable[[Look, Any], Awaitable[None]]
    said: Said
    each: Callable[[Look, str, int, Json], None] | None = None


@define(eq=False)
class Look:
    """Asks, under watch: counts requests, refuses writes unless they are allowed, holds every answer against the spec.

    Args:
        profile: the vendor's profile, which tells reads from writes.
        ledger: what was seen.
        probes: the vendor's questions.
        most: requests at most.
        progress: told after each request how many were made, of how many at most, and of which operation.

    Attributes:
        writing: whether the questions may write.
        reserve: requests that cleaning up still has, which count apart; None while nothing is cleaned up.
    """

    profile: VendorProfile
    ledger: Ledger
    probes: Probes
    most: int
    progress: Callable[[int, int, str], None] | None = None
    writing: bool = False
    reserve: int | None = None
    calls: Counter[str] = Factory(Counter[str])
    codes: Counter[str] = Factory(Counter[str])
    troubles: list[str] = Factory(list[str])
    contacts: list[str] = Factory(list[str])
    groups: list[str] = Factory(list[str])
    uncertain: int = 0
    spent: int = 0
    _last: tuple[int, Json] | None = None
    _row: int = 0
    fine: bool = False

    def before_request(self, request: Request) -> None:
        operation = self.profile.operations.get(request.operation)
        reads = operation is not None and (operation.retry is Retry.SAFE or operation.priority)
        if not (reads or self.writing or self.reserve is not None):
            raise UsageError("a verification that may only read was about to write", operation=request.operation)
        if self.reserve is not None:
            if self.reserve <= 0:
                raise Enough("the requests for cleaning up are used up", operation=request.operation)
        elif self.spent >= self.most:
            raise Enough(f"the {self.most} announced requests are used up", operation=request.operation)

    def after_request(
        self, request: Request, outcome: TransportResponse | TransportFailure, error: CrossbookError | None
    ) -> None:
        name = request.operation
        self.calls[name] += 1
        if self.reserve is None:
            self.spent += 1
        else:
            self.reserve -= 1
        if isinstance(outcome, TransportResponse) and not isinstance(error, ResponseTooLargeError):
            known = parse_object(self.ledger.read(name, outcome))
            if name != self._login:
                self._last = outcome.status, known
            for code, title in self.probes.said(known):
                self.codes[str(code)[:100]] += 1
                self.ledger.said(name, outcome.status, str(code), title if isinstance(title, str) else None)
            if self.probes.each is not None:
                self.probes.each(self, name, outcome.status, known)
        if self.progress is not None:
            self.progress(
                self.calls.total(),
                max(self.most, self.calls.total()),
                name + " (cleaning up)" * (self.reserve is not None),
            )

    @property
    def _login(self) -> str:
        return next((name for name, operation in self.profile.operations.items() if operation.priority), "")

    async def ask(self, call: Awaitable[Any]) -> Seen:
        """Awaits a call, and tells what came of it. It ends the verification if the vendor answers to nothing."""
        self._take()
        error: CrossbookError | None = None
        try:
            await call
            self._row, self.fine = 0, True
        except UsageError:
            raise
        except CrossbookError as raised:
            error = raised
            if _is_silent(raised) or isinstance(raised, InvalidResponseError):
                how = f", status {raised.status}" if raised.status else ""
                self.troubles.append(f"{raised.operation}: {type(raised).__name__}{how}")
            self._row = self._row + 1 if _is_silent(raised) else 0
            if self._row >= MOST_TROUBLES or (isinstance(raised, (AuthError, ConnectError)) and not self.fine):
                raise
        last = self._take()
        if last is None:
            return Seen(error=error, said="no answer")
        status, body = last
        code = f", code {self.ledger.words.code(error.code)}" if error is not None and error.code else ""
        return Seen(status, body, error, f"status {status}{code}")

    def _take(self) -> tuple[int, Json] | None:
        last, self._last = self._last, None
        return last

    def row(self, id: str, held: bool | None, came: str = "", *, where: str = "") -> None:
        """Says of a row whether it held, None if it could not be seen; `where`, if its name does not begin with it."""
        if held is not None:
            self.ledger.row(id).saw(held, where or id.partition(".")[0], came)

    def refused(self, id: str, seen: Seen, code: str | None = None, status: int | None = None) -> None:
        """A row that says how something is refused: with this code, this status, or both."""
        if seen.answered:
            right = code is None or (seen.error is not None and seen.error.code == code)
            self.row(id, right and status in (None, seen.status), seen.said)

    def made(self, kind: str, id: str | None, seen: Seen) -> str | None:
        """Remembers what was made, so that it is removed; one whose id did not come is looked for."""
        if id is not None:
            (self.contacts if kind == "contact" else self.groups).append(id)
        elif seen.error is None or seen.error.sent == "maybe":
            self.uncertain += 1
        return id

    def gone(self, id: str | None) -> None:
        """Forgets what was removed."""
        for made in (self.contacts, self.groups):
            if id in made:
                made.remove(id)


async def watched(look: Look, work: Callable[[], Awaitable[T]]) -> T:
    """Runs something with a look at every request that it makes."""
    token = watcher.set(look)
    try:
        return await work()
    finally:
        watcher.reset(token)


def trial(id: str, claim: str, evidence: Evidence = "inferred") -> Row:
    """A row that only a run that writes can see."""
    return Row(id, claim, evidence, write=True)


def paging(operation: str, evidence: Evidence, end: str) -> tuple[Row, ...]:
    """The rows on a list that comes in pages."""
    return (
        Row(f"{operation}.limit", f"`{operation}`: a page holds no more rows than `limit`", evidence),
        Row(f"{operation}.moves", f"`{operation}`: the second page has other rows than the first", evidence),
        Row(f"{operation}.end", f"`{operation}`: {end}", "inferred"),
    )


def paged(
    look: Look, operation: str, limit: int, pages: Sequence[Seen], ids: Callable[[Json], list[str] | None]
) -> None:
    """Judges a list by its first page, its second, and one far behind the end."""
    first, second, far = (ids(page.body) if page.ok else None for page in pages)
    if first is not None and (len(first) > limit or (len(first) == limit and second)):
        look.row(f"{operation}.limit", len(first) <= limit, f"{len(first)} rows for a limit of {limit}")
    if first and second and len(first) <= limit:
        look.row(f"{operation}.moves", not set(first) & set(second), "the second page repeats rows of the first")
    if pages[2].answered:
        held = far == [] or (pages[2].status == 404 and not far)
        look.row(f"{operation}.end", held, f"{pages[2].said}, {'no list' if far is None else f'{len(far)} rows'}")


def objects(body: Json, *path: str) -> list[Json] | None:
    """The objects of a list in a body; None if there is no list."""
    *steps, last = path
    for step in steps:
        body = parse_object(body.get(step))
    rows: Any = body.get(last)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None  # pyright: ignore[reportUnknownVariableType]


def text(value: object) -> str | None:
    """An id or a text as text, whether it came as text or as a number; None for what cannot be asked for again."""
    found = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return found if found.isprintable() and 0 < len(found) <= LONGEST_TEXT else None


def number(value: object) -> int | None:
    """An id as a number, as bodies and paths carry it; None if it is none."""
    found = text(value) or ""
    return int(found) if found.isascii() and found.isdigit() and len(found) < 19 else None


def plain(value: object) -> str | None:
    """An id that may stand in a path; None for any other value."""
    found = text(value) or ""
    return found if found.isascii() and found.replace("-", "").isalnum() else None


def came(value: object) -> str:
    """A value for `came`, masked."""
    return masking.shape(value)
