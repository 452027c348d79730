"""Collect the text of every place where a secret could leak, to be searched at the end."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import logging
import pickle
import pprint
import traceback
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from canaries import Detector
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from recorder import Recorder
from rich.pretty import traverse
from rich.traceback import Traceback
from sentry_sdk import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.utils import event_from_exception

from crossbook import CrossbookError, RawResponse


class Sinks:
    """The collected texts, by place."""

    def __init__(self) -> None:
        self.texts: defaultdict[str, set[str]] = defaultdict(set)
        """The lines of each place, each once: nothing that is searched for has more than a line."""
        self.errors: set[str] = set()
        """Return the names of the recorded errors."""
        self._sentry = Client(
            dsn="https://key@sentry.example.com/1", transport=_Events(self), include_local_variables=True,
            default_integrations=False, auto_session_tracking=False, max_value_length=10**6,
        )  # fmt: skip

    def add(self, sink: str, text: str) -> None:
        self.texts[sink].update(text.split("\n"))

    def hits(self, detector: Detector) -> dict[str, set[str]]:
        """Return the places with canaries, and the canaries."""
        found = {sink: detector.hits("\n".join(sorted(texts))) for sink, texts in self.texts.items()}
        return {sink: hits for sink, hits in found.items() if hits}

    @contextlib.contextmanager
    def watching(self, spans: InMemorySpanExporter) -> Iterator[None]:
        """Record during the block: every logger at DEBUG, warnings, both standard streams, spans."""
        handler, root = _Handler(self), logging.getLogger()
        level = root.level
        out, err = io.StringIO(), io.StringIO()
        spans.clear()
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            with (
                contextlib.redirect_stdout(out), contextlib.redirect_stderr(err),
                warnings.catch_warnings(record=True, action="always") as warned,
            ):  # fmt: skip
                yield
        finally:
            root.setLevel(level)
            root.removeHandler(handler)
            for sink, texts in {
                "stdout": [out.getvalue()], "stderr": [err.getvalue()],
                "warnings": [f"{each.message!r} {each.message} {each.filename}" for each in warned],
                "spans": [f"{span.name} {span.to_json()}" for span in spans.get_finished_spans()],
            }.items():  # fmt: skip
                for text in texts:
                    self.add(sink, text)

    def attempt(self, seen: object) -> None:
        """Record an attempt, as the hook `on_attempt`."""
        self.add("hook", f"{seen!r} {seen}")

    def raw(self, response: RawResponse[Any]) -> None:
        """Record what a raw response has besides the vendor's body."""
        self.add("raw responses", f"{dict(response.headers)!r} {response.request_id} {response.operation}")

    def telemetry(self, recorder: Recorder) -> None:
        """Record crossbook's own spans and metrics."""
        for span in recorder.spans:
            self.add("own spans", f"{span.name} {span.to_json()}")
        data = recorder.reader.get_metrics_data()
        self.add("own metrics", data.to_json() if data else "")

    def object(self, shown: Any) -> None:
        """Record all ways to print an object."""
        for text in (repr(shown), str(shown), f"{shown}", pprint.pformat(shown), str(traverse(shown))):
            self.add("objects", text)

    def files(self, folder: Path) -> None:
        """Record the files of a journal, byte for byte."""
        for file in folder.iterdir():
            self.add("journal", file.read_bytes().decode("latin-1"))

    def error(self, error: BaseException) -> None:
        """Record an exception with its causes, tracebacks and locals."""
        self.errors.add(type(error).__name__)
        for each in chain(error):
            state = (each.args, vars(each), getattr(each, "__notes__", []))
            self.add("exceptions", f"{each!r} {each} {state!r}")
            self.object(each)
            with contextlib.suppress(TypeError, AttributeError):
                self.add("pickles", pickle.dumps(each, protocol=0).decode("latin-1") + repr(pickle.dumps(each)))
        if isinstance(error, CrossbookError):
            assert pickle.loads(pickle.dumps(error)) == error == copy.copy(error) == copy.deepcopy(error)
        self.add("traceback", "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
        self.add("rich", "\n".join(_rich_locals(error)))
        self.add("logging", logging.Formatter().formatException((type(error), error, error.__traceback__)))
        event, hint = event_from_exception(error, client_options=self._sentry.options)
        self._sentry.capture_event(event, hint)

    def result_error(self, error: BaseException) -> None:
        """Record the error of a result, as it is and as a caller raises it."""
        self.error(error)
        try:
            raise error
        except type(error) as raised:
            self.error(raised)


class _Events(Transport):
    """Record what Sentry's SDK would send."""

    def __init__(self, sinks: Sinks) -> None:
        super().__init__()
        self._sinks = sinks

    def capture_envelope(self, envelope: Envelope) -> None:
        self._sinks.add("sentry", json.dumps(envelope.get_event(), ensure_ascii=False, default=repr))


class _Handler(logging.Handler):
    def __init__(self, sinks: Sinks) -> None:
        super().__init__(logging.NOTSET)
        self._sinks = sinks

    def emit(self, record: logging.LogRecord) -> None:
        # Times would make each record unique.
        aside = {
            name: value for name, value in vars(record).items() if name not in ("created", "msecs", "relativeCreated")
        }
        self._sinks.add(f"log {record.name.partition('.')[0]}", f"{self.format(record)} {aside!r}")


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, its causes and contexts, and the members of groups."""
    waiting: list[BaseException | None] = [error]
    known: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in known:
            known.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def _rich_locals(error: BaseException) -> Iterable[str]:
    for each in chain(error):
        trace = Traceback.extract(
            type(each), each, each.__traceback__, show_locals=True,
            locals_max_length=None, locals_max_string=None, locals_hide_dunder=False,  # type: ignore[arg-type]
        )  # fmt: skip
        for stack in trace.stacks:
            for frame in stack.frames:
                yield from (f"{frame.name}: {name} = {value}" for name, value in (frame.locals or {}).items())


def unpicklable(thing: object) -> bool:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(thing)
    with pytest.raises(TypeError, match="cannot be pickled"):
        copy.deepcopy(thing)
    return True
