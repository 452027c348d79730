"""The parts that all vendors' probes share: claims that no schema can express, a session that watches requests, checks.

The module of a vendor, `vendors/<vendor>.py`, sends requests with the vendor's own operations and records for each
claim whether it passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from attrs import Factory, define, field, frozen

from crossbook import errors
from crossbook._http.client import Call
from crossbook._http.observation import CallObserver, in_context
from crossbook._http.options import Attempt
from crossbook._http.request import TransportResponse
from crossbook.book import AddressBook
from crossbook.vendor import Retry, VendorProfile, parse_object
from crossbook_verify.checker import SpecChecker
from crossbook_verify.claims import Evidence
from crossbook_verify.masking import mask_value
from crossbook_verify.values import Json

T = TypeVar("T")
MAX_FAILURES = 3  # in a row
# Errors that say nothing about a claim.
_INCONCLUSIVE = (
    errors.AuthError,
    errors.ConnectError,
    errors.NoResponseError,
    errors.RateLimitError,
    errors.VendorUnavailableError,
)


class RequestLimitError(errors.UsageError):
    """The error of a verification that has used all announced requests, or all requests or time for cleaning up."""


@frozen
class ProbeClaim:
    """A claim about a vendor that no schema can express: about paging, searches, unknown ids, the effect of a write.

    Args:
        id: the name of the claim, the operation first: `listContacts.end`.
        claim: what is true of the operation, in words; a report puts the operation's name before it.
        evidence: how certain the claim is; `note` names its source.
        write: whether only a run with `write=True` can check it.
    """

    id: str
    claim: str
    evidence: Evidence = "inferred"
    note: str = ""
    write: bool = False


@frozen
class ProbeResponse:
    """The result of one call: the status and body of the last response, and the error that the call raised.

    `summary` describes the response in a few words, masked.
    """

    status: int | None = None
    body: Json = field(factory=dict[str, Any])
    error: errors.CrossbookError | None = None
    summary: str = ""

    @property
    def ok(self) -> bool:
        return self.error is None and self.status is not None

    @property
    def responded(self) -> bool:
        """Whether a response arrived that can prove a claim: no rejected credentials, no rate limit, no outage."""
        return self.status is not None and not isinstance(self.error, _INCONCLUSIVE)


@frozen
class Probes:
    """The plan to verify one vendor's spec: claims, functions that send test requests, and limits of requests.

    Args:
        claims: the claims that the probes check.
        read_limit, write_limit: the largest number of requests that `read` and `write` send.
        read, write: send the requests with the vendor's own operations.
        find_codes: finds the error codes in a body, each with its title if the vendor has titles.
        check_response: checks every response.
    """

    claims: tuple[ProbeClaim, ...]
    read_limit: int
    write_limit: int
    read: Callable[[ProbeSession, Any], Awaitable[None]]
    write: Callable[[ProbeSession, Any], Awaitable[None]]
    find_codes: Callable[[Json], Iterable[tuple[object, object]]]
    check_response: Callable[[ProbeSession, str, int, Json], None] | None = None


@define(eq=False)
class ProbeSession(CallObserver):
    """Watches the requests of a verification: limits them, refuses forbidden writes, checks every response.

    Args:
        profile: the vendor's profile, which says which operations only read.
        checker: the checker of the spec.
        probes: the vendor's probes.
        limit: the largest number of requests.
        progress: called after each request with the number of requests, the limit, and the operation.
        book: the book whose account is verified; None in tests without a book.

    Attributes:
        may_write: whether the probes may write.
        cleanup_budget: the requests left for cleaning up, which count separately; None outside of cleaning up.
        contacts, groups: the ids of what this run created and has not deleted.
        unknown_ids: how many creates may have succeeded without an id.
        succeeded: whether a call has succeeded.
        headers: the headers of the last response of each operation.
    """

    profile: VendorProfile
    checker: SpecChecker
    probes: Probes
    limit: int
    progress: Callable[[int, int, str], None] | None = None
    book: AddressBook | None = None
    may_write: bool = False
    cleanup_budget: int | None = None
    calls: Counter[str] = Factory(Counter[str])
    codes: Counter[str] = Factory(Counter[str])
    troubles: list[str] = Factory(list[str])
    contacts: list[str] = Factory(list[str])
    groups: list[str] = Factory(list[str])
    unknown_ids: int = 0
    succeeded: bool = False
    headers: dict[str, Mapping[str, str]] = Factory(dict[str, Mapping[str, str]])
    _used: int = 0
    _last: tuple[int, Json] | None = None
    _failures: int = 0

    def request_began(self, call: Call) -> None:
        """Refuse a request beyond the limit, or a write that is not allowed; called before each request."""
        request = call.request
        operation = self.profile.operations.get(request.operation)
        reads = operation is not None and (operation.retry is Retry.SAFE or operation.priority)
        if not (reads or self.may_write or self.cleanup_budget is not None):
            raise errors.UsageError(
                "a probe that may only read was about to write: this is a bug of crossbook, please report it",
                operation=request.operation,
            )
        if self.cleanup_budget is not None:
            if self.cleanup_budget <= 0:
                raise RequestLimitError("the requests for cleaning up are used up", operation=request.operation)
        elif self._used >= self.limit:
            raise RequestLimitError(f"the {self.limit} announced requests are used up", operation=request.operation)

    def attempt_ended(self, call: Call, attempt: Attempt) -> None:
        """Count a request and check its response; called after each request."""
        name, outcome, error = call.request.operation, call.outcome, call.error
        self.calls[name] += 1
        if self.cleanup_budget is None:
            self._used += 1
        else:
            self.cleanup_budget -= 1
        if isinstance(outcome, TransportResponse) and not isinstance(error, errors.ResponseTooLargeError):
            self.headers[name] = outcome.headers
            body = parse_object(self.checker.check_response(name, outcome))
            operation = self.profile.operations.get(name)
            if operation is None or not operation.priority:  # not a login
                self._last = outcome.status, body
            for code, title in self.probes.find_codes(body):
                self.codes[str(code)[:100]] += 1
                self.checker.check_error_code(
                    name, outcome.status, str(code), title if isinstance(title, str) else None
                )
            if self.probes.check_response is not None:
                self.probes.check_response(self, name, outcome.status, body)
        if self.progress is not None:
            total = self.calls.total()
            label = name if self.cleanup_budget is None else f"{name} (cleaning up)"
            self.progress(total, max(self.limit, total), label)

    async def call(self, call: Awaitable[Any]) -> ProbeResponse:
        """Await an API call; return its last response and the error that the call raised, if any.

        Raises:
            CrossbookError: the first call fails, or three calls in a row get no response.
        """
        self._take_last()
        error: errors.CrossbookError | None = None
        try:
            await call
            self._failures, self.succeeded = 0, True
        except errors.UsageError:
            raise
        except errors.CrossbookError as raised:
            error = raised
            if isinstance(raised, (*_INCONCLUSIVE, errors.InvalidResponseError)):
                status = f", status {raised.status}" if raised.status else ""
                self.troubles.append(f"{raised.operation}: {type(raised).__name__}{status}")
            self._failures = self._failures + 1 if isinstance(raised, _INCONCLUSIVE) else 0
            is_fatal = isinstance(raised, (errors.AuthError, errors.ConnectError)) and not self.succeeded
            if is_fatal or self._failures >= MAX_FAILURES:
                raise
        last = self._take_last()
        if last is None:
            return ProbeResponse(error=error, summary="no response")
        status_code, body = last
        code = f", code {self.checker.masker.mask_code(error.code)}" if error is not None and error.code else ""
        return ProbeResponse(status_code, body, error, f"status {status_code}{code}")

    def _take_last(self) -> tuple[int, Json] | None:
        last, self._last = self._last, None
        return last

    def record(self, id: str, passed: bool | None, observed: str = "", *, operation: str = "") -> None:
        """Record whether one check of a claim passed.

        Args:
            id: the id of the claim.
            passed: None if the claim could not be checked.
            observed: what was observed instead, masked.
            operation: the operation, if the id does not begin with it.
        """
        if passed is not None:
            self.checker.claims[id].record(passed, operation or id.partition(".")[0], observed)

    def check_value(self, id: str, value: object, expected: object) -> None:
        """Record for a claim whether a value equals the expected value."""
        self.record(id, value == expected, mask_value(value))

    def check_fields(self, id: str, found: Json, expected: Mapping[str, object]) -> None:
        """Record for a claim whether all these fields of an object have the expected values."""
        wrong = [name for name, value in expected.items() if found.get(name) != value]
        self.record(id, not wrong, f"different: {', '.join(wrong)}")

    async def expect_error(
        self, id: str, call: Awaitable[Any], code: str | None = None, status: int | None = None
    ) -> ProbeResponse:
        """Await an API call and return its response; record for a claim whether it had this error code and status."""
        response = await self.call(call)
        if response.responded:
            right = code is None or (response.error is not None and response.error.code == code)
            self.record(id, right and status in (None, response.status), response.summary)
        return response

    def track(self, kind: str, id: str | None, response: ProbeResponse) -> str | None:
        """Remember a created contact or group by its id, so that `clean_up` deletes it; return the id."""
        if id is not None:
            (self.contacts if kind == "contact" else self.groups).append(id)
        elif response.error is None or response.error.sent == "maybe":
            self.unknown_ids += 1
        return id

    def untrack(self, id: str | None) -> None:
        """Forget the id of a contact or group that was deleted."""
        for ids in (self.contacts, self.groups):
            if id in ids:
                ids.remove(id)


async def run_watched(session: ProbeSession, work: Callable[[], Awaitable[T]]) -> T:
    """Run async work and return its result; the session watches every request that the work sends."""
    token = in_context.set(session)
    try:
        return await work()
    finally:
        in_context.reset(token)


def write_check(id: str, claim: str, evidence: Evidence = "inferred") -> ProbeClaim:
    """Return a claim that only a run with `write=True` can check."""
    return ProbeClaim(id, claim, evidence, write=True)


def paging_claims(operation: str, evidence: Evidence, end: str) -> tuple[ProbeClaim, ...]:
    """Return the claims about the paging of a list operation: page size, second page, end."""
    return (
        ProbeClaim(f"{operation}.limit", "a page has at most `limit` rows", evidence),
        ProbeClaim(f"{operation}.moves", "the second page has other rows than the first", evidence),
        ProbeClaim(f"{operation}.end", end),
    )


def check_paging(
    probe: ProbeSession,
    operation: str,
    limit: int,
    pages: Sequence[ProbeResponse],
    list_ids: Callable[[Json], list[str] | None],
) -> None:
    """Check the claims of `paging_claims` with three pages: the first, the second, and a page far after the end."""
    first, second, far = (list_ids(page.body) if page.ok else None for page in pages)
    if first is not None and (len(first) > limit or (len(first) == limit and second)):
        probe.record(f"{operation}.limit", len(first) <= limit, f"{len(first)} rows for a limit of {limit}")
    if first and second and len(first) <= limit:
        probe.record(f"{operation}.moves", not set(first) & set(second), "the second page repeats rows of the first")
    if pages[2].responded:
        passed = far == [] or (pages[2].status == 404 and not far)
        rows = "no list" if far is None else f"{len(far)} rows"
        probe.record(f"{operation}.end", passed, f"{pages[2].summary}, {rows}")
