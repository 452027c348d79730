#!/usr/bin/env bash
# Guess:  openapi-python-client reads "a phone or an address is required" (anyOf with only `required`) as a model with both fields, or refuses it.
# Fact:   it writes no class for the model, without a warning, and the operation's 200 is read as None.
# With:   openapi-python-client 0.29.1, ruff 0.17.6. Seen on 2026-11-30.
# Met by: whoever writes a contact's rule into a vendor's spec. Without the two anyOf lines the model is there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check openapi-python-client==0.29.1 ruff==0.17.6
echo "$(python --version), openapi-python-client==0.29.1 ruff==0.17.6"
generate() {
    cat >spec.yaml
    openapi-python-client generate --path spec.yaml --meta none --output-path "$1"
    echo "$1: models $(find "$1/models" -name '[a-z]*.py' -printf '%f '); a 200 becomes:"
    grep -A 2 'status_code == 200' "$1/api/default/get_contact.py"
}
spec() {
    cat <<YAML
openapi: 3.1.0
info: {title: Contacts, version: "1"}
paths:
  /contact:
    get:
      operationId: getContact
      responses: {"200": {description: found, content: {application/json: {schema: {\$ref: "#/components/schemas/Contact"}}}}}
components:
  schemas:
    Contact:
      type: object
      properties: {phone: {type: string}, email: {type: string}}
      $1
YAML
}
spec "" | generate plain_client
spec "anyOf: [{required: [phone]}, {required: [email]}]" | generate any_of_client
[ -e plain_client/models/contact.py ] && [ ! -e any_of_client/models/contact.py ]
grep -A 1 'status_code == 200' any_of_client/api/default/get_contact.py | grep -q 'return None'
