"""Render a vendor's package from one spec, with the pinned openapi-python-client and the templates next to this file.

Only the generator's parser and template environment are used: it parses the document and chooses the Python names. Its
own templates make a module for each operation and model, with an HTTP client and dict conversions. Ours make a class
for each tag over a `send` callable, and plain attrs classes.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from describe import class_doc, description, operation_doc, paragraphs
from document import ALTERNATIVES, Node, Operation, SpecError, field_names, operations, spellings
from jinja2 import StrictUndefined
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.properties import LiteralEnumProperty, ModelProperty, Property
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.strings import ClassName, PythonIdentifier, safe_for_docstring
from relax import received_schemas, relax, response_bodies

PREFIX = "field_"  # the generator's prefix for a name that is not an identifier


def render(vendor: str, spec: Node, templates: Path) -> dict[str, str]:
    """Return the package of a vendor (file name → text), not formatted yet.

    Raises `SpecError` if the generator warns, or if two operations would become one method.
    """
    settings = ConfigFile(literal_enums=True, field_prefix=PREFIX)
    config = Config.from_sources(
        settings, MetaType.NONE, Path(vendor), "utf-8", overwrite=False, output_path=Path(vendor)
    )
    parsed = GeneratorData.from_dict(relax(spec), config=config)
    if isinstance(parsed, GeneratorError):
        raise SpecError(f"openapi-python-client refuses the spec: {parsed.header} {parsed.detail}")
    warnings = parsed.errors + [e for tag in parsed.endpoint_collections_by_tag.values() for e in tag.parse_errors]
    if warnings:
        raise SpecError(
            "openapi-python-client warns: " + "; ".join(f"{each.header} {each.detail}" for each in warnings)
        )

    environment = Project(openapi=parsed, config=config, custom_template_path=templates).env
    environment.undefined = StrictUndefined
    context: dict[str, Any] = {
        **{
            function.__name__: function for function in (annotation, received_annotation, field_name, fields, docstring)
        },
        "vendor": vendor,
        "methods": _methods(spec),
        "models": sorted((m for m in parsed.models if not _is_dict(m)), key=lambda model: model.class_info.name),
        "tag_docs": {PythonIdentifier(tag["name"], "tag"): paragraphs(tag["description"]) for tag in spec["tags"]},
        "received": {ClassName(name, PREFIX) for name in received_schemas(spec)},
        "wire_names": partial(_wire_names, spec),
        "other_spellings": partial(_other_spellings, spec),
        "response_bodies": partial(response_bodies, spec),
        "operation_doc": partial(operation_doc, spec),
        "model_doc": partial(_model_doc, spec),
        "field_doc": partial(_field_doc, spec),
    }
    names = ("__init__", "api", "models")
    return {f"{name}.py": environment.get_template(f"{name}.py.jinja").render(context) for name in names}


def annotation(prop: Property, models: str = "") -> str:
    """Return the type of a property for msgspec. `models` is the prefix of a model's name."""
    if isinstance(prop, UnionProperty):
        return " | ".join(dict.fromkeys(annotation(each, models) for each in _typed(prop.inner_properties)))
    if isinstance(prop, ListProperty):
        return f"list[{annotation(_typed([prop.inner_property])[0], models)}]"
    if isinstance(prop, LiteralEnumProperty):
        return f"Literal[{', '.join(repr(value) for value in sorted(prop.values, key=str))}]"
    if isinstance(prop, ModelProperty):
        return "dict[str, Any]" if _is_dict(prop) else f"{models}{prop.class_info.name}"
    return prop.get_type_string(no_optional=True).as_unembedded_code()


def received_annotation(prop: Property, models: str = "") -> str:
    """Return the type of a received property: the spec's type for a type checker, a tolerant type for msgspec."""
    text = annotation(prop, models)
    return text if text == "Any" else f"Received[{text}]"


def field_name(prop: Property) -> str:
    """Return the name of a field, which `relax` gave to the property."""
    return prop.name.get_untrusted_value()


def fields(model: ModelProperty) -> list[Property]:
    """Return the properties of a model in the order of the spec."""
    order = [name.get_untrusted_value() for name in model.data.properties or {}]
    properties = [*(model.required_properties or []), *(model.optional_properties or [])]
    return sorted(properties, key=lambda prop: order.index(field_name(prop)))


def docstring(text: str) -> str:
    """Return a quoted docstring. The text of a spec must not be able to end it and continue as code."""
    safe = safe_for_docstring(text)
    return f'"""{safe}\n"""' if "\n" in safe or safe.endswith('"') else f'"""{safe}"""'


def _typed(properties: Any) -> list[Property]:
    # The generator declares the members of a union or a list by a protocol. Property is the union of its classes.
    return list(properties)


def _is_dict(model: ModelProperty) -> bool:
    return not model.data.properties and model.data.additionalProperties is not False


def _methods(spec: Node) -> dict[str, Operation]:
    """Return the spec's operations by the names of the generated methods."""
    methods: dict[str, Operation] = {}
    for operation in operations(spec):
        name = PythonIdentifier(operation.id, PREFIX)
        if name in methods:
            raise SpecError(f"{methods[name]} and {operation} become the same method {name}; rename one operationId")
        methods[name] = operation
    return methods


def _wire_names(spec: Node, name: str) -> dict[str, str]:
    """Return the names in JSON of a model's fields by their names in Python."""
    return {python: wire for wire, python in field_names(spec, _schema(spec, name)).items()}


def _other_spellings(spec: Node, name: str) -> dict[str, list[str]]:
    """Return the fields of a model that the vendor spells in several ways, each with its other spellings."""
    schema = _schema(spec, name)
    names = field_names(spec, schema)
    spelled = {key: each.get(ALTERNATIVES, ()) for key, each in schema.get("properties", {}).items()}
    return {names[key]: [names[other] for other in others] for key, others in spelled.items() if others}


def _model_doc(spec: Node, name: str) -> str:
    return class_doc(_schema(spec, name))


def _field_doc(spec: Node, name: str, field: str) -> str:
    return paragraphs(description(spec, spellings(_schema(spec, name))[field]), 90)


def _schema(spec: Node, name: str) -> Node:
    """Return the schema in the strict spec from which a class was generated."""
    schemas: Node = spec["components"]["schemas"]
    return next(schema for key, schema in schemas.items() if ClassName(key, PREFIX) == name)
