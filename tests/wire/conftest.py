"""The specs' tools are scripts, not a package: their folder goes on the import path, as does this one."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "specs" / "codegen")]
