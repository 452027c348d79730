"""Measure one group: `python -m benchmarks.measure GROUP`. It prints a JSON object on each line."""

from __future__ import annotations

import argparse
import json
import logging
from typing import Any

from attrs import asdict

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.groups import NAMES, group


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("group", choices=NAMES)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    pinning.take("client")
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    bench = Bench(arguments.quick, lambda text: say(step=text))
    for result in group(arguments.group).run(bench):
        say(result=asdict(result))


if __name__ == "__main__":
    main()
