#!/usr/bin/env bash
# Guess:  the newest aioresponses mocks the newest aiohttp, since it requires aiohttp>=3.3 and the two install together without a word.
# Fact:   each mocked call raises TypeError: aiohttp's ClientResponse wants stream_writer, which aioresponses does not pass.
# With:   aioresponses 0.7.9, aiohttp 3.14.5. Seen on 2026-11-30.
# Met by: whoever tests a vendor's aiohttp client; pin aiohttp in the tests, or answer from a server on loopback.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check aioresponses==0.7.9 aiohttp==3.14.5
echo "$(python --version), aioresponses==0.7.9 aiohttp==3.14.5"
python - <<'PYTHON'
import asyncio

import aiohttp
from aioresponses import aioresponses

URL = "http://127.0.0.1:9/contacts"


async def main() -> str:
    with aioresponses() as mock:
        mock.get(URL, payload=[])
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(URL) as response:
                    return f"answered {response.status}"
            except TypeError as error:
                return f"TypeError: {error}"


outcome = asyncio.run(main())
print(outcome)
assert "stream_writer" in outcome
PYTHON
