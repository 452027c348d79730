"""The verification itself: reads, writes where it may, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import anyio

from crossbook._tracebacks import hide_internal_frames
from crossbook.book import AddressBook
from crossbook.errors import CrossbookError, UnsupportedError
from crossbook.registry import VENDORS
from crossbook_verify import cleanup
from crossbook_verify.checker import Ledger, Tally
from crossbook_verify.claims import claims_of
from crossbook_verify.probe import Enough, Look, Probes, watched
from crossbook_verify.report import Leftover, Report

Progress = Callable[[int, int, str], None]


def planned(vendor: str, *, write: bool = False) -> int:
    """How many requests a verification makes at most. Cleaning up after writes has 1,000 more of its own.

    Args:
        vendor: the vendor's name, such as "vercom".
        write: whether it is to write.

    Raises:
        UnsupportedError: a vendor of another package, whose spec crossbook does not have.

    Example:
        ```python
        import crossbook_verify

        assert crossbook_verify.planned("vercom") < 50
        ```
    """
    probes = _probes(vendor)
    return probes.reads + (probes.writes if write else 0)


@hide_internal_frames
async def verify(
    book: AddressBook,
    *,
    write: bool = False,
    progress: Progress | None = None,
    on_leftover: Callable[[Leftover], None] | None = None,
) -> Report:
    """FieldSupport what the spec claims about a vendor's answers against a live account.

    It makes a bounded number of calls (`planned`) with the book's own credentials, limits and time-outs, and refuses
    to write unless it is told to. If these calls are used up, it ends with a report: `stopped` says so, and a claim
    that was not reached is not seen. With `write=True` it makes one contact and one or two groups under made-up names,
    a twin of the contact, changes them, and deletes them again, also after an error or a cancellation; what an earlier
    run could not delete is recognised and deleted first.

    Args:
        book: an open book.
        write: whether it may create, change and delete what it made itself.
        progress: called after each request: how many were made, of how many at most, the operation.
        on_leftover: called with each thing that could not be removed. The report has them too; but a verification that
            is cancelled gives none.

    Returns:
        The report. It holds no value of the account: texts and numbers are shown by their shape, and so is a key,
        unless it is made of words of the spec and of common field words.

    Raises:
        AuthError, ConnectError: nothing could be asked at all.
        UsageError: the book is not open.
        UnsupportedError: a vendor of another package, whose spec crossbook does not have.

    Example:
        ```python
        import crossbook_verify

        async with crossbook.open("vercom") as book:
            report = await crossbook_verify.verify(book)
        print(report)  # Markdown, to be pasted into an issue
        ```
    """
    vendor = book.profile.vendor
    probes, claims = _probes(vendor), claims_of(vendor)
    ledger = Ledger(claims)
    for row in probes.rows:
        note = row.note or ("Only a run that writes sees it." if row.write and not write else "")
        ledger.add(Tally(row.id, row.claim, row.evidence, note))
    look = Look(book.profile, ledger, probes, planned(vendor, write=write), progress)
    asking = book.with_options(max_attempts=2)
    wire: Any = getattr(asking, "wire")  # noqa: B009  (each vendor's own, so that the base class has none)
    stopped, removed = "", 0
    left: list[Leftover] = []
    try:
        await watched(look, lambda: probes.read(look, wire))
    except CrossbookError as error:
        if not (look.fine or isinstance(error, Enough)):
            raise
        stopped = _reason(error)
    if write and not stopped:
        try:
            removed = await watched(look, lambda: cleanup.prepare(look, book))
            look.writing = True
            await watched(look, lambda: probes.write(look, wire))
        except CrossbookError as error:
            stopped = _reason(error)
        finally:
            with anyio.CancelScope(shield=True):
                left = await watched(look, lambda: cleanup.clean(look, book))
            if on_leftover is not None:
                for each in left:
                    on_leftover(each)
    return Report(
        vendor=vendor,
        title=claims.title,
        version=claims.version,
        wrote=write,
        findings=ledger.findings(),
        unknown=ledger.unknown(),
        codes=ledger.codes(),
        troubles=tuple(look.troubles),
        calls=dict(look.calls),
        stopped=stopped,
        removed=removed,
        leftovers=tuple(left),
    )


def _probes(vendor: str) -> Probes:
    if vendor not in VENDORS:
        raise UnsupportedError(f"only {', '.join(VENDORS)} can be verified: whose specs crossbook has", vendor=vendor)
    probes: Probes = import_module(f"crossbook_verify.vendors.{vendor}").PROBES
    return probes


def _reason(error: CrossbookError) -> str:
    """What ended it: no message but our own, since the vendor's may quote the account."""
    status = f", status {error.status}" if error.status else ""
    where = f" at {error.operation}" if error.operation else ""
    own = f": {error.message}" if isinstance(error, Enough) else ""
    return f"{type(error).__name__}{where}{status}{own}"
