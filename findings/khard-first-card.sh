#!/usr/bin/env bash
# Guess:  khard lists every contact of a .vcf file, also of an export that holds many cards in one file.
# Fact:   it reads the first card of each file. The other contacts are missing from lists and searches, and nothing says so.
# With:   khard 0.22.0, vobject 0.9.9. Seen on 2026-11-30.
# Met by: whoever puts a vendor's or a phone's export into khard's folder. Split it into one file for each card.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check khard==0.22.0 vobject==0.9.9
echo "$(python --version), khard==0.22.0 vobject==0.9.9"
mkdir book
printf '[addressbooks]\n[[book]]\npath = %s/book\n' "$work" >khard.conf
card() { printf 'BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:%s;;;;\r\nTEL;TYPE=CELL:%s\r\nEND:VCARD\r\n' "$1" "$2" "$2" "$3"; }
{ card 1 Anna +48500600700; card 2 Jan +48500600701; card 3 Ewa +48500600702; } >book/export.vcf
echo "cards in the file: $(grep -c BEGIN:VCARD book/export.vcf)"
khard -c khard.conf phone --parsable | tee found
[ "$(cut -f2 found)" = Anna ]
