"""`python -m examples.gateway`: the gateway on the sandbox, or with --live on the accounts of the environment."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

import crossbook_sandbox

from .app import create_app
from .settings import Settings, Vendor

# Atom's own limit is 10 requests a second; an import of 1,000 people would take minutes.
RATES: dict[Vendor, float] = {"atom": 200.0}
SEEDS = 60


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser("python -m examples.gateway", description="One REST API over four vendors.")
    parser.add_argument("--live", action="store_true", help="use the real accounts of the environment")
    parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1; 0 means any free port")
    options = parser.parse_args()
    with ExitStack() as stack:
        settings = Settings()
        if not options.live:
            sandbox = stack.enter_context(crossbook_sandbox.running(seed=SEEDS, rates=RATES))
            # The sandbox's variables replace those of real accounts, so that the gateway cannot reach them.
            os.environ.update(sandbox.env)
            # The contacts of the sandbox end with it, so imports need not outlive it either.
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="crossbook-gateway-")))
            settings = Settings(rates=RATES, jobs=folder)
            print(f"Sandbox: the four vendors at {sandbox.url}, with {SEEDS} made-up people each", flush=True)
        # No access log: it would show phones and e-mail addresses of searches.
        config = uvicorn.Config(create_app(settings), port=options.port, access_log=False, timeout_graceful_shutdown=2)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
