"""What a verification found, as plain data: claim by claim, key by key. Nothing in it is a value of the account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import msgspec

from crossbook.verify.claims import LEVELS, Evidence

Verdict = Literal["refuted", "confirmed", "not seen"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One claim and what became of it.

    Args:
        id: names the claim: `listContacts.404`, `Contact.id.type`, `code.1004`, `listContacts.end`.
        claim: what is claimed, in words.
        evidence: how sure the spec was: `inferred`, `public` or `documented`; `note` says what that rests on.
        verdict: `confirmed` (seen, and as claimed), `refuted` (seen, and different), `not seen`.
        seen: how often it was seen.
        wrong: how often it was different.
        came: what came where it was different, masked.
        where: the operations in which it was seen; if it is refuted, those where it was different.
        forms: for a field, which kinds of values came, and how often: whether an empty one is null, for instance.
    """

    id: str
    claim: str
    evidence: Evidence
    verdict: Verdict
    note: str = ""
    seen: int = 0
    wrong: int = 0
    came: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    forms: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownKey:
    """A key of an answer that the spec does not have: where, what kinds of values, one of them masked, how often."""

    path: str
    kinds: tuple[str, ...]
    sample: str
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """Something that the verification made and could not remove, and how to remove it."""

    kind: Literal["contact", "group"]
    id: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole of a verification.

    Args:
        vendor: whose spec.
        title: of the spec.
        version: which version of the vendor's API it describes.
        wrote: whether it was allowed to write.
        findings: every claim, the refuted first, and of each verdict the least sure first.
        unknown: keys of answers that the spec does not have.
        codes: error codes that the spec does not have, each with the operation and the status it came with.
        troubles: what went wrong on the way and says nothing about a claim: time-outs, 429, 503.
        calls: how many requests were made, by operation.
        stopped: why it ended early; empty if it did not.
        removed: how many leftovers of an earlier run were removed.
        leftovers: what this run could not remove.
    """

    vendor: str
    title: str
    version: str
    wrote: bool
    findings: tuple[Finding, ...]
    unknown: tuple[UnknownKey, ...] = ()
    codes: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict[str, int])
    stopped: str = ""
    removed: int = 0
    leftovers: tuple[Leftover, ...] = ()

    def of(self, verdict: Verdict) -> list[Finding]:
        """The findings of one verdict, the least sure first."""
        return [finding for finding in self.findings if finding.verdict == verdict]

    @property
    def refuted(self) -> list[Finding]:
        """What came otherwise than the spec says."""
        return self.of("refuted")

    def as_json(self) -> dict[str, Any]:
        """The report as JSON takes it, with the number of findings a verdict."""
        counts = {verdict: len(self.of(verdict)) for verdict in VERDICTS}
        return {**msgspec.to_builtins(self), "counts": counts}

    def __str__(self) -> str:
        from crossbook.verify.markdown import render

        return render(self)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The refuted first, and of each verdict what the spec is least sure of; else in the spec's order."""
    return tuple(sorted(findings, key=lambda each: (VERDICTS.index(each.verdict), LEVELS.index(each.evidence))))
