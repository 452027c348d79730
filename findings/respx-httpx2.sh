#!/usr/bin/env bash
# Guess:  in a test with respx or pytest-httpx, a request of httpx2 (httpx's continuation, same API) is answered by the mock or refused.
# Fact:   both patch httpx only. The httpx2 request leaves and reaches the server, and the test passes without a warning.
# With:   respx 0.23.1, pytest-httpx 0.36.2, httpx 0.28.1, httpx2 2.16.2, pytest 9.2.0. Seen on 2026-11-30.
# Met by: whoever moves a vendor's client to httpx2 and keeps its tests: they write to the real account.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check respx==0.23.1 pytest-httpx==0.36.2 httpx==0.28.1 httpx2==2.16.2 pytest==9.2.0
echo "$(python --version), respx==0.23.1 pytest-httpx==0.36.2 httpx==0.28.1 httpx2==2.16.2 pytest==9.2.0"
cat >test_mocks.py <<'PYTHON'
import httpx2
import respx

import _loopback

url, received = _loopback.start()


def test_respx_misses_httpx2():
    with respx.mock(assert_all_called=False) as router:
        router.post(f"{url}/contacts").respond(201)
        status = httpx2.post(f"{url}/contacts", json={"phone": "+48500600700"}).status_code
    print("respx: the server answered", status, "to", received)
    assert (status, len(received)) == (200, 1)


def test_pytest_httpx_misses_httpx2(httpx_mock):
    received.clear()
    status = httpx2.post(f"{url}/contacts", json={"phone": "+48500600701"}).status_code
    print("pytest-httpx: the server answered", status, "to", received)
    assert (status, len(received)) == (200, 1)
PYTHON
python -m pytest -q -s test_mocks.py
