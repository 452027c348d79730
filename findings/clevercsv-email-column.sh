#!/usr/bin/env bash
# Guess:  clevercsv, made for messy CSV, finds no separator in a file with one column of e-mail addresses, the simplest mailing list.
# Fact:   it takes the @ for the separator and returns two columns; a column of phone numbers is split at the spaces.
# With:   clevercsv 0.8.5. Seen on 2026-11-30.
# Met by: whoever guesses the separator of an uploaded list of recipients. Test for one column first.
source "$(dirname "$0")/_setup.sh"
with_python clevercsv==0.8.5
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
