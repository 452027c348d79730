#!/usr/bin/env bash
# Guess:  SMSAPI's own client leaves out a field that is None: it has a filter for None, and other clients do so.
# Fact:   it turns each value into text first, so the contact's first name becomes the word "None". A misspelled field is dropped silently.
# With:   smsapi-client 2.9.7. Seen on 2026-11-30.
# Met by: whoever passes optional columns of a table to this vendor's client. Leave the keyword out instead of passing None.
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

url, received = _loopback.start(body='{"id": "1"}')
Client(f"{url}/", access_token="example").contacts.create_contact(phone_number="48500600700", first_name=None, lastname="Kowalska")
body = received[0][2]
print("the server received:", body)
assert body == "phone_number=48500600700&first_name=None"
PYTHON
