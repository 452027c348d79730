"""The report as Markdown, to be pasted into an issue: what differs first, what was as claimed folded away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from crossbook.verify.claims import LEVELS
from crossbook.verify.report import VERDICTS, Finding, Report


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
