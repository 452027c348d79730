"""Hooks of schemathesis for vendors that return errors with status 200: the login, and the error in the body."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import schemathesis
import yaml

VENDOR = os.environ["SANDBOX_VENDOR"]
SPEC = yaml.safe_load((Path(__file__).resolve().parents[2] / "specs" / f"{VENDOR}.yaml").read_text(encoding="utf-8"))


@schemathesis.auth(refresh_interval=None)
class LoginAuth:
    """Get Filemail's token by its login. The keys of the other vendors are headers of the command line."""

    def get(self, case: Any, context: Any) -> str:
        if VENDOR != "filemail":
            return ""
        parameters = {
            "username": os.environ["CROSSBOOK_FILEMAIL_USERNAME"],
            "password": os.environ["CROSSBOOK_FILEMAIL_PASSWORD"],
            "source": "Web",
        }
        url = os.environ["CROSSBOOK_FILEMAIL_BASE_URL"] + "/api/authentication/login"
        return str(httpx.get(url, params=parameters, timeout=60).json()["logintoken"])

    def set(self, case: Any, data: str, context: Any) -> None:
        if VENDOR == "filemail" and case.operation.path.startswith("/api/contacts"):
            key = os.environ["CROSSBOOK_FILEMAIL_API_KEY"]
            case.query = {**(case.query or {}), "logintoken": data, "apikey": key}


@schemathesis.check
def bad_data_is_refused(ctx: Any, response: Any, case: Any) -> None:
    """Check that an invalid body or a missing required parameter gives the vendor's error.

    It replaces `negative_data_rejection`, which checks statuses only. Wrong credentials and unknown members are not
    counted as invalid.
    """
    if response.status_code >= 400 or not (_is_bad_body(response.request) or _is_missing_parameter(case)):
        return
    body = response.json()
    refused = {
        "serwersms": "error" in body or bool(body.get("failed")),  # an import counts the refused rows
        "filemail": "errorcode" in body,
        "atom": body.get("status") != "success",
        "vercom": "errors" in body,  # 207: the other items were accepted
    }
    if not refused[VENDOR]:
        raise AssertionError("bad data was accepted")


def _is_bad_body(request: Any) -> bool:
    """Return whether a JSON body breaks its schema in a way that the vendor does not ignore."""
    if not request.headers.get("Content-Type", "").startswith("application/json") or not request.body:
        return False
    path = next(
        (path for path in SPEC["paths"] if request.url.partition("?")[0].endswith(path) and "{" not in path), None
    )
    operation = SPEC["paths"].get(path, {}).get(request.method.lower(), {})
    if "requestBody" not in operation:
        return False
    try:
        body = json.loads(request.body)
    except ValueError:
        return True
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator({**schema, "components": SPEC["components"]})
    return any(not _is_ignored(error) for error in validator.iter_errors(body))


def _is_ignored(error: Any) -> bool:
    credentials = {"username", "password"}
    return (
        error.validator == "additionalProperties"
        or error.instance == ""  # PHP treats an empty text as missing
        or (VENDOR == "serwersms" and error.instance in (None, []))  # null is not sent, and a form has no empty array
        or (error.validator == "required" and any(f"'{name}'" in error.message for name in credentials))
        or bool(credentials & set(map(str, error.absolute_path)))
    )


def _is_missing_parameter(case: Any) -> bool:
    required = {parameter.name for parameter in case.operation.query if parameter.is_required}
    return VENDOR == "filemail" and bool(required - {"logintoken"} - set(case.query or {})) and case.method == "GET"
