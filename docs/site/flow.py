"""The flow of one call, as a drawing that takes its colours from the page and needs no script."""

from __future__ import annotations

from html import escape

WIDTH, HEIGHT, GAP, LEFT, BOX = 790, 64, 26, 1, 520

# Where it happens, what happens there.
_ROOMS = (
    ("book.py, contacts.py", "await book.contacts.create(Contact(…))", "what you write; the card is asked: can it?"),
    ("vendors/atom", "Contact → atom.models.NewContact", "our words become the vendor's"),
    ("crossbook_wire.atom", "ContactsApi(send).create_contact(body)", "builds one request; generated from the spec"),
    ("_http/client.py", "turn → credentials → transport → judge", "limits, times, repeats: the only I/O policy"),
    ("_transports", "one request, one answer", "httpx, httpx2, aiohttp or a client of your own"),
)
_BACK = (
    "Outcome, or one CrossbookError",
    "theirs → ours",
    "bytes → a typed model",
    "success, refused, or again?",
    "status, headers, bytes",
)


def drawing() -> str:
    """The drawing as SVG, inline."""
    height = len(_ROOMS) * (HEIGHT + GAP) + HEIGHT
    label = "The flow of one call: your code, the vendor's verbs, the client, the wire policy, the transport, and back"
    tip = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"'
    parts = [
        f'<div class="scroll"><svg class="flow" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">',
        f'<defs><marker id="tip" {tip}><path d="M0 0L8 4L0 8z"/></marker></defs>',
    ]
    for at, (room, what, why) in enumerate(_ROOMS):
        top = at * (HEIGHT + GAP)
        parts.append(f'<rect x="{LEFT}" y="{top + 1}" width="{BOX}" height="{HEIGHT}" rx="8"/>')
        parts.append(_text(LEFT + 14, top + 25, what, "what"))
        parts.append(_text(LEFT + 14, top + 48, f"{room}: {why}", "why"))
        parts.append(_text(LEFT + BOX + 46, top + HEIGHT + 18, _BACK[at], "why"))
        parts.append(_arrow(LEFT + 40, top + HEIGHT + 2, top + HEIGHT + GAP))
        parts.append(_arrow(LEFT + BOX + 28, top + HEIGHT + GAP + 8, top + HEIGHT - 10))
    wire = 3 * (HEIGHT + GAP)
    loop = f"M{LEFT + BOX} {wire + 48}h64v-32h-60"
    parts.append(f'<path class="line" d="{loop}" marker-end="url(#tip)"/>')
    parts.append(_text(LEFT + BOX + 72, wire + 30, "again, if that is safe", "why"))
    last = len(_ROOMS) * (HEIGHT + GAP)
    parts.append(f'<rect class="vendor" x="{LEFT}" y="{last + 1}" width="{BOX}" height="{HEIGHT - 20}" rx="8"/>')
    parts.append(_text(LEFT + 14, last + 28, "the vendor", "what"))
    return "".join([*parts, "</svg></div>"])


def _text(x: int, y: int, text: str, kind: str) -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'


def _arrow(x: int, start: int, end: int) -> str:
    return f'<path class="line" d="M{x} {start}V{end}" marker-end="url(#tip)"/>'
