"""Assemble a batch from its options: check them, and make its operation, lookups, journal and workers."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from functools import partial
from inspect import iscoroutinefunction
from os import PathLike
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

from attrs import frozen

from crossbook import _validation
from crossbook._batch.batch import Batch, OnError, StopPolicy
from crossbook._batch.executor import Executor
from crossbook._batch.fingerprint import KeyedHash
from crossbook._batch.lookups import Lookup, Lookups
from crossbook._batch.matching import AUTO, find_snapshot_key
from crossbook._batch.operations import BatchOperation, IdOperation
from crossbook._batch.reader import ItemReader
from crossbook._batch.resolver import OnDuplicate, OnUncertain, Resolver, describe_remedy
from crossbook._batch.results import Progress, Summary
from crossbook._batch.resume import Resume, RunIdentity
from crossbook._batch.source import Source, collect_ids
from crossbook._http import observation
from crossbook._http.client import Client
from crossbook._http.options import Options
from crossbook._http.request import choose_seconds
from crossbook._http.session import Session
from crossbook._pagination.pager import Pager
from crossbook._redaction import Secret
from crossbook._suggestions import did_you_mean
from crossbook.errors import InvalidInputError, UnsupportedError
from crossbook.journal import Journal, MemoryJournal, SqliteJournal
from crossbook.vendor import VendorAdapter, VendorProfile

if TYPE_CHECKING:
    from crossbook._batch.operations import Create
    from crossbook.suppressions import SuppressionList

I = TypeVar("I")  # noqa: E741  (an item of the source)
Items = Iterable[I] | AsyncIterable[I]
_MIN_KEY_LENGTH = 16
_BULK_WORKERS = 4  # if one call takes hundreds of items


class BatchOptions(TypedDict, total=False):
    """The keyword options of every batch. Each has a default.

    A batch sends a request up to 8 times, or `max_attempts` times if that option of the book is higher.

    Attributes:
        journal: a path (SQLite), or an object that implements `Journal`. A killed run resumes with the same call.
        run: the name of the run in the journal; "" by default. A finished run is replayed; a new name begins a new run.
        journal_key: a secret of yours, at least 16 characters or bytes. The journal then contains no key of its own, so
            that a thief of the file cannot try phone numbers or addresses against it. Every resumption needs the key.
        same_account: states that the journal belongs to this account, if crossbook cannot detect it.
        item_key: a callable that returns your own key of an item; results and the journal contain it.
        ordered: whether results come in the order of the source. By default they come as they complete.
        on_error: "collect" (default) continues after a failed input, "stop" begins nothing more.
        max_failures: the batch begins nothing more after this many failed inputs; None, the default: no limit. Items
            in flight are completed, so a few more may fail. An array that the vendor refuses as a whole is one response
            and fails none of its inputs: they are sent again in halves, to find the ones that are refused, until
            `max_failures` of them are. The others are then `cancelled`.
        concurrency: the number of workers; by default the book's `concurrency`, or 4 if one call takes many items.
        max_wait: the longest wait of one request, in seconds, for a permit of the rate limiter or for `Retry-After`.
            If the vendor asks for a longer wait, the batch stops; if the permit comes later, the item fails with
            `RateLimitError`. Without it, and without a `queue_timeout` of the book, a batch waits without a limit.
            These waits are not part of `timeout`.
        settle_timeout: seconds after which the vendor has processed a request without a response, or never will; by
            default the read time-out.
        uncertain: what to do with a create that an earlier run left without an outcome, and that no lookup by `match`
            settles. "retry" sends it again and accepts a possible second contact. "skip" reports it as `skipped`.
            "done" counts it as written (`done`, without an id). None, the default: it stays `uncertain`.
        lookup: how existing contacts are found by `match`. "each" asks the vendor for each input (Vercom, SerwerSMS).
            "list" reads the list of all contacts once, and the members of each group that an input names. "auto", the
            default, takes the way that needs fewer requests.
        other_writers: whether others may write to the account during the batch; True by default. A list by pages can
            then miss a contact, so an input that is missing in it is looked up by itself before it is created.
        dry_run: check, look up and estimate; write nothing, not even to a journal.
        progress: a callable that gets a `Progress` after each result, or True for a bar in the terminal (extra `cli`).
            Its `close` method, if it has one, is called at the end.
    """

    journal: str | PathLike[str] | Journal | None
    run: str
    journal_key: str | bytes | None
    same_account: bool
    item_key: Callable[[Any], Any] | None
    ordered: bool
    on_error: OnError
    max_failures: int | None
    concurrency: int | None
    max_wait: float | None
    settle_timeout: float | None
    uncertain: OnUncertain | None
    lookup: Lookup
    other_writers: bool
    dry_run: bool
    progress: Callable[[Progress], None] | bool | None


@frozen
class BatchContext:
    """The parts of an open book that a batch uses: adapter, session, options, and the batch's own client.

    `suppressions` is the book's suppression list, or None.
    """

    adapter: VendorAdapter
    session: Session
    options: Options
    client: Client
    suppressions: SuppressionList | None = None


def build_batch(
    context: BatchContext,
    batch_operation: BatchOperation[I],
    items: Items[Any],
    options: BatchOptions,
    *,
    operation: str,
    match: str | None = None,
    upsert: bool = False,
    on_duplicate: OnDuplicate | None = None,
) -> Batch[I]:
    """Check the options and return a batch. The batch sends nothing before it begins.

    Args:
        context: what the batch uses of its book.
        batch_operation: the adapter's method for one item.
        items: the source.
        options: the caller's options.
        operation: the name of the public method, which the journal stores.
        match: the match key, or "auto".
        upsert: whether to change existing contacts.
        on_duplicate: what to do with a match key that exists.
    """
    profile, session = context.adapter.profile, context.session
    session.check_open()
    _check_options(profile, options, batch_operation)
    _check_match(profile, match, upsert=upsert)
    _check_one_of("on_duplicate", on_duplicate, "skip", "update", "error", *(() if upsert else (None,)))
    for flag in ("dry_run", "ordered", "same_account", "other_writers"):
        _validation.check_flag(profile, flag, options.get(flag, False))
    _check_lookup(profile, options, match)
    dry_run, progress, run = options.get("dry_run", False), options.get("progress"), options.get("run", "")
    kept = options.get("journal") is not None and not dry_run
    journal, hashes = _make_journal(options.get("journal") if kept else None), KeyedHash()
    if kept and observation.telemetry is not None:
        from crossbook._batch.observed_journal import ObservedJournal

        journal = cast("Journal", ObservedJournal(journal, context.client))
    settle_timeout = options.get("settle_timeout")
    resolver: Resolver | None = None
    lookups: Lookups | None = None
    source = _make_source(items, batch_operation, journal, hashes, kept=kept)
    if match is not None:
        lookups = Lookups(
            adapter=context.adapter,
            match=match,
            start_task=session.start_task,
            lookup=options.get("lookup", "auto"),
            other_writers=options.get("other_writers", True),
            saves_lookups=on_duplicate is not None,
            count_items=source.count_items,
            rate=session.rate,
            workers=options.get("concurrency") or session.concurrency,
        )
    if batch_operation.creates:
        if settle_timeout is None:
            created = profile.operations[profile.capability(batch_operation.capability).operation]
            settle_timeout = choose_seconds(context.options.read_timeout, created.read_timeout)
        resolver = Resolver(
            adapter=context.adapter,
            operation=cast("Create", batch_operation),
            lookups=lookups,
            journal=journal,
            match=match,
            upsert=upsert,
            on_duplicate=on_duplicate,
            settle_timeout=settle_timeout,
            uncertain=options.get("uncertain"),
            dry_run=dry_run,
        )
    resume = Resume(
        adapter=context.adapter,
        journal=journal,
        work=RunIdentity(
            profile.vendor, operation, match, session.base_url, session.brand, batch_operation.creates, session.identity
        ),
        hashes=hashes,
        run=run,
        journal_key=make_journal_key(options.get("journal_key")),
        same_account=options.get("same_account", False),
    )
    reader = ItemReader(
        source=source,
        operation=batch_operation,
        resolver=resolver,
        journal=journal,
        hashes=hashes,
        resume=resume if kept else None,
        run=run,
        item_key=options.get("item_key"),
    )
    policy = StopPolicy(options.get("on_error", "collect"), options.get("max_failures"))
    remedy = describe_remedy(creates=batch_operation.creates, kept=kept, matched=match is not None)
    executor = Executor(
        operation=batch_operation,
        resolver=resolver,
        journal=journal,
        reader=reader,
        remedy=remedy,
        dry_run=dry_run,
        records=kept or match is not None,
        may_fail_more=policy.may_fail_more,
    )
    if progress is True:
        progress = _make_progress_bar(operation)
    steps = _describe_steps(executor, match, upsert)
    return Batch(
        session=session,
        source=source,
        reader=reader,
        executor=executor,
        workers=options.get("concurrency") or (_BULK_WORKERS if executor.chunk_size > 100 else session.concurrency),
        ordered=options.get("ordered", False),
        policy=policy,
        progress=None if progress is False else progress,
        summary=Summary(dry_run=dry_run, steps=steps, remedy=remedy),
        client=context.client,
        operation=operation,
        rate=session.rate,
    )


def _check_options(profile: VendorProfile, options: BatchOptions, batch_operation: BatchOperation[Any]) -> None:
    unknown = sorted(set(options) - set(BatchOptions.__annotations__))
    if unknown:
        raise InvalidInputError(
            f"a batch has no option {', '.join(unknown)}{did_you_mean(unknown[0], BatchOptions.__annotations__)}: "
            "see BatchOptions", field=unknown[0], vendor=profile.vendor,
        )  # fmt: skip
    _check_one_of("on_error", options.get("on_error", "collect"), "collect", "stop")
    _check_one_of("uncertain", options.get("uncertain"), "retry", "skip", "done", None)
    for name in ("item_key", "progress"):
        given = options.get(name)
        if not (given is None or callable(given) or (name == "progress" and isinstance(given, bool))):
            raise InvalidInputError(f"{name} must be callable", field=name)
        if iscoroutinefunction(given):
            raise InvalidInputError(f"{name} must be a plain function: a batch does not await it", field=name)
    if not isinstance(options.get("run", ""), str):
        raise InvalidInputError("run must be text: the name of the run", field="run")
    for name, least, kinds in (("concurrency", 1, int), ("max_failures", 0, int), ("settle_timeout", 0, (int, float))):
        value: Any = options.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value < float("inf"):
            kind = "whole number" if kinds is int else "number of seconds"
            raise InvalidInputError(f"{name} must be a {kind}, at least {least}", field=name)
    if options.get("uncertain") is None:
        return
    if not batch_operation.creates:
        raise InvalidInputError(
            "uncertain= is for creates and upserts: leave it out, and run the same journal again, since "
            f"{batch_operation.capability} is safe to repeat",
            field="uncertain",
        )
    if options.get("journal") is None:
        raise InvalidInputError(
            "uncertain= needs journal=: it decides about creates that an earlier run of a journal left open",
            field="uncertain",
        )


def _check_match(profile: VendorProfile, match: str | None, *, upsert: bool) -> None:
    keys = ", ".join(profile.match_keys)
    if match is None:
        if upsert:
            raise InvalidInputError(
                f"match= is missing: pass the key by which contacts are found, one of {keys}", field="match",
                vendor=profile.vendor,
            )  # fmt: skip
    elif not _validation.is_one_of(match, names := [*profile.match_keys, *([] if upsert else [AUTO])]):
        raise UnsupportedError(
            f"{profile.title} finds contacts only by {keys}, not by {match}{did_you_mean(match, names)}", field="match",
            vendor=profile.vendor,
        )  # fmt: skip


def _make_source(
    items: Items[Any], batch_operation: BatchOperation[Any], journal: Journal, hashes: KeyedHash, *, kept: bool
) -> Source[Any]:
    if isinstance(items, Pager) and isinstance(batch_operation, IdOperation):
        items = collect_ids(items, journal if kept else None, hashes)
    return Source(items, journal.checkpoint)


def _check_lookup(profile: VendorProfile, options: BatchOptions, match: str | None) -> None:
    """Check `lookup` and `other_writers`, which say how contacts are found by a match key."""
    lookup = options.get("lookup", "auto")
    _check_one_of("lookup", lookup, "auto", "each", "list")
    names = [
        name for name, default in (("lookup", "auto"), ("other_writers", True)) if options.get(name, default) != default
    ]
    if match is None and names:
        raise InvalidInputError(
            f"{names[0]} is for batches that find contacts: pass match= too, or leave it out", field=names[0],
            vendor=profile.vendor,
        )  # fmt: skip
    snapshot = None if match is None or lookup != "each" else find_snapshot_key(profile, match)
    if snapshot is not None:
        raise UnsupportedError(
            f"{profile.title} has no request that finds a contact by {snapshot}: leave lookup out, and its list is "
            "read once", field="lookup", vendor=profile.vendor,
        )  # fmt: skip


def _make_journal(given: str | PathLike[str] | Journal | None) -> Journal:
    if given is None:
        return MemoryJournal()
    if isinstance(given, (str, PathLike)):
        return SqliteJournal(given)
    if not callable(getattr(given, "record_intents", None)):
        raise InvalidInputError("journal must be a path, or an object that implements Journal", field="journal")
    return given


def make_journal_key(given: str | bytes | None) -> Secret | None:
    """Return the checked `journal_key` of a batch, or None."""
    if given is None:
        return None
    if not isinstance(given, (str, bytes)) or len(given) < _MIN_KEY_LENGTH:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError(
            f"journal_key must be text or bytes, at least {_MIN_KEY_LENGTH} characters or bytes long",
            field="journal_key",
        )
    return Secret(given if isinstance(given, str) else given.hex())


def _describe_steps(executor: Executor[Any], match: str | None, upsert: bool) -> dict[str, str]:
    """Return for each capability that the batch uses how the vendor supports it, and how many inputs one call takes."""
    profile, capability = executor.operation.profile, executor.operation.capability
    steps: dict[str, str] = {}
    for name in [*(["contacts.find"] if match else []), capability, *(["contacts.update"] if upsert else [])]:
        found = profile.capability(name)
        call_size = min(found.bulk_size, executor.operation.bulk_size)
        many = f", {call_size:,} at once" if call_size > 1 else ""
        steps[name] = f"{found.support}{many}{f' ({found.note})' if found.note else ''}"
    return steps


def _make_progress_bar(operation: str) -> Callable[[Progress], None]:
    try:
        from crossbook._batch.progress_bar import ProgressBar
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            f"progress=True needs {error.name}: pip install 'crossbook[cli]', or pass a callable", field="progress"
        ) from None
    return ProgressBar(operation)


def _check_one_of(name: str, value: object, *allowed: object) -> None:
    if value not in allowed:
        choices = ", ".join(repr(each) for each in allowed if each)
        raise InvalidInputError(f"{name} must be one of {choices}", field=name)


def get_bulk_method(adapter: Any, name: str, fixed: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the adapter's method `name`, or `unsupported` if it has none, with the `fixed` arguments bound to it."""
    return partial(getattr(adapter, name, None) or getattr(adapter, "unsupported"), **fixed)  # noqa: B009
