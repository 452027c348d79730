#!/usr/bin/env bash
# Guess:  phonenumbers.parse() raises for "500-600-700 lub 701" (Polish "or") and for "wew. 12" (extension), or it leaves the words out.
# Fact:   it reads the letters as keys of a telephone (l-u-b is 5-8-2) and returns +48500600700582701, without an error. The sister function for
#         free text, PhoneNumberMatcher, finds the right number in both.
# With:   phonenumberslite 9.0.42. Seen on 2026-11-30.
# Met by: whoever imports phone columns that people typed. is_valid_number() tells these apart, parse() does not.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check phonenumberslite==9.0.42
echo "$(python --version), phonenumberslite==9.0.42"
python - <<'PYTHON'
import phonenumbers
from phonenumbers import PhoneNumberFormat, format_number

for text, expected in ("500-600-700 lub 701", "+48500600700582701"), ("500-600-700 wew. 12", "+4850060070093912"):
    parsed = format_number(phonenumbers.parse(text, "PL"), PhoneNumberFormat.E164)
    found = [format_number(match.number, PhoneNumberFormat.E164) for match in phonenumbers.PhoneNumberMatcher(text, "PL")]
    print(f"{text!r}: parse {parsed}, matcher {found}")
    assert parsed == expected and found == ["+48500600700"]
PYTHON
