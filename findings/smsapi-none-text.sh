#!/usr/bin/env bash
# Guess:  SMSAPI's own client leaves out a field that is None: it has a filter for None, and other clients do so.
# Fact:   it turns each value into text first, so the contact's first name becomes the word "None". A misspelled field is dropped silently.
# With:   smsapi-client 2.9.7. Seen on 2026-11-30.
# Met by: whoever passes optional columns of a table to this vendor's client. Leave the keyword out instead of passing None.
source "$(dirname "$0")/_setup.sh"
with_python smsapi-client==2.9.7
python - <<'PYTHON'
import _loopback
from smsapi.client import Client

url, received = _loopback.start(body='{"id": "1"}')
Client(f"{url}/", access_token="example").contacts.create_contact(phone_number="48500600700", first_name=None, lastname="Kowalska")
body = received[0][2]
print("the server received:", body)
assert body == "phone_number=48500600700&first_name=None"
PYTHON
