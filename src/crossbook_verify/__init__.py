"""Check what the specs claim about the vendors' responses against a live account (extra `cli`).

Many claims were never checked on a live account. `verify` only reads, unless it is allowed to write. It returns a
`Report`: each claim is confirmed, refuted or not seen. The report also lists every key that is not in the spec. It
contains no value of the account.

Example:
    ```python
    import crossbook
    import crossbook_verify


    async def check() -> None:
        async with crossbook.open("vercom") as book:
            report = await crossbook_verify.verify(book)
        print(report)
        for finding in report.refuted:
            print(finding.id, finding.observed)
    ```
"""

from __future__ import annotations

from crossbook_verify.report import Finding, Leftover, Report, UnknownKey, Verdict
from crossbook_verify.run import max_requests, verify

__all__ = ["Finding", "Leftover", "Report", "UnknownKey", "Verdict", "max_requests", "verify"]
