"""Each rule reports a small document that breaks it, with place and fix. The real specs have no findings."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from document import Node, load
from rules import FIRST, RULES, SPECS, check, main

SMALL = Path(__file__).with_name("small.yaml")

EVERY = [*(rule for group in FIRST for rule in group), *RULES]
Break = Callable[[Node], Any]
CREATE = "$.paths['/contact'].post"
NEW = "$.components.schemas.NewContact"
CONTACT = "$.components.schemas.Contact"
CONTACT_REF = "#/components/schemas/Contact"


def create(spec: Node) -> Node:
    operation: Node = spec["paths"]["/contact"]["post"]
    return operation


def schema(spec: Node, name: str) -> Node:
    found: Node = spec["components"]["schemas"][name]
    return found


def media(part: Node) -> Node:
    found: Node = part["content"]["application/json"]
    return found


def ok(spec: Node) -> Node:
    response: Node = create(spec)["responses"]["200"]
    return response


def twin(spec: Node, operation_id: str) -> None:
    """Add a second operation with this id under another path."""
    spec["paths"]["/twin"] = copy.deepcopy(spec["paths"]["/contact"])
    spec["paths"]["/twin"]["post"]["operationId"] = operation_id
    spec["info"]["x-operations"] = 2


def refer_to_file(spec: Node) -> None:
    media(ok(spec))["schema"] = {"$ref": "other.yaml#/Contact"}


def refer_to_path(spec: Node) -> None:
    spec["components"]["pathItems"] = {"Contact": spec["paths"]["/contact"]}
    spec["paths"]["/contact"] = {"$ref": "#/components/pathItems/Contact"}


def second_success(spec: Node) -> None:
    create(spec)["responses"]["202"] = copy.deepcopy(ok(spec))
    media(create(spec)["responses"]["202"])["schema"] = {"$ref": "#/components/schemas/Waiting"}
    spec["components"]["schemas"]["Waiting"] = copy.deepcopy(schema(spec, "Contact"))


def without_success(spec: Node) -> None:
    create(spec)["responses"]["400"] = create(spec)["responses"].pop("200")


def choice(spec: Node, name: str) -> None:
    """Turn a schema into a choice of two named ones."""
    spec["components"]["schemas"]["First"] = schema(spec, name)
    spec["components"]["schemas"]["Second"] = copy.deepcopy(schema(spec, name))
    members = [{"$ref": f"#/components/schemas/{each}"} for each in ("First", "Second")]
    spec["components"]["schemas"][name] = {"x-evidence": "documented", "oneOf": members}


def nameless_choice(spec: Node) -> None:
    choice(spec, "NewContact")
    schema(spec, "NewContact")["oneOf"].append({"type": "string"})


def constraint_with_typo(spec: Node) -> None:
    schema(spec, "NewContact")["if"] = {"anyOf": [{"required": ["name"]}, {"required": ["nmae"]}]}


def both_ways(spec: Node) -> None:
    media(ok(spec)).update(schema={"$ref": "#/components/schemas/NewContact"}, example={"name": "Anna"})
    del spec["components"]["schemas"]["Contact"], schema(spec, "NewContact")["additionalProperties"]


def put(part: Callable[[Node], Node], **values: Any) -> Break:
    return lambda spec: part(spec).update(values)


def drop(part: Callable[[Node], Node], key: str) -> Break:
    return lambda spec: part(spec).pop(key)


def new(spec: Node) -> Node:
    return schema(spec, "NewContact")


def name_of_new(spec: Node) -> Node:
    found: Node = new(spec)["properties"]["name"]
    return found


def contact(spec: Node) -> Node:
    return schema(spec, "Contact")


def id_of_contact(spec: Node) -> Node:
    found: Node = contact(spec)["properties"]["id"]
    return found


def also_written(name: str) -> Node:
    return {"x-alternative-names": [name]}


def parameter(spec: Node) -> Node:
    found: Node = create(spec)["parameters"][0]
    return found


def body(spec: Node) -> Node:
    found: Node = create(spec)["requestBody"]
    return found


def component(kind: str, called: str, **values: Any) -> Callable[[Node], None]:
    return lambda spec: spec["components"].setdefault(kind, {}).update({called: values})


def webhook(**values: Any) -> Break:
    post = {"responses": {"200": {"description": "Received."}}, **values}
    return lambda spec: spec.update(webhooks={"event": {"post": post}})


def both(*breaks: Break) -> Break:
    return lambda spec: [each(spec) for each in breaks]


OBJECT: Node = {"type": "object", "additionalProperties": True}
FLAG = component("schemas", "Flag", type="boolean", default=True, examples=[True], **{"x-evidence": "documented"})
A_FLAG: Node = {"$ref": "#/components/schemas/Flag"}
# rule → what breaks it, the place that is named, a word of the fix
BREACHES: dict[str, list[tuple[Break, str, str]]] = {
    "references_are_local": [
        (refer_to_file, f"{CREATE}.responses['200'].content['application/json'].schema", "copy"),
        (
            lambda spec: media(ok(spec)).update(schema={"$ref": "#/info"}),
            f"{CREATE}.responses['200'].content['application/json'].schema",
            "copy",
        ),
        (refer_to_path, "$.paths['/contact']", "write its operations out"),
        (drop(lambda spec: spec["components"]["schemas"], "Contact"), f"{CREATE}.responses", "add the component"),
    ],
    "keys_are_texts": [
        (lambda spec: create(spec)["responses"].update({404: ok(spec)}), f"{CREATE}.responses[404]", '"404" in quotes'),
    ],
    "openapi_is_valid": [
        (put(lambda spec: spec, openapi="3.0.3"), "$.openapi", "3.1.0"),
        (drop(ok, "description"), f"{CREATE}.responses['200']", "specification"),
        (put(create, sumary="Add"), f"{CREATE}.sumary", "correct the word"),
        (
            lambda spec: spec["paths"].update(contact=spec["paths"].pop("/contact")),
            "$.paths.contact",
            "begin it with /",
        ),
        (put(parameter, requird=True), f"{CREATE}.parameters[0].requird", "correct the word"),
        (put(lambda spec: spec, severs=[]), "$.severs", "correct the word"),
        (put(parameter, required="yes"), f"{CREATE}.parameters[0].required", "specification"),
        (put(create, tags="contacts"), f"{CREATE}.tags", "specification"),
        (put(lambda spec: spec["paths"]["/contact"], post=None), CREATE, "specification"),
        (put(lambda spec: spec, paths=[]), "$.paths", "specification"),
        (put(lambda spec: spec["components"], schemas=[]), "$.components.schemas", "specification"),
    ],
    "extensions_are_valid": [
        (put(name_of_new, **{"x-credental": True}), f"{NEW}.properties.name.x-credental", "write x-credential"),
        (put(name_of_new, **{"x-credential": None}), f"{NEW}.properties.name.x-credential", "correct"),
        (
            put(id_of_contact, **{"x-alternative-names": None}),
            f"{CONTACT}.properties.id.x-alternative-names",
            "correct",
        ),
        (
            put(id_of_contact, **{"x-alternative-names": "ID"}),
            f"{CONTACT}.properties.id.x-alternative-names",
            "correct",
        ),
        (put(id_of_contact, **{"x-alternative-names": [1]}), f"{CONTACT}.properties.id.x-alternative-names", "correct"),
        (put(id_of_contact, **{"x-python-name": 1}), f"{CONTACT}.properties.id.x-python-name", "correct"),
        (put(contact, **{"x-evidence": []}), f"{CONTACT}.x-evidence", "correct"),
        (put(lambda spec: spec, **{"x-error-codes": []}), "$.x-error-codes", "correct"),
        (put(lambda spec: spec["x-error-codes"], **{"1": None}), "$.x-error-codes['1']", "correct"),
        (put(lambda spec: spec["info"], **{"x-operations": "1"}), "$.info.x-operations", "correct"),
    ],
    "enums_fit_types": [
        (put(name_of_new, enum=["Anna", 7]), f"{NEW}.properties.name.enum[1]", "correct"),
        (
            put(parameter, schema={"type": ["boolean", "null"], "enum": [True, "no"]}),
            f"{CREATE}.parameters[0].schema.enum[1]",
            "correct",
        ),
    ],
    "operations_are_complete": [
        (drop(lambda spec: spec, "paths"), "$.paths", "add"),
        (drop(create, "responses"), f"{CREATE}.responses", "add"),
        (lambda spec: media(ok(spec)).clear(), f"{CREATE}.responses['200'].content['application/json']", "schema"),
        (lambda spec: media(body(spec)).clear(), f"{CREATE}.requestBody.content['application/json']", "schema"),
        (
            lambda spec: ok(spec).update(content={"aplication/json": media(ok(spec))}),
            f"{CREATE}.responses['200'].content",
            "JSON",
        ),
        (
            lambda spec: body(spec).update(content={"text/json": media(body(spec))}),
            f"{CREATE}.requestBody.content",
            "JSON",
        ),
        (
            lambda spec: spec["paths"].update({"/contact/{id": spec["paths"].pop("/contact")}),
            "$.paths['/contact/{id']",
            "{name}",
        ),
    ],
    "openapi_is_consistent": [
        (lambda spec: spec["paths"].update({"/{id}": spec["paths"].pop("/contact")}), "$.paths['/{id}']", "spec"),
        (
            put(parameter, schema={"type": "boolean", "default": "yes"}),
            f"{CREATE}.parameters[0].schema.default",
            "specification",
        ),
    ],
    "schemas_are_valid": [
        (put(contact, nullable=True), f"{CONTACT}.nullable", '[string, "null"]'),
        (put(contact, reqired=["id"]), f"{CONTACT}.reqired", "write required"),
        (put(contact, colour=True), f"{CONTACT}.colour", "correct the word"),
        (put(contact, then={"propertis": {}}), f"{CONTACT}.then.propertis", "write properties"),
        (put(new, anyOf=[{"requird": ["name"]}]), f"{NEW}.anyOf[0].requird", "write required"),
        (put(name_of_new, type="strng"), f"{NEW}.properties.name.type", "correct"),
        (put(name_of_new, maxLength="20"), f"{NEW}.properties.name.maxLength", "correct"),
        (put(name_of_new, required=True), f"{NEW}.properties.name.required", "correct"),
        (lambda spec: new(spec)["properties"].update(name=True), f"{NEW}.properties.name", "write a type"),
        (lambda spec: new(spec)["properties"].update(name=["string"]), f"{NEW}.properties.name", "correct"),
        (put(parameter, schema={"type": "text"}), f"{CREATE}.parameters[0].schema.type", "correct"),
    ],
    "info_is_complete": [
        (drop(lambda spec: spec["info"], "contact"), "$.info.contact", "maintains"),
        (drop(lambda spec: spec["info"], "license"), "$.info.license", "identifier"),
    ],
    "operations_are_described": [
        (drop(create, "description"), CREATE, "what it does"),
        (webhook(operationId="receive"), "$.webhooks.event.post", "what it does"),
    ],
    "server_variables_are_plain": [
        (
            put(
                lambda spec: spec, servers=[{"url": "{url}", "variables": {"url": {"default": "", "description": "U"}}}]
            ),
            "$.servers[0].variables.url.description",
            "description of the server",
        ),
    ],
    "names_differ_in_letters": [
        (
            lambda spec: contact(spec)["properties"].update(ID={}),
            f"{CONTACT}.properties.ID",
            "`x-alternative-names` of id",
        ),
        (lambda spec: contact(spec)["properties"].update(i_d={}), f"{CONTACT}.properties.i_d", "`x-alternative-names`"),
        (component("schemas", "newcontact", type="object"), "$.components.schemas.newcontact", "rename"),
    ],
    "alternatives_are_received": [
        (put(name_of_new, **also_written("Name")), f"{NEW}.properties.name.x-alternative-names", "remove"),
        (put(id_of_contact, **also_written("id")), f"{CONTACT}.properties.id.x-alternative-names", "not properties"),
    ],
    "constraints_are_conditional": [
        (put(new, anyOf=[{"required": ["name"]}, {}]), f"{NEW}.anyOf", "if, then or else"),
    ],
    "types_have_one_form": [
        (put(name_of_new, type=["string", "array"]), f"{NEW}.properties.name.type", "oneOf"),
        (put(name_of_new, type="array", examples=[[]]), f"{NEW}.properties.name", "items"),
    ],
    "no_const": [
        (put(name_of_new, const="Anna"), f"{NEW}.properties.name.const", "`enum`"),
        (
            put(new, **{"else": {"properties": {"name": {"const": True}}}}),
            f"{NEW}.else.properties.name.const",
            "`enum`",
        ),
    ],
    "operation_ids_are_unique": [
        (lambda spec: twin(spec, "createContact"), "$.paths['/twin'].post.operationId", "rename"),
        (lambda spec: twin(spec, "createcontact"), "$.paths['/twin'].post.operationId", "rename"),
        (put(create, operationId="create_contact"), f"{CREATE}.operationId", "listContacts"),
        (webhook(description="An event."), "$.webhooks.event.post.operationId", "listContacts"),
        (webhook(operationId="createContact"), "$.webhooks.event.post.operationId", "rename"),
    ],
    "operation_count_is_kept": [(put(lambda spec: spec["info"], **{"x-operations": 2}), "$.info.x-operations", "lost")],
    "tags_are_single_and_declared": [
        (put(create, tags=["contacts", "contacts"]), f"{CREATE}.tags", "exactly one"),
        (put(create, tags=["people"]), "$.tags", "describe it"),
        (lambda spec: spec["tags"].append({"name": "people"}), "$.tags", "remove it"),
        (drop(lambda spec: spec["tags"][0], "description"), "$.tags[0]", "add `description:`"),
    ],
    "bodies_are_required": [(drop(body, "required"), f"{CREATE}.requestBody", "required: true")],
    "parameters_have_no_default": [
        (
            put(parameter, schema={"type": "boolean", "default": True}),
            f"{CREATE}.parameters[0].schema.default",
            "remove",
        ),
        (both(FLAG, put(parameter, schema=A_FLAG)), f"{CREATE}.parameters[0].schema.default", "remove"),
    ],
    "headers_are_free": [
        (
            lambda spec: parameter(spec).update({"in": "header", "name": "Content-Type"}),
            f"{CREATE}.parameters[0]",
            "security scheme",
        ),
        (
            lambda spec: parameter(spec).update({"in": "header", "name": "a: b"}),
            f"{CREATE}.parameters[0].name",
            "letters",
        ),
    ],
    "responses_share_a_schema": [
        (second_success, f"{CREATE}.responses", "one schema"),
        (without_success, f"{CREATE}.responses", "one schema"),
    ],
    "components_are_used": [
        (
            lambda spec: spec["components"].update(headers={"Left": {"schema": {}}}),
            "$.components.headers.Left",
            "remove",
        ),
        (drop(lambda spec: spec, "security"), "$.components.securitySchemes.key", "remove"),
    ],
    "no_inline_schemas": [
        (
            lambda spec: media(body(spec)).update(schema=spec["components"]["schemas"].pop("NewContact")),
            f"{CREATE}.requestBody.content['application/json'].schema",
            "components/schemas",
        ),
        (put(parameter, schema=OBJECT, example={}), f"{CREATE}.parameters[0].schema", "components/schemas"),
        (lambda spec: contact(spec)["properties"].update(more=OBJECT), f"{CONTACT}.properties.more", "under a name"),
        (
            lambda spec: contact(spec)["properties"].update(more={"type": "array", "items": OBJECT}),
            f"{CONTACT}.properties.more.items",
            "under a name",
        ),
        (put(contact, additionalProperties=OBJECT), f"{CONTACT}.additionalProperties", "under a name"),
        (
            component("parameters", "More", name="more", **{"in": "query", "schema": OBJECT, "example": {}}),
            "$.components.parameters.More.schema",
            "under a name",
        ),
    ],
    "one_of_is_sent_and_named": [
        (lambda spec: choice(spec, "Contact"), CONTACT, "with all fields optional"),
        (nameless_choice, NEW, "components/schemas"),
    ],
    "required_is_declared": [
        (put(contact, required=["id", "name"]), CONTACT, "correct the name"),
        (constraint_with_typo, NEW, "correct the name"),
        (put(contact, **{"if": {"properties": {"stauts": {"const": "OK"}}}}), CONTACT, "correct the name"),
        (put(contact, then={"required": ["nmae"]}), CONTACT, "correct the name"),
        (put(contact, **{"else": {"required": ["nmae"]}}), CONTACT, "correct the name"),
    ],
    "field_names_are_unique": [
        (
            lambda spec: new(spec)["properties"].update({"na-me": name_of_new(spec), "na_me": name_of_new(spec)}),
            f"{NEW}.properties.na-me",
            "x-python-name",
        ),
        (
            lambda spec: new(spec)["properties"].update({"@id": {**name_of_new(spec), "x-python-name": "name"}}),
            f"{NEW}.properties['@id']",
            "x-python-name",
        ),
    ],
    "requests_are_closed": [
        (drop(new, "additionalProperties"), NEW, "additionalProperties: false"),
        (put(new, additionalProperties=True), NEW, "additionalProperties: false"),
        (put(contact, additionalProperties=False), CONTACT, "remove"),
    ],
    "directions_are_disjoint": [
        (both_ways, NEW, "its own schema"),
        (
            both(FLAG, put(parameter, schema=A_FLAG), lambda spec: contact(spec)["properties"].update(more=A_FLAG)),
            "$.components.schemas.Flag",
            "its own schema",
        ),
    ],
    "examples_fit": [
        (drop(parameter, "example"), f"{CREATE}.parameters[0]", "add"),
        (drop(name_of_new, "examples"), f"{NEW}.properties.name", "add"),
        (put(name_of_new, examples=[7]), f"{NEW}.properties.name.examples[0]", "correct"),
        (
            put(name_of_new, examples=["yesterday"], format="date"),
            f"{NEW}.properties.name.examples[0]",
            "correct",
        ),
        (
            put(parameter, schema={"type": "boolean", "examples": ["yes"]}),
            f"{CREATE}.parameters[0].schema.examples",
            "correct",
        ),
        (
            both(drop(parameter, "example"), put(parameter, examples={"one": {"value": "yes"}})),
            f"{CREATE}.parameters[0].examples.one",
            "correct",
        ),
        (
            lambda spec: media(body(spec)).update(example={"nmae": "Anna"}),
            f"{CREATE}.requestBody.content['application/json'].example",
            "correct",
        ),
        (
            lambda spec: media(ok(spec)).update(example={"id": "one"}),
            f"{CREATE}.responses['200'].content['application/json'].example.id",
            "correct",
        ),
        (
            both(
                webhook(
                    operationId="receiveContact",
                    requestBody={"content": {"application/json": {"schema": {"$ref": CONTACT_REF}}}},
                ),
                lambda spec: media(spec["webhooks"]["event"]["post"]["requestBody"]).update(example={"id": "one"}),
            ),
            "$.webhooks.event.post.requestBody.content['application/json'].example.id",
            "correct",
        ),
    ],
    "evidence_is_given": [
        (drop(create, "x-evidence"), CREATE, "add one of"),
        (drop(new, "x-evidence"), NEW, "add one of"),
        (put(parameter, **{"x-evidence": "guessed"}), f"{CREATE}.parameters[0].x-evidence", "use one of"),
        (put(name_of_new, **{"x-evidence": "public"}), f"{NEW}.properties.name", "name the source"),
        (drop(lambda spec: spec["x-error-codes"]["1"], "meaning"), "$.x-error-codes['1']", "meaning"),
        (put(lambda spec: spec["x-error-codes"]["1"], evidence="guessed"), "$.x-error-codes['1']", "evidence"),
    ],
}
CASES = [
    pytest.param(rule, *breach, id=f"{rule}-{index}")
    for rule, breaches in BREACHES.items()
    for index, breach in enumerate(breaches)
]


def test_good_document_has_no_findings() -> None:
    assert check(load(SMALL)) == []


def test_success_without_content_is_allowed() -> None:
    spec = load(SMALL)
    create(spec)["responses"]["204"] = {"description": "Done before."}
    assert check(spec) == []
    del create(spec)["responses"]["200"], spec["components"]["schemas"]["Contact"]
    assert check(spec) == []


def test_security_of_operation_is_used() -> None:
    spec = load(SMALL)
    create(spec)["security"] = spec.pop("security")
    assert check(spec) == []


@pytest.mark.parametrize(("rule", "spoil", "place", "fix"), CASES)
def test_breach_is_reported(rule: str, spoil: Break, place: str, fix: str) -> None:
    spec = load(SMALL)
    spoil(spec)
    found = [str(finding) for each in EVERY if each.__name__ == rule for finding in each(spec)]
    assert any(line.startswith(place) and fix in line.partition("; to fix it, ")[2] for line in found), found
    assert all(len(line.splitlines()) == 1 for line in found)
    assert set(found) <= {str(finding) for finding in check(spec)}


def test_alternative_names_are_accepted() -> None:
    spec = load(SMALL)
    id_of_contact(spec).update(also_written("ID"))
    contact(spec)["then"] = {"anyOf": [{"required": ["id"]}, {"required": ["ID"]}]}
    assert check(spec) == []


def test_every_rule_has_a_breach() -> None:
    assert {rule.__name__ for rule in EVERY} == set(BREACHES)


@pytest.mark.parametrize("file", sorted(SPECS.glob("*.yaml")), ids=lambda file: file.stem)
def test_spec_has_no_findings(file: Path) -> None:
    assert [str(finding) for finding in check(load(file))] == []


def test_all_four_specs_exist() -> None:
    assert [file.stem for file in sorted(SPECS.glob("*.yaml"))] == ["atom", "filemail", "serwersms", "vercom"]


def test_readme_counts_operations() -> None:
    text = (SPECS / "README.md").read_text(encoding="utf-8")
    for file in SPECS.glob("*.yaml"):
        row = next(line for line in text.splitlines() if line.startswith(f"| `{file.name}` |"))
        assert row.endswith(f"| {load(file)['info']['x-operations']} |")


def test_command_prints_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.yaml"
    before, _, after = (SPECS / "filemail.yaml").read_text(encoding="utf-8").partition("x-operations: 12")
    broken.write_text(f"{before}x-operations: 13{after}", encoding="utf-8")
    assert main([str(broken)]) == 1
    lines, line = capsys.readouterr().out.splitlines(), before.count("\n") + 1
    assert lines[0].startswith(
        f"{broken}:{line}: $.info.x-operations: 13 operations are declared, and there are 12; to fix it, "
    )
    assert lines[1:] == ["1 specs, 1 with findings"]
    assert main([str(broken), str(SPECS / "filemail.yaml")]) == 1
    assert capsys.readouterr().out.endswith("2 specs, 1 with findings\n")
    assert main([]) == 0


def test_command_without_specs_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.SPECS", tmp_path)
    assert main([]) == 1


def test_command_reports_duplicate_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twice = tmp_path / "twice.yaml"
    twice.write_text("openapi: 3.1.0\npaths: {}\npaths: {}\n")
    assert main([str(twice)]) == 1
    assert capsys.readouterr().out.startswith(f"{twice}:3: ")


# A line of small.yaml, what is written instead, and what is reported at that line.
LINES = [
    ('        "200":', "        404:", "the key 404 is of type int"),
    ("      description: Adds a contact.", "      desciption: Adds a contact.", "OpenAPI has no desciption here"),
    ("        id: {type: integer, ", "        id: {type: intger, ", "'intger' is not one of"),
    ("        id: {type: integer, ", "        id: {nullable: true, type: integer, ", "nullable is not a keyword"),
    ("      x-evidence-note: No", "      x-evidense-note: No", "x-evidense-note is not a keyword of ours"),
    ("      required: [name]", "      requierd: [name]", "requierd is not a keyword of a schema"),
    ("      operationId: createContact", "      operationId: create_contact", "'create_contact' is not camelCase"),
    (
        "        name: {type: string, ",
        "        name: {type: string, minLength: -1, ",
        "-1 is less than the minimum of 0",
    ),
    (
        "        name: {type: string, examples: [Anna]}",
        "        name: {type: string, examples: [7]}",
        "the example does",
    ),
    ("paths:", "paths: ]", "not valid YAML"),
]


@pytest.mark.parametrize(("line", "instead", "wrong"), LINES, ids=[wrong for *_, wrong in LINES])
def test_finding_names_its_line(
    line: str, instead: str, wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, found, after = SMALL.read_text(encoding="utf-8").partition(f"\n{line}")
    assert found
    broken = tmp_path / "broken.yaml"
    broken.write_text(f"{before}\n{instead}{after}", encoding="utf-8")
    assert main([str(broken)]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert wrong in first
    number = before.count("\n") + 2
    assert first.startswith(f"{broken}:{number}: "), first


@pytest.mark.parametrize("text", ["", "- openapi", "openapi"])
def test_file_without_mapping_is_reported(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(text, encoding="utf-8")
    assert main([str(broken)]) == 1
    assert capsys.readouterr().out.startswith(f"{broken}:1: the file is not a mapping")
