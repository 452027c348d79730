"""`/`: the books, the contacts of one book, and the running imports. A script moves the bars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.templating import Jinja2Templates

from crossbook import AddressBook, Contact, CrossbookError, Group, Page
from crossbook.fastapi import Books

from .books import Checked

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(Path(__file__).with_name("templates"))
GROUPS = 8
COLUMNS = ("phone", "email", "company")


@router.get("/")
async def page(
    request: Request,
    books: Books,
    checked: Checked,
    book: str | None = None,
    group: str | None = None,
    after: str | None = None,
) -> Response:
    state = request.app.state
    name = book if book in books else next(iter(books), None)
    shown = await _shown(books[name], group, after, state.settings.rows) if name is not None else {}
    return templates.TemplateResponse(
        request,
        "page.html",
        {
            "books": books, "health": checked.books, "missing": state.missing,
            "name": name, "group": group, "after": after, **shown,
        },
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


async def _shown(book: AddressBook, group: str | None, after: str | None, rows: int) -> dict[str, Any]:
    """Return a page of contacts and the first groups, or the vendor's error."""
    # Write-only fields have no column.
    columns = [
        name
        for name in COLUMNS
        if name in book.profile.contact_fields and "r" in book.profile.contact_fields[name].access
    ]
    contacts: Page[Contact] = Page(())
    groups: Page[Group] = Page(())
    try:
        groups = await book.groups.list()
        contacts = await book.contacts.list(group=group, page_size=rows, after=after)
        error = None
    except CrossbookError as raised:
        error = raised
    return {"columns": columns, "groups": groups.items[:GROUPS], "contacts": contacts, "error": error}
