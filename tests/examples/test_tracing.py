"""The example prints each span and the metrics."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_tracing_prints_spans_and_metrics() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.tracing"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    lines = done.stdout.splitlines()
    (batch,) = [line for line in lines if line.startswith("vercom.contacts.upsert_many [")]
    assert "crossbook.batch.created=5" in batch
    assert any(line.startswith("vercom.createContacts [") and "linked to" in line for line in lines)
    assert any("resend_count=1] 2 attempts" in line for line in lines)
    assert '"name": "http.client.request.duration",' in done.stdout
    assert "500600" not in "".join(line for line in lines if line.startswith("vercom."))
