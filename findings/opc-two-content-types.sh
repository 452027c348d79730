#!/usr/bin/env bash
# Guess:  openapi-python-client generates a module that can be imported for an operation that takes its body as JSON or as a form.
# Fact:   if the body is required, the signature says `Unset` without importing it: NameError at import. The generator exits with 0.
# With:   openapi-python-client 0.29.1, ruff 0.17.6. Seen on 2026-11-30.
# Met by: whoever generates a client for a vendor that documents both, as PHP services do.
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
cat >spec.yaml <<'YAML'
openapi: 3.1.0
info: {title: Contacts, version: "1"}
paths:
  /contacts:
    post:
      operationId: createContact
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: "#/components/schemas/Contact"}}
          application/x-www-form-urlencoded: {schema: {$ref: "#/components/schemas/Contact"}}
      responses: {"201": {description: created}}
components:
  schemas:
    Contact: {type: object, properties: {phone: {type: string}, email: {type: string}}}
YAML
openapi-python-client generate --path spec.yaml --meta none --output-path contacts_client
echo "exit code of the generator: $?"
python - <<'PYTHON'
try:
    import contacts_client.api.default.create_contact
except NameError as error:
    print("import:", repr(error))
else:
    raise SystemExit("the module can be imported now")
PYTHON
