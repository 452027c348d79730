"""Run the command line with `python -m crossbook`, for when the script `crossbook` is not on the PATH."""

from __future__ import annotations

from crossbook_cli import main

if __name__ == "__main__":
    main()
