"""Run the command `crossbook` with a vendor in the same process: `python -m benchmarks.import_run import FILE …`.

The vendor is an empty Vercom account, which takes creates in bulk. The last line of standard error is a JSON object:
the CPU seconds of the command without its imports, and the process's largest memory in MiB.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from time import process_time

from benchmarks.clients import AUTHORIZATION, KEY
from benchmarks.responses import respond
from crossbook import _transports
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook_cli.app import app

_ENVIRONMENT = {
    "CROSSBOOK_VERCOM_AUTHORIZATION": AUTHORIZATION,
    "CROSSBOOK_VERCOM_APPLICATION_KEY": KEY,
    "CROSSBOOK_VERCOM_BASE_URL": "http://127.0.0.1:9",
    "CROSSBOOK_VERCOM_ACCOUNT": "benchmark",  # so that a resumed run need not compare contacts
}
_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of `ru_maxrss`


class InProcessVendor:
    """A transport that answers as the loopback server does."""

    name = "in process"

    async def send(self, call: PreparedRequest) -> TransportResponse:
        status, content = respond(call.method.encode(), call.target, call.body, 0)
        return TransportResponse(status, {"content-type": "application/json"}, content)

    async def aclose(self) -> None: ...


def _make_vendor(name: str, origin: str, concurrency: int, client: object = None) -> InProcessVendor:  # noqa: ARG001
    return InProcessVendor()


def main() -> None:
    os.environ |= _ENVIRONMENT
    _transports.make_transport = _make_vendor
    began = process_time()
    try:
        app(prog_name="crossbook")
    finally:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 1024**2
        print(json.dumps({"cpu": process_time() - began, "memory": memory}), file=sys.stderr)


if __name__ == "__main__":
    main()
