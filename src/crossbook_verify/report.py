"""The report of a verification, as plain data and as Markdown. It contains no value of the account."""

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
    """A claim of the spec and its verdict: confirmed, refuted or not seen.

    Args:
        id: the name of the claim: `listContacts.404`, `Contact.id.type`, `code.1004`, `listContacts.end`.
        claim: the claim in words.
        evidence: how certain the spec is: `inferred`, `public` or `documented`; `note` names the source.
        verdict: `confirmed` (checked and right), `refuted` (checked and wrong), `not seen` (never checked).
        seen: how often the claim was checked.
        wrong: how often the claim was wrong.
        observed: what the responses had instead, masked.
        where: the operations in which the claim was checked, or of a refuted claim, in which it was wrong.
        kinds: for a field, how often each kind of value was seen, such as text and null.
    """

    id: str
    claim: str
    evidence: Evidence
    verdict: Verdict
    note: str = ""
    seen: int = 0
    wrong: int = 0
    observed: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownKey:
    """A key of a response that the spec does not have: its path, the kinds of its values, a masked value, a count."""

    path: str
    kinds: tuple[str, ...]
    sample: str
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A contact or group that the verification created and could not delete, and how to delete it."""

    kind: Literal["contact", "group"]
    id: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of a verification; `str` gives it as Markdown.

    Args:
        vendor: the vendor of the spec.
        title: the title of the spec.
        version: the version of the vendor's API.
        wrote: whether the verification was allowed to write.
        findings: every claim: refuted claims first, and in each verdict the least certain claims first.
        unknown: keys of responses that the spec does not have.
        codes: error codes that the spec does not have, each with its operation and its status.
        troubles: errors that say nothing about a claim: time-outs, 429, 503.
        calls: the number of requests by operation.
        stopped: why the verification ended early; empty if it did not.
        removed: how many leftovers of an earlier run were deleted.
        leftovers: what this run could not delete.
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

    def select_findings(self, verdict: Verdict) -> list[Finding]:
        """Return the findings with this verdict, the least certain claims first."""
        return [finding for finding in self.findings if finding.verdict == verdict]

    @property
    def refuted(self) -> list[Finding]:
        """The findings of refuted claims, the least certain claims first."""
        return self.select_findings("refuted")

    def as_json(self) -> dict[str, Any]:
        """Return the report as a dictionary for JSON, with the number of findings by verdict."""
        counts = {verdict: len(self.select_findings(verdict)) for verdict in VERDICTS}
        return {**msgspec.to_builtins(self), "counts": counts}

    def __str__(self) -> str:
        return render(self)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by verdict, refuted first; then by evidence, the least certain first; else keep the order."""
    return tuple(sorted(findings, key=lambda each: (VERDICTS.index(each.verdict), LEVELS.index(each.evidence))))


def render(report: Report) -> str:
    """Return the report as Markdown for an issue: refuted claims first, the others folded."""
    return "\n".join(_render_lines(report)) + "\n"


def _render_lines(report: Report) -> Iterator[str]:
    how = "reading and writing" if report.wrote else "reading only"
    yield f"# {report.title}: the spec and a live account"
    yield ""
    yield (
        f"crossbook {version('crossbook')}, vendor `{report.vendor}`, API version {report.version}, {how}, "
        f"{sum(report.calls.values())} requests."
    )
    yield "The report shows no value of the account, only the shapes of texts and numbers: `9` a digit, `a` a letter."
    if report.stopped:
        yield f"**It ended early** ({report.stopped}): claims that were not reached are not seen."
    if report.removed:
        yield f"An earlier run had left {report.removed} test contacts and groups: they were deleted."
    if report.leftovers:
        yield f"**{len(report.leftovers)} test contacts or groups could not be deleted**; the command printed them."
    yield ""
    yield from _render_table(
        ["", *LEVELS, "all"],
        [
            [verdict, *(str(sum(each.evidence == level for each in found)) for level in LEVELS), str(len(found))]
            for verdict in VERDICTS
            for found in [report.select_findings(verdict)]
        ],
    )
    yield from _render_section("Refuted", [_format_refuted(finding) for finding in report.refuted])
    if report.unknown:
        yield from ("", "## Keys that the spec does not have", "")
        rows = [
            [f"`{key.path}`", ", ".join(key.kinds), f"`{key.sample}`" if key.sample else "", str(key.seen)]
            for key in report.unknown
        ]
        yield from _render_table(["key", "kinds", "example", "seen"], rows)
    yield from _render_section("Error codes that the spec does not have", [f"- {code}" for code in report.codes])
    yield from _render_section("Other errors", [f"- {trouble}" for trouble in report.troubles])
    for verdict in ("confirmed", "not seen"):
        yield from ("", f"## {verdict.capitalize()}")
        for level in LEVELS:
            found = [each for each in report.select_findings(verdict) if each.evidence == level]
            yield from _render_folded(
                f"{level}: {len(found)}", [_format_group(group) for group in _group_by_subject(found)]
            )


def _format_refuted(finding: Finding) -> str:
    observed = "; ".join(finding.observed)
    where = ", ".join(f"`{operation}`" for operation in finding.where)
    note = f" {finding.note}" if finding.note else ""
    return (
        f"- {finding.claim} (`{finding.id}`, {finding.evidence}).{note}\n"
        f"  Wrong {finding.wrong} of {finding.seen} times, in {where}{f'. Observed: {observed}' if observed else ''}."
    )


def _group_by_subject(findings: Sequence[Finding]) -> Iterable[list[Finding]]:
    """Group the findings about the same field, because the report shows them in one line."""
    groups: dict[tuple[str, int], list[Finding]] = {}
    for number, finding in enumerate(findings):
        subject = finding.id.rpartition(".")[0]
        has_subject = finding.claim.startswith(f"`{subject}` ")
        groups.setdefault((subject, -1 if has_subject else number), []).append(finding)
    return groups.values()


def _format_group(group: Sequence[Finding]) -> str:
    subject = f"`{group[0].id.rpartition('.')[0]}` "
    others = [finding.claim.removeprefix(subject) for finding in group[1:]]
    kinds = [f"{kind} {times}" for finding in group for kind, times in finding.kinds.items()]
    times = max(finding.seen for finding in group)
    seen = f" ({times} seen{': ' + ', '.join(kinds) if len(kinds) > 1 else ''})" if times else ""
    notes = dict.fromkeys(finding.note for finding in group if finding.note and not times)
    return f"- {', '.join([group[0].claim, *others])}{seen}{'. ' + ' '.join(notes) if notes else ''}"


def _render_section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {title}", "", *lines)


def _render_folded(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"<details><summary>{title}</summary>", "", *lines, "", "</details>")


def _render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"
