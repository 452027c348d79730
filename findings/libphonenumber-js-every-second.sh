#!/usr/bin/env bash
# Guess:  parsePhoneNumberFromString() of libphonenumber-js is a pure function: the same text gives the same number.
# Fact:   for a tel: URI with phone-context, as in RFC 3966, each second call returns undefined: a RegExp keeps its place between calls.
# With:   libphonenumber-js 1.13.16. Seen on 2026-11-30.
# Met by: whoever reads the TEL;VALUE=uri lines of vCards 4.0 in JavaScript: every other contact has no phone, and a test with one contact passes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
npm install --silent --no-audit --no-fund --prefix "$work" libphonenumber-js@1.13.16
echo "Node.js $(node --version), libphonenumber-js@1.13.16"
cat >parse.cjs <<'NODE'
const { parsePhoneNumberFromString } = require("libphonenumber-js");
const numbers = [700, 701, 702, 703].map((end) => parsePhoneNumberFromString(`tel:500600${end};phone-context=+48`)?.number);
console.log(numbers);
process.exit(numbers.join() === "+48500600700,,+48500600702," ? 0 : 1);
NODE
node parse.cjs
