#!/usr/bin/env bash
# Guess:  the npm package vcf writes a property that it does not know under the name that it read.
# Fact:   it reads X-ABLabel as xAbLabel and writes X-AB-LABEL, so the label that Apple's Contacts gave an address is lost. Texts keep their
#         backslashes when read: the value of NOTE:x\, y is "x\\, y".
# With:   vcf 2.1.2. Seen on 2026-11-30.
# Met by: whoever edits an iPhone's contacts in a Node.js service and sends them back.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
npm install --silent --no-audit --no-fund --prefix "$work" vcf@2.1.2
echo "Node.js $(node --version), vcf@2.1.2"
cat >card.cjs <<'NODE'
const Card = require("vcf");
const text = ["BEGIN:VCARD", "VERSION:3.0", "FN:Anna", "N:;Anna;;;", "item1.EMAIL:anna@example.com", "item1.X-ABLabel:invoices", "NOTE:x\\, y", "END:VCARD", ""];
const card = new Card().parse(text.join("\r\n"));
const note = card.get("note").valueOf();
console.log("read:\n" + text.join("\n") + "\nwritten:\n" + card.toString() + "\nvalue of NOTE:", note);
process.exit(card.toString().includes("item1.X-AB-LABEL:invoices") && note === "x\\, y" ? 0 : 1);
NODE
node card.cjs
