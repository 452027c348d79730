#!/usr/bin/env bash
# Guess:  the two models for a text message in Vonage's own client want the same spelling of a recipient.
# Fact:   vonage_messages.Sms refuses +48500600700 and takes 48500600700 alone; vonage_sms.SmsMessage takes anything, blanks included.
# With:   vonage 4.9.1 (vonage-messages 1.8.1, vonage-sms 1.2.0). Seen on 2026-11-30.
# Met by: whoever moves from Vonage's SMS API to its Messages API, and whoever stores recipients as E.164, which has the plus.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check vonage==4.9.1 vonage-messages==1.8.1 vonage-sms==1.2.0
echo "$(python --version), vonage==4.9.1 vonage-messages==1.8.1 vonage-sms==1.2.0"
python - <<'PYTHON'
from vonage_messages import Sms
from vonage_sms import SmsMessage


def takes(model: type, to: str) -> bool:
    try:
        model(to=to, from_="Example", text="Hello")
    except ValueError:
        return False
    return True


spellings = "48500600700", "+48500600700", "+48 500 600 700"
verdicts = {model: [takes(model, to) for to in spellings] for model in (Sms, SmsMessage)}
for model, verdict in verdicts.items():
    print(f"{model.__name__}:", dict(zip(spellings, verdict)))
assert list(verdicts.values()) == [[True, False, False], [True, True, True]]
PYTHON
