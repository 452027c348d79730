"""`python -m crossbook`: the command, if its script is not on the path."""

from __future__ import annotations

from crossbook_cli import main

if __name__ == "__main__":
    main()
