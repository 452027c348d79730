"""The contact APIs of SerwerSMS, Atom Telecom, Filemail and Vercom as a local server, to develop and test against.

Example:
    ```python
    with crossbook_sandbox.running() as sandbox:
        print(sandbox.base_urls["vercom"], sandbox.credentials["vercom"])
    ```
"""

from __future__ import annotations

from .app import create_app
from .options import Options
from .process import Running, running
from .store import Store

__all__ = ["Options", "Running", "Store", "create_app", "running"]
