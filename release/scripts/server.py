"""Run in a new environment: start a sandbox and call it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import crossbook_sandbox

CALLS = str(Path(__file__).with_name("calls.py"))

if __name__ == "__main__":
    with crossbook_sandbox.running() as sandbox:
        called = subprocess.run([sys.executable, CALLS, "httpx"], env={**os.environ, **sandbox.env}, check=False)
    sys.exit(called.returncode)
