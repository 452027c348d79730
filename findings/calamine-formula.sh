#!/usr/bin/env bash
# Guess:  a cell with a formula, written by openpyxl and read by python-calamine, has the formula or its value, or is an error.
# Fact:   it is an empty text, as if nobody had filled the cell: openpyxl stores no value, and calamine reads values only.
# With:   openpyxl 3.1.5, python-calamine 0.9.1. Seen on 2026-12-01.
# Met by: whoever imports a workbook that a program wrote: a whole column of phones or names joined by a formula is gone without a word.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check openpyxl==3.1.5 python-calamine==0.9.1
echo "$(python --version), openpyxl==3.1.5 python-calamine==0.9.1"
python - <<'PYTHON'
from openpyxl import Workbook
from python_calamine import CalamineWorkbook

book = Workbook()
book.active.append(["first", "last", "name"])
book.active.append(["Anna", "Kowalska", "=A2&\" \"&B2"])
book.save("people.xlsx")
rows = CalamineWorkbook.from_path("people.xlsx").get_sheet_by_index(0).to_python()
print(rows)
assert rows[1] == ["Anna", "Kowalska", ""]
PYTHON
