"""The contact APIs of SerwerSMS, Atom Telecom, Filemail and Vercom as a local server, to develop and test against.

Example:
    ```python
    with crossbook_sandbox.running() as sandbox:
        print(sandbox.base_urls["vercom"], sandbox.credentials["vercom"])
    ```
"""

from __future__ import annotations

try:
    from .app import create_app
except ModuleNotFoundError as error:
    message = f"crossbook_sandbox needs {error.name}: pip install 'crossbook[sandbox]'"
    raise ModuleNotFoundError(message, name=error.name) from None
from .options import Options
from .process import Running, running
from .store import Store

__all__ = ["Options", "Running", "Store", "create_app", "running"]
