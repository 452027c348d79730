"""`make fleet`: kill and stop workers, and measure the shared limit; print tables with the bounds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from tests.fleet import costs, crash, limits

PARTS: dict[str, Callable[[], int]] = {"crash": crash.main, "limits": limits.main, "costs": costs.main}


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.fleet", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=PARTS, help="one part; further arguments go to it")
    options, rest = parser.parse_known_args()
    failed = 0
    for name, part in PARTS.items():
        if options.only in (None, name):
            sys.argv = [f"python -m tests.fleet.{name}", *rest]
            failed |= part()
    return failed


if __name__ == "__main__":
    sys.exit(main())
