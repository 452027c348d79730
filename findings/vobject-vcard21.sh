#!/usr/bin/env bash
# Guess:  vobject reads a vCard 2.1, as phones export it: there a comma in a text needs no escape, and a type stands bare (TEL;CELL).
# Fact:   FN and NOTE end at the first comma, and writing the card back loses that text and the types of the phones. No error, no warning.
# With:   vobject 0.9.9. vobjectx 0.6.1, its continuation, keeps the types and cuts the texts alike. Seen on 2026-11-30.
# Met by: whoever imports a phone's contacts, and users of khard and Radicale, which read with vobject.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check vobject==0.9.9 vobjectx==0.6.1
echo "$(python --version), vobject==0.9.9 vobjectx==0.6.1"
python - <<'PYTHON'
import vobject
import vobjectx

CARD = "\r\n".join(
    [
        "BEGIN:VCARD",
        "VERSION:2.1",
        "N:Kowalska;Anna;;;",
        "FN:Kowalska, Anna",
        "TEL;CELL;PREF:+48500600700",
        "NOTE:calls in the morning, never on Friday",
        "END:VCARD",
        "",
    ]
)
by_vobject, by_vobjectx = vobject.readOne(CARD).serialize(), vobjectx.read_one(CARD).serialize()
print(f"read:\n{CARD}\nwritten by vobject:\n{by_vobject}\nwritten by vobjectx:\n{by_vobjectx}")
for written in by_vobject, by_vobjectx:
    assert "FN:Kowalska\r\n" in written and "NOTE:calls in the morning\r\n" in written
assert "\nTEL:+48500600700" in by_vobject and "CELL" in by_vobjectx
PYTHON
