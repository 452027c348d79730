"""What every test has: the helpers in support/ on the import path, and generated inputs that are the same each time."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from hypothesis import settings

pytest_plugins = ("pytester",)

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))

settings.register_profile("crossbook", deadline=None, derandomize=True, database=None)
settings.load_profile("crossbook")

# A shell that starts a job in the background has it ignore Ctrl-C, and so do the commands that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
