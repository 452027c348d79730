# Sourced by the scripts beside it: a temporary folder to work in, removed at exit, and a way to install pinned packages there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost

# with_python NAME==VERSION…: from here on, `python` is an interpreter that has these packages. PYTHON chooses which Python.
with_python() {
    "${PYTHON:-python3}" -m venv venv
    PATH=$work/venv/bin:$PATH
    pip install -qq --disable-pip-version-check "$@"
    echo "$(python --version), $*"
}

# with_node NAME@VERSION…: from here on, `node` finds these packages.
with_node() {
    npm install --silent --no-audit --no-fund --prefix "$work" "$@"
    echo "Node.js $(node --version), $*"
}
