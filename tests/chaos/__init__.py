"""Run every operation of every vendor against every fault: `python -m tests.chaos`.

`faults.py` lists the faults and their expected errors, `cases.py` the matrix. `account.py` is one vendor's account in a
sandbox, `trial.py` runs one case there, and `checks.py` checks it. `matrix.py` runs many cases concurrently.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The helpers that tests share. Under pytest, tests/conftest.py adds this folder.
_SUPPORT = str(Path(__file__).resolve().parents[1] / "support")
if _SUPPORT not in sys.path:
    sys.path.insert(0, _SUPPORT)
