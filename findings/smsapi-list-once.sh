#!/usr/bin/env bash
# Guess:  list_contacts() of SMSAPI's own client returns a collection that can be read again, since it holds a list and its size.
# Fact:   the collection is its own iterator and never goes back to the start: the second loop is empty, while size still says 2.
# With:   smsapi-client 2.9.7. Seen on 2026-11-30.
# Met by: whoever looks at the contacts first (a count, a log line) and copies them afterwards: nothing is copied. Take list(…) once, or .collection.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check smsapi-client==2.9.7
echo "$(python --version), smsapi-client==2.9.7"
python - <<'PYTHON'
import _loopback
from smsapi.client import Client

url, _ = _loopback.start(body='{"size": 2, "collection": [{"phone_number": "48500600700"}, {"phone_number": "48500600701"}]}')
contacts = Client(f"{url}/", access_token="example").contacts.list_contacts()
first, second = len(list(contacts)), len(list(contacts))
print("size:", contacts.size, "- first loop:", first, "- second loop:", second)
assert (contacts.size, first, second) == (2, 2, 0)
PYTHON
