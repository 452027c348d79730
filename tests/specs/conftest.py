"""The specs' tools are scripts beside the specs, not a package: their folder goes on the import path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "specs" / "codegen"))
