"""Draw the flow of one call as an inline SVG that takes its colours from the page."""

from __future__ import annotations

from html import escape

WIDTH, HEIGHT, GAP, LEFT, BOX = 790, 64, 26, 1, 520

# Where, what is shown, what it does; and what comes back.
_LAYERS = (
    (
        "book.py, contacts.py",
        "await book.contacts.create(Contact(…))",
        "your call; the profile says if it is supported",
    ),
    ("vendors/atom/adapter.py", "Contact → atom.models.NewContact", "our model becomes the vendor's"),
    ("crossbook_wire.atom", "ContactsApi(send).create_contact(body)", "builds one request; generated from the spec"),
    ("_http/client.py", "permit → credentials → transport → error mapping", "limits, time-outs, retries"),
    ("_transports", "one request, one response", "httpx, httpx2, aiohttp or a client of your own"),
)
_RETURNED = (
    "WriteResult, or a CrossbookError",
    "the vendor's model → ours",
    "bytes → a typed model",
    "success, error or retry",
    "status, headers, bytes",
)
_CLIENT = 3  # the layer that retries


def flow() -> str:
    """Return the drawing of a call's flow as SVG."""
    height = len(_LAYERS) * (HEIGHT + GAP) + HEIGHT
    label = (
        "The flow of one call: your code, the adapter, the generated client, the HTTP client, the transport, and back"
    )
    tip = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"'
    parts = [
        f'<div class="scroll"><svg class="flow" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">',
        f'<defs><marker id="tip" {tip}><path d="M0 0L8 4L0 8z"/></marker></defs>',
    ]
    for number, (where, what, why) in enumerate(_LAYERS):
        top = number * (HEIGHT + GAP)
        parts.append(f'<rect x="{LEFT}" y="{top + 1}" width="{BOX}" height="{HEIGHT}" rx="8"/>')
        parts.append(_text(LEFT + 14, top + 25, what, "what"))
        parts.append(_text(LEFT + 14, top + 48, f"{where}: {why}", "why"))
        parts.append(_text(LEFT + BOX + 46, top + HEIGHT + 18, _RETURNED[number], "why"))
        parts.append(_arrow(LEFT + 40, top + HEIGHT + 2, top + HEIGHT + GAP))
        parts.append(_arrow(LEFT + BOX + 28, top + HEIGHT + GAP + 8, top + HEIGHT - 10))
    client = _CLIENT * (HEIGHT + GAP)
    parts.append(f'<path class="line" d="M{LEFT + BOX} {client + 48}h64v-32h-60" marker-end="url(#tip)"/>')
    parts.append(_text(LEFT + BOX + 72, client + 30, "retry, if that is safe", "why"))
    bottom = len(_LAYERS) * (HEIGHT + GAP)
    parts.append(f'<rect class="vendor" x="{LEFT}" y="{bottom + 1}" width="{BOX}" height="{HEIGHT - 20}" rx="8"/>')
    parts.append(_text(LEFT + 14, bottom + 28, "the vendor", "what"))
    return "".join([*parts, "</svg></div>"])


def _text(x: int, y: int, text: str, kind: str) -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'


def _arrow(x: int, start: int, end: int) -> str:
    return f'<path class="line" d="M{x} {start}V{end}" marker-end="url(#tip)"/>'
