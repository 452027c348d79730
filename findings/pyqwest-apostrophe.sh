#!/usr/bin/env bash
# Guess:  an HTTP client sends the query of a URL as it is given, if each of its characters is allowed there.
# Fact:   pyqwest sends an apostrophe as %27. httpx and the standard library send it as it is.
# With:   pyqwest 0.12.0, httpx 0.28.1. Seen on 2026-12-01.
# Met by: whoever signs a request by its exact target, or compares recorded targets, and changes the client: O'Neill no longer matches.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check pyqwest==0.12.0 httpx==0.28.1
echo "$(python --version), pyqwest==0.12.0 httpx==0.28.1"
python - <<'PYTHON'
import asyncio

import _loopback
import httpx
import pyqwest

url, received = _loopback.start()
target = f"{url}/contacts?last_name=O'Neill"
httpx.get(target, trust_env=False)


async def main() -> None:
    await pyqwest.Client().get(target)


asyncio.run(main())
print([path for _, path, _ in received])
assert [path for _, path, _ in received] == ["/contacts?last_name=O'Neill", '/contacts?last_name=O%27Neill']
PYTHON
