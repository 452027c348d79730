#!/usr/bin/env bash
# Guess:  Redocly CLI accepts an example that fits its schema by JSON Schema 2020-12, also one with if, then and else.
# Fact:   it closes each subschema that has properties with unevaluatedProperties: false before it checks, so a `then` with properties must name
#         every property of the example. openapi-schema-validator finds no fault in the same example.
# With:   @redocly/cli 2.77.0, openapi-schema-validator 0.9.0. Seen on 2026-11-30.
# Met by: whoever describes "an SMS contact needs a phone, an e-mail contact an address" in a vendor's spec with examples.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1,localhost
npm install --silent --no-audit --no-fund --prefix "$work" @redocly/cli@2.77.0
echo "Node.js $(node --version), @redocly/cli@2.77.0"
"${PYTHON:-python3}" -m venv venv
PATH=$work/venv/bin:$PATH
pip install -qq --disable-pip-version-check openapi-schema-validator==0.9.0
echo "$(python --version), openapi-schema-validator==0.9.0"
cat >spec.json <<'JSON'
{"openapi": "3.1.0", "info": {"title": "Contacts", "version": "1"}, "paths": {"/contacts": {"post": {
  "requestBody": {"content": {"application/json": {
    "example": {"channel": "sms", "phone": "+48500600700"},
    "schema": {
      "type": "object",
      "required": ["channel"],
      "properties": {"channel": {"enum": ["sms", "email"]}, "phone": {"type": "string"}, "email": {"type": "string"}},
      "if": {"properties": {"channel": {"const": "sms"}}},
      "then": {"properties": {"phone": {"minLength": 5}}, "required": ["phone"]},
      "else": {"properties": {"email": {"minLength": 5}}, "required": ["email"]}}}}},
  "responses": {"201": {"description": "created"}}}}}}
JSON
python - <<'PYTHON'
import json

from openapi_schema_validator import OAS31Validator

body = json.load(open("spec.json"))["paths"]["/contacts"]["post"]["requestBody"]["content"]["application/json"]
print("errors of openapi-schema-validator:", list(OAS31Validator(body["schema"]).iter_errors(body["example"])))
PYTHON
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true node node_modules/.bin/redocly lint --format=json spec.json >report.json 2>/dev/null || true
python - <<'PYTHON'
import json

messages = [problem["message"] for problem in json.load(open("report.json"))["problems"] if "xample" in problem["ruleId"]]
print("of Redocly:", *messages, sep="\n  ")
assert any("must NOT have unevaluated properties `channel`" in message for message in messages)
PYTHON
