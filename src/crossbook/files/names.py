"""Split a whole name into first and last name."""

from __future__ import annotations

import re

# Small words before a last name, which belong to it: "Anna von der Heide". Written with a capital they are names.
_PARTICLES = frozenset((
    "af", "al", "ap", "av", "bin", "bint", "da", "das", "de", "degli", "dei", "del", "della", "den", "der", "di",
    "do", "dos", "du", "e", "el", "en", "ibn", "la", "las", "le", "lo", "los", "'s", "'t", "te", "ten", "ter", "und",
    "v.", "van", "vande", "vanden", "vander", "vom", "von", "y", "z", "zu", "zum", "zur",
))  # fmt: skip
# Words behind a name, which stay with the last name: "Jan Kowalski jr".
_SUFFIX = re.compile(
    r"(?:jr|sr|jun|sen|junior|senior|i{2,3}|iv|ph\.?\s?d|md|mba|msc|bsc|mgr|dr|prof|inż|eng|esq)\.?|\(.*", re.IGNORECASE
)
_DASH = re.compile(r"(?<=\w)\s*[-\u2010\u2011]\s+(?=\w)|(?<=\w)\s+[-\u2010\u2011](?=\w)")  # Kowalska - Nowak


def split_name(name: str) -> tuple[str | None, str | None]:
    """Return the first and the last name of a whole name; None for a half that it does not have.

    The last word is the last name, with the small words before it (`van`, `de`) and a suffix behind it (`jr`). With a
    comma the last name is before it: `Nowak, Anna`. One word is a first name.

    Example:
        ```python
        from crossbook.files.names import split_name

        assert split_name("Anna Maria Nowak") == ("Anna Maria", "Nowak")
        assert split_name("van den Berg, Jan") == ("Jan", "van den Berg")
        ```
    """
    before, comma, behind = (part.strip() for part in name.partition(","))
    if comma and behind and not _SUFFIX.fullmatch(behind):
        return behind, before or None
    words = _DASH.sub("-", before).split()
    last = len(words) - 1
    while last > 0 and _SUFFIX.fullmatch(words[last]):
        last -= 1
    if last > 0:
        while last > 1 and words[last - 1] in _PARTICLES:
            last -= 1
    else:
        last = len(words)
    suffix = f", {behind}" if comma and behind else ""
    return " ".join(words[:last]) or None, (" ".join(words[last:]) + suffix).strip(", ") or None
