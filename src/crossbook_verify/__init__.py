"""FieldSupport what the specs claim about the vendors' answers against a live account (extra `cli`).

Most of it was never tried on one. `verify` reads, and writes only where it may; what comes out is a `Report`: each
claim confirmed, refuted or not seen, and every key that no spec knows, with nothing in it that is the account's.

Example:
    ```python
    import crossbook
    import crossbook_verify


    async def look() -> None:
        async with crossbook.open("vercom") as book:
            report = await crossbook_verify.verify(book)
        print(report)
        for finding in report.refuted:
            print(finding.id, finding.came)
    ```
"""

from __future__ import annotations

from crossbook_verify.report import Finding, Leftover, Report, UnknownKey, Verdict
from crossbook_verify.run import planned, verify

__all__ = ["Finding", "Leftover", "Report", "UnknownKey", "Verdict", "planned", "verify"]
