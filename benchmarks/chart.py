"""Draw the chart of a run from its results file: `python -m benchmarks.chart benchmarks/results/<date>.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.patches import Patch

TARGET = Path(__file__).resolve().parent.parent / "docs" / "assets" / "performance"
_WIDTHS = (1, 8, 64, 256)
_RATES = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_CLIENTS = {
    "bare httpx": ("#c44e52", "--"),
    "httpx": ("#c44e52", "-"),
    "bare httpx2": ("#dd8452", "--"),
    "httpx2": ("#dd8452", "-"),
    "bare aiohttp": ("#4c72b0", "--"),
    "aiohttp": ("#4c72b0", "-"),
    "floor": ("#777777", ":"),
}
_COLOURS = {"held": "#55a868", "held?": "#b8a23c", "missed": "#c44e52", "missed?": "#b8a23c"}
_KEYS = {"held": "held", "held?": "not settled by this run", "missed": "missed"}


def draw(results: Path) -> list[Path]:
    """Draw calls a second by calls in flight, and each row against its bound, as PNG and SVG."""
    rows: list[dict[str, Any]] = json.loads(results.read_text(encoding="utf-8"))["rows"]
    bounded = [row for row in rows if row["bound"] and row["values"] and not row["bound"].endswith(" 0")]
    mpl.rcParams.update({"font.size": 10, "svg.hashsalt": "crossbook", "svg.fonttype": "none"})
    # One above the other, as wide as the page, so that the text has the size of the page's text.
    heights = (4.5, 0.9 + 0.25 * max(12, len(bounded)))
    figure = plt.figure(figsize=(8.8, sum(heights)), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=heights)
    _rates(upper.subplots(), rows)
    _margins(lower.subplots(), bounded)
    written = [TARGET.with_suffix(suffix) for suffix in (".png", ".svg")]
    figure.savefig(written[0], dpi=110)
    figure.savefig(written[1], metadata={"Date": None})
    plt.close(figure)
    return written


def _rates(axes: Any, rows: list[dict[str, Any]]) -> None:
    figures: dict[str, dict[int, float]] = {}
    for row in rows:
        group, _, rest = row["row"].partition(".")
        width = rest.rpartition("-")[2]
        if group == "transports" and width.isdigit():
            for side, values in row["sides"].items():
                name, unit = side.rsplit(", ", 1)
                if unit == "calls/s":
                    figures.setdefault(name, {})[int(width)] = median(values)
    for name, (colour, line) in _CLIENTS.items():
        if name in figures:
            widths = sorted(figures[name])
            label = name if name.startswith("bare") or name == "floor" else f"crossbook over {name}"
            axes.plot(widths, [figures[name][w] for w in widths], line, color=colour, marker="o", ms=3, label=label)
    axes.set(xscale="log", yscale="log", xlabel="calls in flight", ylabel="calls a second, one core")
    axes.set_title("Calls a second over loopback, no facade", loc="left")
    axes.set_xticks(_WIDTHS, [str(width) for width in _WIDTHS])
    axes.set_yticks(_RATES, [f"{rate:,}" for rate in _RATES])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _margins(axes: Any, rows: list[dict[str, Any]]) -> None:
    """Draw each row's distance from its bound: a bar to the right if the bound is held, else to the left."""
    for place, row in enumerate(rows):
        sign, bound = row["bound"].split()

        def margin(value: float, sign: str = sign, bound: float = float(bound)) -> float:
            value = max(value, bound / 100)  # the logarithmic axis has no 0
            return value / bound if sign == "≥" else bound / value

        middle = margin(row["median"])
        spread = sorted(margin(value) for value in row["values"])
        axes.barh(place, middle - 1, left=1, color=_COLOURS[row["verdict"]], height=0.7)
        axes.plot((spread[0], spread[-1]), (place, place), color="black", lw=0.8)
        axes.plot(middle, place, ".", color="black", ms=3)
    axes.axvline(1, color="black", lw=1)
    axes.set(xscale="log", ylim=(len(rows) - 0.4, -0.6))
    axes.set_yticks(range(len(rows)), [f"{row['row']}  {row['bound']}" for row in rows])
    axes.set_xticks((0.2, 0.5, 1, 2, 5, 10, 50), ("⅕", "½", "bound", "2 ×", "5 ×", "10 ×", "50 ×"))
    axes.minorticks_off()
    axes.grid(axis="x", alpha=0.3)
    axes.set_title("How much better than its bound (line: from the least to the most)", loc="left")
    keys = [Patch(color=_COLOURS[verdict], label=label) for verdict, label in _KEYS.items()]
    axes.legend(handles=keys, frameon=False, loc="upper right")


if __name__ == "__main__":
    for path in draw(Path(sys.argv[1])):
        print(path.name)
