"""Every operation of every vendor against every fault: `python -m tests.chaos`.

`faults.py` says what goes wrong and what must come of it, `cases.py` lays out the matrix, `lane.py` is one vendor's
account to try it on, `trial.py` one case with all its checks.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The helpers that tests share; under pytest tests/conftest.py puts them there too.
_SUPPORT = str(Path(__file__).resolve().parents[1] / "support")
if _SUPPORT not in sys.path:
    sys.path.insert(0, _SUPPORT)
