#!/usr/bin/env bash
# Guess:  a card that a client PUTs is stored as sent, or the answer has no ETag: RFC 6352, section 6.3.2.3, forbids a strong ETag for a card
#         that the server changed, so that the client reads it again.
# Fact:   Radicale writes the card anew (other order, other spelling of types) and answers with a strong ETag of the new text.
# With:   Radicale 3.9.0, vobject 0.9.9. Seen on 2026-11-30.
# Met by: whoever syncs an address book over CardDAV and keeps the bytes that it sent under that ETag: every later comparison differs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check radicale==3.9.0 vobject==0.9.9
echo "$(python --version), radicale==3.9.0 vobject==0.9.9"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python -m radicale --config "" --server-hosts "127.0.0.1:$port" --auth-type none --storage-filesystem-folder "$work/storage" 2>server.log &
PORT=$port python - <<'PYTHON'
import http.client
import os
import socket
import time

for _ in range(100):
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["PORT"]))).close()
        break
    except OSError:
        time.sleep(0.1)
AUTH = {"Authorization": "Basic YW5uYTphbm5h"}  # auth-type none accepts any name: anna:anna
CARD = "\r\n".join(
    ["BEGIN:VCARD", "VERSION:3.0", "UID:1", "N:Kowalska;Anna;;;", "FN:Anna", "TEL;TYPE=CELL;TYPE=PREF:+48500600700", "END:VCARD", ""]
)
BOOK = (
    '<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype>'
    "<collection/><C:addressbook/></resourcetype></prop></set></mkcol>"
)


def call(method: str, path: str, body: str = "") -> tuple[int, str | None, str]:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]))
    connection.request(method, path, body, AUTH | {"Content-Type": "text/vcard"})
    response = connection.getresponse()
    return response.status, response.getheader("ETag"), response.read().decode()


print("MKCOL:", call("MKCOL", "/anna/book/", BOOK)[0])
status, etag, _ = call("PUT", "/anna/book/1.vcf", CARD)
_, etag_now, stored = call("GET", "/anna/book/1.vcf")
print(f"PUT: {status}, ETag {etag}\nsent:\n{CARD}\nstored, under ETag {etag_now}:\n{stored}")
assert status == 201 and etag == etag_now and etag.startswith('"') and stored != CARD
PYTHON
