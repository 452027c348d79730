#!/usr/bin/env bash
# Guess:  HTTPXClientInstrumentor.instrument_client(client) traces an httpx2 client, which has the same API, or refuses it.
# Fact:   where both libraries are installed, it accepts the client, and from then on each request raises IndexError.
#         HTTPX2ClientInstrumentor, in the same package, works.
# With:   opentelemetry-instrumentation-httpx 0.66b1, opentelemetry-sdk 1.45.1, httpx 0.28.1, httpx2 2.16.2. Seen on 2026-11-30.
# Met by: whoever traces calls to a vendor and moves them from httpx to httpx2 one by one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check opentelemetry-instrumentation-httpx==0.66b1 opentelemetry-sdk==1.45.1 httpx==0.28.1 httpx2==2.16.2
echo "$(python --version), opentelemetry-instrumentation-httpx==0.66b1 opentelemetry-sdk==1.45.1 httpx==0.28.1 httpx2==2.16.2"
python - <<'PYTHON'
import httpx2
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor, HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import _loopback

url, _ = _loopback.start()
exporter = InMemorySpanExporter()
tracer = TracerProvider()
tracer.add_span_processor(SimpleSpanProcessor(exporter))


def outcome_of_a_call(instrumentor: type) -> str:
    exporter.clear()
    with httpx2.Client() as client:
        instrumentor.instrument_client(client, tracer_provider=tracer)
        try:
            client.get(f"{url}/contacts")
        except IndexError as error:
            return f"IndexError: {error}"
    return f"spans: {len(exporter.get_finished_spans())}"


of_httpx, of_httpx2 = outcome_of_a_call(HTTPXClientInstrumentor), outcome_of_a_call(HTTPX2ClientInstrumentor)
print("HTTPXClientInstrumentor: ", of_httpx)
print("HTTPX2ClientInstrumentor:", of_httpx2)
assert of_httpx.startswith("IndexError") and of_httpx2 == "spans: 1"
PYTHON
