"""The known facts about the vendors' wire, checked with raw requests against the sandbox.

Not checked, because the sandbox does not imitate them: HTTPS; SerwerSMS's responses in XML and its slow calls for
groups; the webhooks of Atom; at Vercom, a limit that is told in words, and a success that hides a refusal, of which
tests/vendors/test_vercom_hidden_refusals.py has made-up responses.
"""

from __future__ import annotations

from typing import Any

from . import atom, filemail, serwersms, vercom
from .raw import Fact

FACTS: list[Fact[Any]] = [
    *serwersms.facts.found,
    *atom.facts.found,
    *filemail.facts.found,
    *vercom.facts.found,
]
