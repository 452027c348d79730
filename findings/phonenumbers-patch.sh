#!/usr/bin/env bash
# Guess:  whether a phone number is valid does not change in a patch release of phonenumbers.
# Fact:   it does: "301 23 45" in PL is refused by 9.0.25 and valid with 9.0.26. Each release brings new number plans, and a seven-digit number
#         without its area code may become a number of its own.
# With:   phonenumberslite 9.0.25, 9.0.26 and 9.0.42. Seen on 2026-11-30.
# Met by: whoever stores phones as E.164 and matches old contacts by them, or whose tests hold numbers that must stay invalid.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
verdicts=()
check() {
    echo "$(python --version), $(pip freeze --disable-pip-version-check | grep phonenumberslite)"
    verdicts+=("$(python -c 'import phonenumbers; print(phonenumbers.is_valid_number(phonenumbers.parse("301 23 45", "PL")))')")
    echo "valid: ${verdicts[-1]}"
}
pip install -qq --disable-pip-version-check phonenumberslite==9.0.25
check
pip install -qq --disable-pip-version-check phonenumberslite==9.0.26
check
pip install -qq --disable-pip-version-check phonenumberslite==9.0.42
check
[ "${verdicts[*]}" = "False True True" ]
