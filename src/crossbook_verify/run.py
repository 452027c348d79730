"""Run a verification: probe, optionally with writes, then clean up and report."""

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
from crossbook_verify.checker import ClaimResult, SpecChecker
from crossbook_verify.claims import load_claims
from crossbook_verify.probe import Probes, ProbeSession, RequestLimitError, run_watched
from crossbook_verify.report import Leftover, Report

Progress = Callable[[int, int, str], None]


def max_requests(vendor: str, *, write: bool = False) -> int:
    """Return the largest number of requests that a verification sends, without cleaning up (at most 1,000 more).

    Args:
        vendor: the vendor's name, such as "vercom".
        write: whether the verification writes.

    Raises:
        UnsupportedError: crossbook has no spec of this vendor.

    Example:
        ```python
        import crossbook_verify

        assert crossbook_verify.max_requests("vercom") < 50
        ```
    """
    probes = _load_probes(vendor)
    return probes.read_limit + (probes.write_limit if write else 0)


@hide_internal_frames
async def verify(
    book: AddressBook,
    *,
    write: bool = False,
    progress: Progress | None = None,
    on_leftover: Callable[[Leftover], None] | None = None,
) -> Report:
    """Check what the spec claims about a vendor's responses against a live account.

    The verification sends a limited number of requests (`max_requests`) with the book's own credentials, limits and
    time-outs, and only reads unless `write` is True. When these requests are used up, it ends with a report: `stopped`
    says so, and claims that were not reached are not seen.

    With `write=True` it creates up to five equal contacts and three groups under test names, changes them, and deletes
    them again, even after an error or a cancellation. First it deletes what an earlier run could not delete.

    Args:
        book: an open book.
        write: whether the verification may create, change and delete its own contacts and groups.
        progress: called after each request with the number of requests, the limit, and the operation.
        on_leftover: called with each contact or group that could not be deleted. The report lists them too, but a
            verification that is cancelled returns no report.

    Returns:
        The report. It contains no value of the account: texts and numbers are shown by their shape. So are keys, unless
        they consist of words of the spec and common field words.

    Raises:
        AuthError, ConnectError: the first request failed.
        UsageError: the book is not open.
        UnsupportedError: crossbook has no spec of this vendor.

    Example:
        ```python
        import crossbook_verify

        async with crossbook.open("vercom") as book:
            report = await crossbook_verify.verify(book)
        print(report)  # Markdown for an issue
        ```
    """
    vendor = book.profile.vendor
    probes, spec = _load_probes(vendor), load_claims(vendor)
    checker = SpecChecker(spec)
    for claim in probes.claims:
        note = claim.note or ("Only a run that writes can check it." if claim.write and not write else "")
        text = f"`{claim.id.partition('.')[0]}`: {claim.claim}"
        checker.claims[claim.id] = ClaimResult(claim.id, text, claim.evidence, note)
    probed = book.with_options(max_attempts=2)
    session = ProbeSession(book.profile, checker, probes, max_requests(vendor, write=write), progress, probed)
    wire: Any = getattr(probed, "wire")  # noqa: B009  (each vendor's class declares its own `wire`)
    stopped, removed = "", 0
    leftovers: list[Leftover] = []
    try:
        await run_watched(session, lambda: probes.read(session, wire))
    except CrossbookError as error:
        if not (session.succeeded or isinstance(error, RequestLimitError)):
            raise
        stopped = _describe_stop(error)
    if write and not stopped:
        try:
            removed = await run_watched(session, lambda: cleanup.remove_leftovers(session, book))
            session.may_write = True
            await run_watched(session, lambda: probes.write(session, wire))
        except CrossbookError as error:
            stopped = _describe_stop(error)
        finally:
            with anyio.CancelScope(shield=True):
                leftovers = await run_watched(session, lambda: cleanup.clean_up(session, book))
            if on_leftover is not None:
                for leftover in leftovers:
                    on_leftover(leftover)
    return Report(
        vendor=vendor,
        title=spec.title,
        version=spec.version,
        wrote=write,
        findings=checker.findings(),
        unknown=checker.unknown_keys(),
        codes=checker.unknown_codes(),
        troubles=tuple(session.troubles),
        calls=dict(session.calls),
        stopped=stopped,
        removed=removed,
        leftovers=tuple(leftovers),
    )


def _load_probes(vendor: str) -> Probes:
    if vendor not in VENDORS:
        raise UnsupportedError(f"cannot verify this vendor: crossbook has specs of {', '.join(VENDORS)}", vendor=vendor)
    probes: Probes = import_module(f"crossbook_verify.vendors.{vendor}").PROBES
    return probes


def _describe_stop(error: CrossbookError) -> str:
    """Describe the error that ended a verification, without the vendor's message, which may quote the account."""
    status = f", status {error.status}" if error.status else ""
    where = f" at {error.operation}" if error.operation else ""
    own = f": {error.message}" if isinstance(error, RequestLimitError) else ""
    return f"{type(error).__name__}{where}{status}{own}"
