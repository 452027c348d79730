#!/usr/bin/env bash
# Guess:  clevercsv, made for messy CSV, finds no separator in a file with one column of e-mail addresses, the simplest mailing list.
# Fact:   it takes the @ for the separator and returns two columns; a column of phone numbers is split at the spaces.
# With:   clevercsv 0.8.5. Seen on 2026-11-30.
# Met by: whoever guesses the separator of an uploaded list of recipients. Test for one column first.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check clevercsv==0.8.5
echo "$(python --version), clevercsv==0.8.5"
python - <<'PYTHON'
import clevercsv

EMAILS = "email\nanna@example.com\njan@example.com\n"
PHONES = "phone\n500 600 700\n500 600 701\n"


def read(text: str) -> tuple[str, list[list[str]]]:
    dialect = clevercsv.Sniffer().sniff(text)
    return dialect.delimiter, list(clevercsv.reader(text.splitlines(), dialect))


for text in EMAILS, PHONES:
    print(repr(text), "->", read(text))
assert read(EMAILS) == ("@", [["email"], ["anna", "example.com"], ["jan", "example.com"]])
assert read(PHONES)[0] == " "
PYTHON
