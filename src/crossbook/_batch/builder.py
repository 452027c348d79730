"""A batch put together: what is asked becomes a step, its lookups, its journal, its workers."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from functools import partial
from inspect import iscoroutinefunction
from os import PathLike
from typing import Any, TypedDict, TypeVar

from attrs import frozen

from crossbook import _validation
from crossbook._batch.batch import Batch, OnError, Policy
from crossbook._batch.executor import Executor
from crossbook._batch.fingerprint import KeyedHash
from crossbook._batch.intake import ItemReader
from crossbook._batch.item import remedy_for
from crossbook._batch.matching import Lookups
from crossbook._batch.operations import BatchOperation, ById
from crossbook._batch.resolver import OnDuplicate, OnUncertain, Resolver
from crossbook._batch.results import Progress, Summary
from crossbook._batch.resume import Purpose, Resume
from crossbook._batch.source import Source, collected
from crossbook._http.options import Options
from crossbook._http.session import Session
from crossbook._pagination.pager import Pager
from crossbook._redaction import Secret
from crossbook.errors import InvalidInputError, UnsupportedError
from crossbook.journal import Journal, MemoryJournal, SqliteJournal
from crossbook.vendor import VendorAdapter, VendorProfile

I = TypeVar("I")  # noqa: E741  (an item of the source)
Items = Iterable[I] | AsyncIterable[I]
_LEAST_KEY = 16
_BULK_WORKERS = 4  # where one call takes up to a thousand


class BatchOptions(TypedDict, total=False):
    """What every batch takes, as keywords; each has a default. Calls get 8 attempts, or the book's if more.

    Attributes:
        journal: a path (SQLite), or a `Journal` of your own: a run that died goes on where it was with the same call.
        run: the name of the run in the journal; a finished one is replayed, a new name begins anew. "" by default.
        journal_key: a secret of yours, text or bytes, at least 16 of them: the journal then holds no key of its own,
            and whoever has the file cannot try phones or addresses against it. Every resumption needs the same.
        same_account: your word that the journal is of this account, where crossbook cannot see that it is.
        item_key: a callable that gives your own key of an item; results and the journal echo it.
        ordered: results in the order of the source, not as they come.
        on_error: "collect" (default) goes on, "stop" begins nothing more after a failed input.
        max_failures: bears so many failed inputs, and begins nothing more after one more than that.
        concurrency: workers; by default as many as the book has requests in flight, 4 where a call takes many items.
        max_wait: seconds that one request waits at most for a permit of the rate limiter, or for a `Retry-After`; after
            that its item fails with `RateLimitError`. Without it, and without a `queue_timeout` of the book, a batch waits
            as long as it takes. Neither wait is part of `timeout`.
        settle_timeout: seconds after which a write without an answer has happened or never will; the read time-out by default.
        uncertain: what to do with a create that an earlier run of the journal left without an outcome, and that no
            lookup by `match` settles: "retry" sends it again and accepts a possible second contact, "skip" reports it
            as `skipped`, "done" takes it as written (`done`, without an id). None, the default: `uncertain`.
        dry_run: checks, looks up and foretells; writes nothing, in no journal either.
        progress: a callable that gets a `Progress` after each result, or True for a bar in the terminal (extra
            `cli`). If it has a `close`, that is called at the end.
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
    dry_run: bool
    progress: Callable[[Progress], None] | bool | None


@frozen
class BatchContext:
    """What a book lends to a batch."""

    adapter: VendorAdapter
    session: Session
    options: Options
    requests: Callable[[], int]


def batch(
    context: BatchContext,
    step: BatchOperation[I],
    items: Items[Any],
    options: BatchOptions,
    *,
    operation: str,
    match: str | None = None,
    upsert: bool = False,
    on_duplicate: OnDuplicate | None = None,
) -> Batch[I]:
    """Puts a batch together; nothing is sent before it is entered."""
    profile, session = context.adapter.profile, context.session
    session.check_open()
    unknown = sorted(set(options) - set(BatchOptions.__annotations__))
    if unknown:
        raise InvalidInputError(f"a batch has no option {', '.join(unknown)}", field=unknown[0], vendor=profile.vendor)
    if upsert and match is None:
        raise InvalidInputError(
            f"match is one of {', '.join(profile.match_keys)}: the key by which a contact is found", field="match",
            vendor=profile.vendor,
        )  # fmt: skip
    if match is not None and not _validation.is_one_of(match, profile.match_keys):
        can = ", ".join(profile.match_keys)
        raise UnsupportedError(
            f"{profile.title} cannot be asked by {match}, only by {can}", field="match", vendor=profile.vendor
        )
    _check(options)
    for flag in ("dry_run", "ordered", "same_account"):
        _validation.check_flag(profile, flag, options.get(flag, False))
    _one_of("on_duplicate", on_duplicate, "skip", "update", "error", *(() if upsert else (None,)))
    _check_uncertain(options, step)
    dry_run, progress = options.get("dry_run", False), options.get("progress")
    kept = options.get("journal") is not None and not dry_run
    journal = _journal(options.get("journal") if kept else None)
    decider: Resolver | None = None
    if step.creates:
        decider = Resolver(
            context.adapter,
            None if match is None else Lookups(context.adapter, match, session.start_task),
            journal,
            match=match,
            upsert=upsert,
            on_duplicate=on_duplicate,
            settle_timeout=context.options.read_timeout
            if (settle_timeout := options.get("settle_timeout")) is None
            else settle_timeout,
            uncertain=options.get("uncertain"),
            dry_run=dry_run,
        )
    run, item_key, hashes = options.get("run", ""), options.get("item_key"), KeyedHash()
    resume = Resume(
        context.adapter,
        journal,
        Purpose(profile.vendor, operation, match, session.base_url, session.brand, step.creates, session.identity),
        hashes,
        name=run,
        journal_key=_journal_key(options.get("journal_key")),
        same_account=options.get("same_account", False),
    )
    intake = ItemReader(
        step, decider, journal, hashes=hashes, resume=resume if kept else None, run=run, item_key=item_key
    )
    remedy = remedy_for(creates=step.creates, kept=kept, matched=match is not None)
    writer = Executor(
        step,
        decider,
        journal,
        intake,
        remedy=remedy,
        dry_run=dry_run,
        remembers=kept or match is not None,
    )
    if isinstance(items, Pager) and isinstance(step, ById):
        items = collected(items, journal if kept else None, hashes)
    return Batch(
        session,
        Source(items, journal.checkpoint),
        intake,
        writer,
        workers=options.get("concurrency") or (_BULK_WORKERS if writer.chunk > 100 else session.concurrency),
        ordered=options.get("ordered", False),
        policy=Policy(options.get("on_error", "collect"), options.get("max_failures")),
        progress=_bar(operation) if progress is True else None if progress is False else progress,
        summary=Summary(dry_run=dry_run, steps=_steps(profile, step, match, upsert), remedy=remedy),
        requests=context.requests,
        rate=session.rate,
    )


def _check(options: BatchOptions) -> None:
    _one_of("on_error", options.get("on_error", "collect"), "collect", "stop")
    for name in ("item_key", "progress"):
        given = options.get(name)
        if not (given is None or callable(given) or (name == "progress" and isinstance(given, bool))):
            raise InvalidInputError(f"{name} must be callable", field=name)
        if iscoroutinefunction(given):
            raise InvalidInputError(f"{name} is a plain function: nobody would await its answer", field=name)
    if not isinstance(options.get("run", ""), str):
        raise InvalidInputError("run is a name, as text", field="run")
    for name, least, kinds in (("concurrency", 1, int), ("max_failures", 0, int), ("settle_timeout", 0, (int, float))):
        value: Any = options.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value < float("inf"):
            raise InvalidInputError(f"{name} is a number from {least} on", field=name)


def _check_uncertain(options: BatchOptions, step: BatchOperation[Any]) -> None:
    decision = options.get("uncertain")
    _one_of("uncertain", decision, "retry", "skip", "done", None)
    if decision is None:
        return
    if not step.creates:
        raise InvalidInputError(
            f"uncertain= decides about creates; {step.verb} is safe to repeat: run the same journal again",
            field="uncertain",
        )
    if options.get("journal") is None:
        raise InvalidInputError(
            "uncertain= needs journal=: it decides about what an earlier run of a journal left open", field="uncertain"
        )


def _journal(given: str | PathLike[str] | Journal | None) -> Journal:
    if given is None:
        return MemoryJournal()
    if isinstance(given, (str, PathLike)):
        return SqliteJournal(given)
    if not callable(getattr(given, "record_intents", None)):
        raise InvalidInputError("journal is a path, or an object of the shape of crossbook.Journal", field="journal")
    return given


def _journal_key(given: str | bytes | None) -> Secret | None:
    if given is None:
        return None
    if not isinstance(given, (str, bytes)) or len(given) < _LEAST_KEY:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError(f"journal_key is text or bytes, at least {_LEAST_KEY} of them", field="journal_key")
    return Secret(given if isinstance(given, str) else given.hex())


def _steps(profile: VendorProfile, step: BatchOperation[Any], match: str | None, upsert: bool) -> dict[str, str]:
    """How the vendor does what this batch needs, by verb."""
    adapter = [*(["contacts.find"] if match else []), step.verb, *(["contacts.update"] if upsert else [])]
    told: dict[str, str] = {}
    for name in adapter:
        verb = profile.capability(name)
        many = f", {verb.bulk_size:,} at once" if verb.bulk_size > 1 else ""
        told[name] = f"{verb.support}{many}{f' ({verb.note})' if verb.note else ''}"
    return told


def _bar(operation: str) -> Callable[[Progress], None]:
    try:
        from crossbook._batch.progress_bar import Bar
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            f"progress=True needs {error.name}: pip install 'crossbook[cli]', or pass a callable", field="progress"
        ) from None
    return Bar(operation)


def _one_of(name: str, value: object, *allowed: object) -> None:
    if value not in allowed:
        raise InvalidInputError(f"{name} is one of {', '.join(repr(each) for each in allowed if each)}", field=name)


def bulk_method(adapter: Any, name: str, fixed: Mapping[str, str]) -> Callable[..., Any]:
    """The vendor's verb for many, which those have whose profile says so."""
    return partial(getattr(adapter, name, None) or getattr(adapter, "unsupported"), **fixed)  # noqa: B009
