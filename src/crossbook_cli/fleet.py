"""`crossbook fleet …`: runs that several machines share."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

import anyio
import typer

import crossbook
from crossbook._batch.batch import Batch
from crossbook.book import AddressBook
from crossbook.errors import InvalidInputError, format_duration
from crossbook_cli.batch_output import BatchOutput
from crossbook_cli.errors import SOME_FAILED
from crossbook_cli.options import Json, Yes, complete_book, confirm
from crossbook_cli.output import format_cell, print_json, print_message
from crossbook_cli.signals import run, stop_on_signal

if TYPE_CHECKING:
    from crossbook_fleet import Postgres, RunStatus

T = TypeVar("T")
fleet = typer.Typer(
    help="Share runs among several machines. CROSSBOOK_FLEET_URL is the URL of the Postgres database.",
    no_args_is_help=True,
)

Run: TypeAlias = Annotated[str, typer.Argument(metavar="RUN", help="The name of the run.")]
_SECONDS = 1.0  # between two reports of progress


def open_fleet(url: str | None = None) -> Postgres:
    """Return the fleet of a URL, or that of the environment.

    Raises:
        InvalidInputError: there is no URL, or the extra is not installed.
    """
    try:
        from crossbook_fleet import Postgres
    except ModuleNotFoundError as error:
        raise InvalidInputError(f"a fleet needs {error.name}: pip install 'crossbook[fleet]'", field="fleet") from None
    return Postgres.from_env() if url is None else Postgres(url)


def _run_with_fleet(work: Callable[[Postgres], Awaitable[T]]) -> T:
    async def open_and_work() -> T:
        async with open_fleet() as opened:
            return await work(opened)

    return run(open_and_work)


@fleet.command("init")
def init() -> None:
    """Make the tables in the database, or bring them to this version. It is safe to repeat."""
    changed = _run_with_fleet(lambda opened: opened.init())
    print_message("The tables are ready." if changed else "The tables were there already.")


@fleet.command("work")
def work(
    books: Annotated[
        list[str],
        typer.Argument(
            metavar="BOOK...", help="The books whose runs this machine processes.", autocompletion=complete_book
        ),
    ],
    forever: Annotated[bool, typer.Option("--forever", help="Wait for further runs until it is stopped.")] = False,
    concurrency: Annotated[int, typer.Option(min=2, metavar="N", help="How many chunks are processed at a time.")] = 2,
) -> None:
    """Process the runs of these books until none is open.

    Start it on as many machines as you like. Ctrl-C and SIGTERM complete what is in flight, and leave the rest to other
    machines.

    Examples:

    \b
    crossbook fleet work vercom --forever
    """

    async def process(opened: Postgres) -> None:
        makers = {name: partial(make_book, name) for name in books}
        with stop_on_signal(lambda _: opened.stop()):
            await opened.work(makers, forever=forever, concurrency=concurrency)

    _run_with_fleet(process)


def make_book(name: str, region: str | None = None, *, shared: Any, **_: Any) -> AddressBook:
    """Make the book that the environment names, as a worker calls it."""
    return crossbook.open(name, shared=shared, default_region=region)


async def run_in_fleet(
    opened: Postgres, name: str, run: str, batch: Batch[Any], output: BatchOutput, region: str | None
) -> None:
    """Submit the batch of an import as a run, process the run together with other machines, and print its results.

    Args:
        opened: the fleet.
        name: the name of the book.
        run: the name of the run.
        batch: the batch of the import.
        output: prints the results.
        region: the book's `default_region`.
    """
    async with opened:
        submitted = await opened.submit(batch, run=run)
        print_message(f"Run {format_cell(run)}: {submitted.items:,} contacts, of which {submitted.done:,} are done.")
        with stop_on_signal(lambda _: opened.stop()):
            await opened.work({name: partial(make_book, name, region)})
        found = await opened.status(run)
        await output.print_results(batch, opened.results(run))
        if found.state != "finished":
            for number, error in found.parked.items():
                print_message(f"Chunk {number} failed: {format_cell(error)}")
            batch.summary.stopped = f"the run is {found.state}: {_describe_next_step(found)}"


def _describe_next_step(found: RunStatus) -> str:
    """Return what continues a run that is not finished."""
    if found.state == "cancelled":
        return "choose another name for a new run"
    if found.state == "paused":
        return "crossbook fleet resume continues it"
    if found.parked:
        return "correct what failed, then crossbook fleet retry continues it"
    return "the same command continues it"


@fleet.command("status")
def status(
    run: Run,
    watch: Annotated[bool, typer.Option("--watch", help="Print it again and again until the run ends.")] = False,
    json: Json = False,
) -> None:
    """Show the state of a run.

    It shows counts, rate, time left, machines, and chunks that failed.

    The exit code is 1 if chunks failed again and again; see crossbook fleet retry.
    """

    async def show(opened: Postgres) -> RunStatus:
        while True:
            found = await opened.status(run)
            print_status(found, json=json)
            if not watch or found.state in ("finished", "cancelled"):
                return found
            await anyio.sleep(_SECONDS)

    if _run_with_fleet(show).parked:
        raise typer.Exit(SOME_FAILED)


def print_status(found: RunStatus, *, json: bool) -> None:
    """Print the status of a run."""
    if json:
        print_json(asdict(found))
        return
    counts = ", ".join(f"{count:,} {name}" for name, count in sorted(found.counts.items())) or "nothing yet"
    left = "" if found.seconds_left is None else f", {format_duration(round(found.seconds_left))} left"
    lines = [f"{found.run}: {found.state}, {found.done:,} of {found.items:,} inputs ({counts})"]
    if found.rate:
        lines.append(f"  {found.rate:,.1f} a second{left}")
    lines += [
        f"  {worker}: chunk{'' if len(chunks) == 1 else 's'} {', '.join(map(str, chunks))}"
        for worker, chunks in found.workers.items()
    ]
    if found.oldest_lease is not None:
        lines.append(f"  the first lease ends in {max(0.0, found.oldest_lease):.0f} s")
    lines += [f"  chunk {number} failed: {format_cell(error)}" for number, error in found.parked.items()]
    sys.stdout.write("\n".join(lines) + "\n")


@fleet.command("pause")
def pause(run: Run) -> None:
    """Begin no more chunks of a run. Those that are being processed are completed."""
    _run_with_fleet(lambda opened: opened.pause(run))


@fleet.command("resume")
def resume(run: Run) -> None:
    """Go on with a run that was paused."""
    _run_with_fleet(lambda opened: opened.resume(run))


@fleet.command("cancel")
def cancel(run: Run, yes: Yes = False) -> None:
    """End a run and delete its inputs.

    What was written stays written. The command asks first, unless you pass --yes.
    """
    confirm(f"Cancel the run {format_cell(run)}? It cannot be continued then.", yes=yes)
    _run_with_fleet(lambda opened: opened.cancel(run))


@fleet.command("retry")
def retry(run: Run) -> None:
    """Process the chunks of a run again that failed again and again."""
    count = _run_with_fleet(lambda opened: opened.retry(run))
    print_message(f"{count:,} chunk{'' if count == 1 else 's'} will be processed again.")
