"""A CSV file as contacts: its columns are named as our fields."""

from __future__ import annotations

import csv
from io import StringIO

from fastapi import HTTPException

from crossbook import Contact

COLUMNS = ("external_id", "phone", "email", "first_name", "last_name", "name", "company")


def read_csv(data: bytes) -> list[Contact]:
    """The people of a file, in UTF-8, with or without a byte order mark.

    Raises:
        HTTPException: 422, if it is no such file, or has a column of another name.
    """
    try:
        rows = csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        columns = rows.fieldnames or ()
        unknown = [name for name in columns if name not in COLUMNS]
        if unknown or not columns:
            which = f"{unknown[0][:40]!r} is none of them" if unknown else "there is no header"
            raise HTTPException(422, f"the columns are {', '.join(COLUMNS)}; {which}")
        return [_contact(row, number) for number, row in enumerate(rows, start=2)]
    except (UnicodeDecodeError, csv.Error):
        raise HTTPException(422, "this is no CSV file in UTF-8") from None


def _contact(row: dict[str | None, str], number: int) -> Contact:
    if None in row:
        raise HTTPException(422, f"row {number} has more values than there are columns")
    given = {str(name): value.strip() for name, value in row.items() if value and value.strip()}
    first, last = given.get("first_name", ""), given.get("last_name", "")
    # One vendor stores whole names; the others make them of the halves.
    given.setdefault("name", f"{first} {last}".strip())
    return Contact(**{name: value for name, value in given.items() if value})  # type: ignore[arg-type]
