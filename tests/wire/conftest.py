"""Put the folder of the specs' tools on the import path: they are scripts and not a package."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "specs" / "codegen")]
