"""Suggest the name that a caller probably meant, at the end of an error about an unknown name."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(given: object, names: Iterable[str]) -> str:
    """Return ` (did you mean 'phone'?)` if one of the known names resembles the given one, or an empty text.

    The given name is not shown: it may be a value.
    """
    import difflib  # only for an error

    by_key = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(str(given)[:100].casefold(), by_key, n=1, cutoff=0.7)
    return f" (did you mean {by_key[close[0]]!r}?)" if close else ""
