"""Clients that generators of others make from the specs, with one interface: call an operation by its id.

`StockClient` is a whole client of openapi-python-client with its own templates. `PydanticClient` sends with httpx what
the models of datamodel-code-generator give, and reads the responses with them. Neither knows our extensions.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import types
import typing
from pathlib import Path
from typing import Any

import httpx
import openapi_python_client
from datamodel_code_generator.__main__ import main as generate_models
from document import Node, Operation, load, resolve, schema_name
from openapi_python_client.config import Config, ConfigFile, MetaType

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class StockClient:
    """The client of openapi-python-client, without our templates."""

    def __init__(self, spec: Path, folder: Path, base_url: str, headers: Node) -> None:
        self._package = f"stock_{spec.stem}"
        # It imports too little for a body of two content types, and sends both. So the form is made unknown to it.
        settings = ConfigFile(post_hooks=[], content_type_overrides={FORM: "application/unknown"})
        output = folder / self._package
        config = Config.from_sources(settings, MetaType.NONE, spec, "utf-8", overwrite=False, output_path=output)
        complaints = openapi_python_client.generate(config=config)
        assert {each.detail for each in complaints} <= {"Unsupported content type application/unknown"}, complaints
        client = _import(folder, f"{self._package}.client").Client
        self._client = client(base_url=base_url, headers=headers, timeout=httpx.Timeout(60))
        self.http: httpx.Client = self._client.get_httpx_client()

    def call(self, operation: Operation, arguments: Node) -> Any:
        """Send a request, with the parameters by name and the body under `body`; return the body that was read."""
        names = openapi_python_client.strings
        tag, name = (names.PythonIdentifier(each, "x") for each in (operation.tag, operation.id))
        function = importlib.import_module(f"{self._package}.api.{tag}.{name}").sync_detailed
        hints = typing.get_type_hints(function)
        keywords = {names.PythonIdentifier(key, "x"): value for key, value in arguments.items()}
        assert keywords.keys() <= inspect.signature(function).parameters.keys(), keywords
        response = function(client=self._client, **{key: _build(hints[key], value) for key, value in keywords.items()})
        assert response.status_code == 200, (operation.id, response.content)
        return response.parsed.to_dict()


class PydanticClient:
    """The models of datamodel-code-generator, sent and read with httpx."""

    def __init__(self, spec: Path, folder: Path, base_url: str, headers: Node) -> None:
        name = f"models_{spec.stem}"
        arguments = ["--input", str(spec), "--output", str(folder / f"{name}.py"), "--input-file-type", "openapi"]
        arguments += ["--output-model-type", "pydantic_v2.BaseModel", "--use-annotated", "--formatters", "builtin"]
        assert generate_models([*arguments, "--target-python-version", "3.11"]) == 0
        self._models = _import(folder, name)
        self._spec = load(spec)
        self.http = httpx.Client(base_url=base_url, headers=headers, timeout=60)

    def call(self, operation: Operation, arguments: Node) -> Any:
        """Send a request, with the parameters by name and the body under `body`; return the body that was read."""
        request: Node = {}
        if "body" in arguments:
            sent = self._model(operation.node["requestBody"]).model_validate(arguments["body"])
            content = sent.model_dump_json(by_alias=True, exclude_unset=True)
            request = {"content": content, "headers": {"Content-Type": JSON}}
        named = [each["name"] for each in operation.parameters if each["in"] == "query" and each["name"] in arguments]
        request["params"] = {name: arguments[name] for name in named}
        response = self.http.request(operation.method.upper(), operation.path.format(**arguments), **request)
        assert response.status_code == 200, (operation.id, response.content)
        read = self._model(operation.node["responses"]["200"]).model_validate_json(response.content)
        return read.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def _model(self, node: Node) -> Any:
        return getattr(self._models, schema_name(resolve(self._spec, node)["content"][JSON]["schema"]) or "")


def _import(folder: Path, name: str) -> types.ModuleType:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module(name)


def _build(hint: Any, value: Any) -> Any:
    """Return a value as a type of the stock client: a model for an object, a list of models for a list."""
    choices = [hint] if typing.get_origin(hint) is list else [*typing.get_args(hint), hint]
    for choice in choices:
        if isinstance(value, list) and typing.get_origin(choice) is list:
            return [_build(typing.get_args(choice)[0], each) for each in value]
        if isinstance(value, dict) and hasattr(choice, "from_dict"):
            try:
                return choice.from_dict(value)
            except (KeyError, TypeError):
                continue  # the model of another member of the choice
    return value
