#!/usr/bin/env bash
# Guess:  a phone number that a spreadsheet holds as a number comes back as an integer, as it was written; if it came back as a float,
#         "3012345678.0" would be no valid phone number.
# Fact:   calamine gives a float for every number of an .xlsx file, and phonenumbers drops the dot and keeps the zero: a valid number of
#         Berlin, but another subscriber's. In Poland the result is invalid, so tests with Polish numbers alone do not show it.
# With:   python-calamine 0.9.1, XlsxWriter 3.3.1, phonenumberslite 9.0.42. Seen on 2026-11-30.
# Met by: whoever imports contacts from Excel with str(cell). Turn a whole float into an integer first.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check python-calamine==0.9.1 XlsxWriter==3.3.1 phonenumberslite==9.0.42
echo "$(python --version), python-calamine==0.9.1 XlsxWriter==3.3.1 phonenumberslite==9.0.42"
python - <<'PYTHON'
import phonenumbers
import python_calamine
import xlsxwriter

NUMBER = 3012345678
with xlsxwriter.Workbook("contacts.xlsx") as book:
    book.add_worksheet().write_column(0, 0, ["phone", NUMBER])
cell = python_calamine.CalamineWorkbook.from_path("contacts.xlsx").get_sheet_by_index(0).to_python()[1][0]
meant, read = phonenumbers.parse(str(NUMBER), "DE"), phonenumbers.parse(str(cell), "DE")
print("written:", NUMBER, "- read:", repr(cell))
for number in meant, read:
    print(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), "valid:", phonenumbers.is_valid_number(number))
assert isinstance(cell, float) and phonenumbers.is_valid_number(read) and read != meant
PYTHON
