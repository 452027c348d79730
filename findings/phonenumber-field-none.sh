#!/usr/bin/env bash
# Guess:  to_python() of django-phonenumber-field gives None or raises for a text that is no phone number, such as two numbers in one cell.
# Fact:   it gives a PhoneNumber that is true in an `if` and whose as_e164 is "+NoneNone", the same for every such text.
# With:   django-phonenumber-field 9.0.0, phonenumberslite 9.0.42, Django 5.2.19. Seen on 2026-11-30.
# Met by: whoever reads a column into such numbers and sends .as_e164 to a vendor. Ask is_valid() first.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check django-phonenumber-field==9.0.0 phonenumberslite==9.0.42 Django==5.2.19
echo "$(python --version), django-phonenumber-field==9.0.0 phonenumberslite==9.0.42 Django==5.2.19"
python - <<'PYTHON'
from django.conf import settings

settings.configure(PHONENUMBER_DEFAULT_REGION="PL")
from phonenumber_field.phonenumber import to_python

for text in "500 600 700", "+48500600700, +48500600701", "not known":
    number = to_python(text)
    print(f"{text!r}: true: {bool(number)}, valid: {number.is_valid()}, E.164: {number.as_e164}")
    assert bool(number) and number.as_e164 == ("+48500600700" if number.is_valid() else "+NoneNone")
assert not number.is_valid()
PYTHON
