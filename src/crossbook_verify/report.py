"""What a verification found, as plain data: claim by claim, key by key. Nothing in it is a value of the account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Literal, get_args

import msgspec

from crossbook_verify.claims import LEVELS, Evidence

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

        return render(self)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The refuted first, and of each verdict what the spec is least sure of; else in the spec's order."""
    return tuple(sorted(findings, key=lambda each: (VERDICTS.index(each.verdict), LEVELS.index(each.evidence))))


# The report as Markdown, to be pasted into an issue: what differs first, what was as claimed folded away.


def render(report: Report) -> str:
    """The whole report, with a line break at its end."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    how = "reading and writing" if report.wrote else "reading only"
    yield f"# {report.title}: the spec and a live account"
    yield ""
    yield (
        f"crossbook {version('crossbook')}, vendor `{report.vendor}`, API version {report.version}, {how}, "
        f"{sum(report.calls.values())} requests."
    )
    yield "Nothing here is a value of the account: of texts and numbers there is the shape, `9` a digit, `a` a letter."
    if report.stopped:
        yield f"**It ended early** ({report.stopped}): what it did not come to is not seen."
    if report.removed:
        yield f"An earlier run had left {report.removed} made-up contacts and groups: they were removed."
    if report.leftovers:
        yield f"**{len(report.leftovers)} made-up contacts or groups could not be removed**; the command said which."
    yield ""
    yield from _table(
        ["", *LEVELS, "all"],
        [
            [verdict, *(str(sum(each.evidence == level for each in found)) for level in LEVELS), str(len(found))]
            for verdict in VERDICTS
            for found in [report.of(verdict)]
        ],
    )
    yield from _section("Refuted", [_refuted(finding) for finding in report.refuted])
    if report.unknown:
        yield from ("", "## Keys that the spec does not have", "")
        rows = [[f"`{key.path}`", ", ".join(key.kinds), _code(key.sample), str(key.seen)] for key in report.unknown]
        yield from _table(["key", "is", "for instance", "seen"], rows)
    yield from _section("Error codes that the spec does not have", [f"- {code}" for code in report.codes])
    yield from _section("Trouble on the way", [f"- {trouble}" for trouble in report.troubles])
    for verdict in ("confirmed", "not seen"):
        yield from ("", f"## {verdict.capitalize()}")
        for level in LEVELS:
            found = [each for each in report.of(verdict) if each.evidence == level]
            yield from _folded(f"{level}: {len(found)}", [_plain(alike) for alike in _grouped(found)])


def _refuted(finding: Finding) -> str:
    came = "; ".join(finding.came)
    where = ", ".join(f"`{operation}`" for operation in finding.where)
    note = f" {finding.note}" if finding.note else ""
    return (
        f"- {finding.claim} (`{finding.id}`, {finding.evidence}).{note}\n"
        f"  {finding.wrong} of {finding.seen} times it was not, in {where}{f'. Came: {came}' if came else ''}."
    )


def _grouped(findings: Sequence[Finding]) -> Iterable[list[Finding]]:
    """What is said of one thing, in one line: a field is there, is text, keeps its bounds."""
    groups: dict[tuple[str, int], list[Finding]] = {}
    for number, finding in enumerate(findings):
        subject = finding.id.rpartition(".")[0]
        plain = finding.claim.startswith(f"`{subject}` ")
        groups.setdefault((subject, -1 if plain else number), []).append(finding)
    return groups.values()


def _plain(alike: Sequence[Finding]) -> str:
    subject = f"`{alike[0].id.rpartition('.')[0]}` "
    others = [finding.claim.removeprefix(subject) for finding in alike[1:]]
    forms = [f"{kind} {times}" for finding in alike for kind, times in finding.forms.items()]
    times = max(finding.seen for finding in alike)
    seen = f" ({times} seen{': ' + ', '.join(forms) if len(forms) > 1 else ''})" if times else ""
    notes = dict.fromkeys(finding.note for finding in alike if finding.note and not times)
    return f"- {', '.join([alike[0].claim, *others])}{seen}{'. ' + ' '.join(notes) if notes else ''}"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {title}", "", *lines)


def _folded(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"<details><summary>{title}</summary>", "", *lines, "", "</details>")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
