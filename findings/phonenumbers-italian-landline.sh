#!/usr/bin/env bash
# Guess:  in the region IT, 3906123456 is the Roman landline 06 123456 with its country code and without the plus.
# Fact:   phonenumbers reads a mobile number with the prefix 390, valid and possible. With the plus it is the landline.
# With:   phonenumbers 9.0.42. Seen on 2026-12-01.
# Met by: whoever reads lists in which numbers have a country code and no plus: a landline becomes the mobile number of somebody else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check phonenumbers==9.0.42
echo "$(python --version), phonenumbers==9.0.42"
python - <<'PYTHON'
import phonenumbers as p

bare, plus = p.parse("3906123456", "IT"), p.parse("+3906123456", "IT")
for number in (bare, plus):
    print(p.format_number(number, p.PhoneNumberFormat.E164), p.is_valid_number(number), p.number_type(number))
assert p.format_number(bare, p.PhoneNumberFormat.E164) == "+393906123456"
assert (p.is_valid_number(bare), p.number_type(bare)) == (True, p.PhoneNumberType.MOBILE)
assert (p.is_valid_number(plus), p.number_type(plus)) == (True, p.PhoneNumberType.FIXED_LINE)
PYTHON
