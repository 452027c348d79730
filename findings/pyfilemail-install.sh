#!/usr/bin/env bash
# Guess:  pyfilemail, the Python client that Filemail's users find first, installs on a current Python, since its page names no version.
# Fact:   its only release imports itself while it is built, and a docstring with \U is a SyntaxError on every Python 3.
# With:   pyfilemail 0.5.1. Seen on 2026-11-30.
# Met by: whoever looks for a Python client of Filemail.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check pip==26.3
echo "$(python --version), pip==26.3"
if pip install --quiet pyfilemail==0.5.1 >install.log 2>&1; then
    echo "pyfilemail 0.5.1 installs now"
    exit 1
fi
grep -m 2 -e pyfilemail/__init__.py -e SyntaxError install.log
grep -q unicodeescape install.log
