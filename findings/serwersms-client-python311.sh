#!/usr/bin/env bash
# Guess:  `pip install serwersmsv2api`, SerwerSMS' own client, installs the release that its page describes, or refuses an old Python.
# Fact:   2.0.0 wants Python 3.12, so Python 3.11 silently gets 0.0.2: no SerwerSMSException (the page's first example imports it) and no time-outs.
# With:   serwersmsv2api 0.0.2 and 2.0.0, pip 26.3 asked for Python 3.11 and 3.12. Seen on 2026-11-30.
# Met by: whoever develops with Python 3.12 and deploys on 3.11. Ask for serwersmsv2api==2.0.0: then pip refuses.
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
for python in 3.11 3.12; do
    pip download -qq --no-deps --python-version $python --dest $python serwersmsv2api
    python -m zipfile -e $python/*.whl $python
    echo "Python $python gets $(basename $python/*.whl), whose __init__.py is:"
    sed 's/^/    /' $python/serwersms/__init__.py
done
[ -e 3.11/serwersmsv2api-0.0.2-py3-none-any.whl ] && [ -e 3.12/serwersmsv2api-2.0.0-py3-none-any.whl ]
! grep -q SerwerSMSException 3.11/serwersms/__init__.py
grep -q SerwerSMSException 3.12/serwersms/__init__.py
