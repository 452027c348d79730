#!/usr/bin/env bash
# Guess:  Mailchimp's own client raises ApiClientError for a 503, with or without a body, and returns data for a 200.
# Fact:   with an empty body, or with JSON that is empty ([] or {}), it returns the requests.Response itself, for a 503 as for a 200.
# With:   mailchimp-marketing 3.0.80. Seen on 2026-11-30.
# Met by: whoever imports members through it: an outage in front of the API counts as success.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check mailchimp-marketing==3.0.80
echo "$(python --version), mailchimp-marketing==3.0.80"
python - <<'PYTHON'
import _loopback
import mailchimp_marketing


def add_member(status: int, body: str) -> str:
    url, _ = _loopback.start(status, body)
    client = mailchimp_marketing.Client({"api_key": "example-us1"})
    client.lists.api_client.host = url
    try:
        return repr(client.lists.add_list_member("1", {"email_address": "anna@example.com", "status": "subscribed"}))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


answers = {case: add_member(*case) for case in [(503, '{"title": "down"}'), (503, ""), (200, "{}"), (200, '{"id": "1"}')]}
for case, answer in answers.items():
    print(*case, "->", answer)
assert "Error" in answers[503, '{"title": "down"}']
assert answers[503, ""] == "<Response [503]>" and answers[200, "{}"] == "<Response [200]>"
PYTHON
