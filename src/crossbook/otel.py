"""OpenTelemetry for crossbook (extra `otel`): a span for each call and each batch, and metrics.

The names follow the semantic conventions for HTTP clients, as far as they show no personal data. `url.full`,
`url.path` and `url.query` are left out, since they contain ids, phones and addresses. No trace header and no baggage is
sent to the vendor.

Example:
    ```python
    from crossbook.otel import CrossbookInstrumentor

    CrossbookInstrumentor().instrument()  # once, when the program starts
    CrossbookInstrumentor().uninstrument()
    ```
"""

from __future__ import annotations

from contextvars import Token
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

try:
    from opentelemetry import context as contexts
    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider, get_meter
    from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode, TracerProvider, get_tracer
    from opentelemetry.trace.propagation import set_span_in_context
except ModuleNotFoundError as error:
    message = f"crossbook.otel needs {error.name}: pip install 'crossbook[otel]'"
    raise ModuleNotFoundError(message, name=error.name) from None

import crossbook
from crossbook._http import observation
from crossbook._http.observation import BatchObserver, CallObserver
from crossbook._http.options import Attempt
from crossbook.errors import RateLimitError

if TYPE_CHECKING:
    from crossbook._batch.results import Summary
    from crossbook._http.client import Call

__all__ = ["CrossbookInstrumentor"]

Attributes = dict[str, str | int | float | bool]

_SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
# The buckets that the conventions give for `http.client.request.duration`, and some for waits of minutes.
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_WAIT_BUCKETS = (0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_JOURNAL_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)

# Instrumented HTTP libraries and exporters share these keys. They have no public name in the API package. Without them
# an instrumented library makes spans of its own below ours, which is harmless.
_SUPPRESS_HTTP: str | None = getattr(contexts, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", None)
_SUPPRESS_ALL: str | None = getattr(contexts, "_SUPPRESS_INSTRUMENTATION_KEY", None)


class CrossbookInstrumentor:
    """The switch that turns spans and metrics of all books of the process on and off.

    It works like the instrumentors of OpenTelemetry for other libraries. The command `opentelemetry-instrument` finds
    it too, and turns it on.

    Example:
        ```python
        from crossbook.otel import CrossbookInstrumentor

        CrossbookInstrumentor().instrument()
        CrossbookInstrumentor().uninstrument()
        ```
    """

    def instrument(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        **_options: Any,
    ) -> None:
        """Turn spans and metrics on, for calls and batches that begin from now on. Replace earlier providers.

        Args:
            tracer_provider: gets the spans; by default the global provider, which may be set later.
            meter_provider: gets the metrics; by default the global provider, which may be set later.
            _options: options of OpenTelemetry's command, which have no meaning here.

        Example:
            ```python
            from crossbook.otel import CrossbookInstrumentor
            from opentelemetry import trace

            CrossbookInstrumentor().instrument(tracer_provider=trace.get_tracer_provider())
            CrossbookInstrumentor().uninstrument()
            ```
        """
        observation.telemetry = _Telemetry(tracer_provider, meter_provider)

    def uninstrument(self, **_options: Any) -> None:
        """Turn spans and metrics off. Calls in flight still end their spans.

        Example:
            ```python
            from crossbook.otel import CrossbookInstrumentor

            CrossbookInstrumentor().uninstrument()
            ```
        """
        observation.telemetry = None


class _Telemetry:
    """The tracer, and the instruments of all metrics."""

    def __init__(self, tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None) -> None:
        version = crossbook.__version__
        self.tracer = get_tracer("crossbook", version, tracer_provider, _SCHEMA)
        meter = get_meter("crossbook", version, meter_provider, _SCHEMA)
        self.duration = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests: each attempt of a call counts",
            explicit_bucket_boundaries_advisory=_REQUEST_BUCKETS,
        )
        self.active = meter.create_up_down_counter(
            "http.client.active_requests", unit="{request}", description="Requests in flight"
        )
        self.retries = meter.create_counter(
            "crossbook.client.retries", unit="{retry}", description="Attempts that were followed by another one"
        )
        self.throttled = meter.create_counter(
            "crossbook.client.throttled_requests",
            unit="{request}",
            description="Requests that the vendor refused because of its rate limit (429)",
        )
        self.wait = meter.create_histogram(
            "crossbook.limiter.wait.duration",
            unit="s",
            description="Waits for a permit of the rate limiter; a request without a wait does not count",
            explicit_bucket_boundaries_advisory=_WAIT_BUCKETS,
        )
        self.results = meter.create_counter(
            "crossbook.batch.results",
            unit="{input}",
            description="Results of batches, by status, without replayed ones and dry runs",
        )
        self.journal_lag = meter.create_histogram(
            "crossbook.journal.lag",
            unit="s",
            description="Time until the journal of a batch has stored what the batch gave to it",
            explicit_bucket_boundaries_advisory=_JOURNAL_BUCKETS,
        )

    def begin_call(self, call: Call) -> CallObserver:
        return _IGNORED if _is_suppressed() else _CallSpan(self, call, contexts.get_current(), ())

    def begin_batch(self, vendor: str, operation: str) -> BatchObserver:
        return _BatchSpan(self, vendor, operation)


class _CallSpan(CallObserver):
    """The span of one call, which is current until the call ends, and the metrics of its attempts.

    Spans of instrumented HTTP libraries are suppressed meanwhile, since they would show the same requests again.
    """

    __slots__ = ("_is_active", "_labels", "_span", "_telemetry", "_token", "_waited")

    def __init__(self, telemetry: _Telemetry, call: Call, parent: Context, links: tuple[Link, ...]) -> None:
        vendor, operation = call.profile.vendor, call.request.operation
        self._telemetry = telemetry
        self._is_active = False  # whether a request is in flight
        self._waited = 0.0
        self._labels: Attributes = {
            "http.request.method": call.request.method,
            **_server_attributes(call.session.base.origin),
            "crossbook.vendor": vendor,
            "crossbook.operation": operation,
        }
        self._span: Span = telemetry.tracer.start_span(
            f"{vendor}.{operation}", parent, SpanKind.CLIENT, self._labels, links
        )
        current = set_span_in_context(self._span, parent)
        if _SUPPRESS_HTTP is not None:
            current = contexts.set_value(_SUPPRESS_HTTP, True, current)
        self._token: Token[Context] = contexts.attach(current)

    def permit_waited(self, call: Call, seconds: float) -> None:
        self._waited += seconds
        self._telemetry.wait.record(seconds, self._labels)

    def request_began(self, call: Call) -> None:
        self._is_active = True
        self._telemetry.active.add(1, self._labels)

    def attempt_ended(self, call: Call, attempt: Attempt) -> None:
        telemetry, labels, error = self._telemetry, self._labels, call.error
        self._end_request()
        facts: Attributes = {}
        if attempt.status is not None:
            facts["http.response.status_code"] = attempt.status
        if error is not None:
            facts["error.type"] = type(error).__name__
            if attempt.wait is not None:
                telemetry.retries.add(1, labels)
            if isinstance(error, RateLimitError):
                telemetry.throttled.add(1, labels)
        telemetry.duration.record(attempt.seconds, labels | facts)
        if self._span.is_recording():
            facts["crossbook.attempt"] = attempt.number
            facts["crossbook.sent"] = attempt.sent
            if attempt.wait is not None:
                facts["crossbook.retry_wait"] = attempt.wait
            self._span.add_event("crossbook.attempt", facts)

    def call_ended(self, call: Call, error: BaseException | None) -> None:
        self._end_request()
        span = self._span
        if span.is_recording():
            facts: Attributes = {}
            if call.outcome is not None and call.outcome.status is not None:
                facts["http.response.status_code"] = call.outcome.status
            if call.attempts > 1:
                facts["http.request.resend_count"] = call.attempts - 1
            if self._waited:
                facts["crossbook.limiter_wait"] = self._waited
            if error is not None:
                facts["error.type"] = type(error).__name__
                span.set_status(StatusCode.ERROR)
            span.set_attributes(facts)
        span.end()
        if not isinstance(error, GeneratorExit):  # the coroutine is closed, perhaps in another context
            contexts.detach(self._token)

    def _end_request(self) -> None:
        if self._is_active:
            self._is_active = False
            self._telemetry.active.add(-1, self._labels)


class _BatchSpan:
    """The span of one batch. The calls of the batch have traces of their own, with a link to this span.

    So a batch of 100,000 contacts is one span in the trace of its caller, and its calls are sampled by themselves.
    """

    def __init__(self, telemetry: _Telemetry, vendor: str, operation: str) -> None:
        self._telemetry = telemetry
        self._labels: Attributes = {"crossbook.vendor": vendor, "crossbook.operation": operation}
        self._span = telemetry.tracer.start_span(f"{vendor}.{operation}", attributes=self._labels)
        context = self._span.get_span_context()
        self._links = (Link(context),) if context.is_valid else ()

    def begin_call(self, call: Call) -> CallObserver:
        if _is_suppressed():
            return _IGNORED
        parent = set_span_in_context(INVALID_SPAN, contexts.get_current())
        return _CallSpan(self._telemetry, call, parent, self._links)

    def add_result(self, status: str) -> None:
        self._telemetry.results.add(1, {**self._labels, "crossbook.status": status})

    def journal_stored(self, entry: Literal["intent", "outcome"], seconds: float) -> None:
        self._telemetry.journal_lag.record(seconds, {**self._labels, "crossbook.journal_entry": entry})

    def end(self, summary: Summary, error: BaseException | None) -> None:
        facts: Attributes = {f"crossbook.batch.{status}": count for status, count in summary.counts.items()}
        facts["crossbook.batch.inputs"] = summary.total
        facts["crossbook.batch.requests"] = summary.requests
        if summary.replayed:
            facts["crossbook.batch.replayed"] = summary.replayed
        if summary.dry_run:
            facts["crossbook.batch.dry_run"] = True
        if error is not None:
            facts["error.type"] = type(error).__name__
            self._span.set_status(StatusCode.ERROR)
        self._span.set_attributes(facts)
        self._span.end()


_IGNORED = CallObserver()


def _is_suppressed() -> bool:
    """Return whether the caller has turned all instrumentation off for this task, as an exporter does for its own."""
    return _SUPPRESS_ALL is not None and bool(contexts.get_value(_SUPPRESS_ALL))


@lru_cache
def _server_attributes(origin: str) -> Attributes:
    parts = urlsplit(origin)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {"server.address": parts.hostname or "", "server.port": port}
