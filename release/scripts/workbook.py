"""Write a contact to a workbook and read it back, and read a file whose encoding must be guessed."""

from __future__ import annotations

from pathlib import Path

from crossbook import Contact, Vercom, files

with Path("people.xlsx").open("w", encoding="utf-8", newline="") as file:
    writer = files.make_writer(file, Vercom.profile, "xlsx")
    writer.write(Contact(phone="+48500600700", first_name="Bjørn"), ["Friends"])
    writer.close()
with files.read("people.xlsx") as people:
    (row,) = people
assert row.contact is not None
assert (row.contact.phone, row.contact.first_name, row.groups) == ("+48500600700", "Bjørn", ("Friends",))

Path("people.csv").write_bytes("First Name,Phone\nBjørn,+48500600700\n".encode("cp1252"))
with files.read("people.csv") as people:
    assert people.example == (2, "Bjørn,+48500600700")
print("a workbook and an encoding")
