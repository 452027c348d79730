"""Write the results of a run as JSON: `benchmarks/results/<date>.json`."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.row import Result

FOLDER = Path(__file__).parent / "results"
PEERS = ("httpx", "httpx2", "aiohttp", "uvloop", "msgspec", "openapi-python-client", "openapi-generator-cli")


def machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "versions": {name: version(name) for name in ("crossbook", *PEERS)},
    }


def write(results: Sequence[Result]) -> Path:
    """Write the results as JSON and return the path of the file."""
    now = datetime.now(UTC)
    rows = [
        {
            "row": result.row.key,
            "title": result.row.title,
            "unit": result.row.unit,
            "bound": f"{result.row.sign} {result.row.bound:g}" if result.row.sign else None,
            "verdict": result.verdict,
            "median": result.median if result.values else None,
            "values": [_short(value) for value in result.values],
            "sides": {name: [_short(value) for value in values] for name, values in result.sides.items()},
            "reason": result.reason,
        }
        for result in results
    ]
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{now:%Y-%m-%d}.json"
    text = json.dumps({"at": f"{now:%Y-%m-%dT%H:%M:%SZ}", **machine(), "rows": rows}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _short(value: float) -> float:
    return float(f"{value:.5g}")
