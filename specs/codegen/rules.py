"""Check the specs: that they are valid OpenAPI 3.1, and that they keep the rules of specs/README.md.

    python specs/codegen/rules.py [FILE …]          checks all specs if no file is given

It prints a line for each finding: the file and line, the place in the document, what is wrong and how to fix it. The
exit code is 1 if there is a finding. `make generate` runs this first: the generator drops or overwrites, without a
warning, what breaks some rules.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from document import Node, SpecError, load, resolve
from positions import Positions
from rules_keywords import (
    enums_fit_types,
    extensions_are_valid,
    keys_are_texts,
    no_const,
    openapi_is_consistent,
    openapi_is_valid,
    operations_are_complete,
    schemas_are_valid,
)
from rules_other_tools import (
    alternatives_are_received,
    constraints_are_conditional,
    info_is_complete,
    names_differ_in_letters,
    operations_are_described,
    server_variables_are_plain,
    types_have_one_form,
)
from rules_schemas import (
    LEVELS,
    Finding,
    directions_are_disjoint,
    examples_fit,
    field_names_are_unique,
    no_inline_schemas,
    nodes,
    one_of_is_sent_and_named,
    operations,
    reached,
    requests_are_closed,
    required_is_declared,
    schemas,
)

HEADER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
RESERVED_HEADERS = frozenset({
    "accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length", "content-type",
    "cookie", "expect", "host", "keep-alive", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    "user-agent",
})  # fmt: skip
SPECS = Path(__file__).resolve().parent.parent


def references_are_local(spec: Node) -> Iterator[Finding]:
    """Require that a `$ref` points into the spec's own components and that no path is a `$ref`."""
    for place, node in nodes(spec):
        reference = node.get("$ref")
        if not isinstance(reference, str):
            continue
        if place[:-1] == ("paths",):
            yield Finding(place, "the path is a $ref, which the generator drops", "write its operations out here")
        elif not reference.startswith("#/components/"):
            yield Finding(place, f"{reference} is not in this file's components", "copy its target into components")
        else:
            try:
                resolve(spec, node)
            except SpecError as error:
                yield Finding(place, str(error), "correct the reference, or add the component")


def operation_count_is_kept(spec: Node) -> Iterator[Finding]:
    """Require the number of operations that the document declares, so that none is lost."""
    declared, found = spec["info"].get("x-operations"), sum(1 for _ in operations(spec))
    if declared != found:
        fix = "restore the lost operation, or correct the number if the vendor's API has changed"
        yield Finding(("info", "x-operations"), f"{declared} operations are declared, and there are {found}", fix)


def operation_ids_are_unique(spec: Node) -> Iterator[Finding]:
    """Require a camelCase operationId that is unique, also in snake_case. The generator overwrites duplicates."""
    every = (*operations(spec), *operations(spec, "webhooks"))
    names = [(place, str(operation.get("operationId"))) for place, operation in every]
    # Ids that become one method are equal without capitals and underscores.
    methods = Counter(name.replace("_", "").lower() for _, name in names)
    for place, name in names:
        if not re.fullmatch(r"[a-z][a-zA-Z0-9]*", name):
            yield Finding((*place, "operationId"), f"{name!r} is not camelCase", "name it like listContacts")
        if methods[name.replace("_", "").lower()] > 1:
            yield Finding(
                (*place, "operationId"), f"another operationId becomes the same method as {name}", "rename one of them"
            )


def tags_are_single_and_declared(spec: Node) -> Iterator[Finding]:
    """Require one tag for each operation, since a tag becomes a class. Tags must be described and used."""
    declared = {tag["name"] for tag in spec.get("tags", [])}
    used: set[str] = set()
    for place, operation in operations(spec):
        tags = operation.get("tags", [])
        used.update(tags)
        if len(tags) != 1:
            yield Finding((*place, "tags"), f"there are {len(tags)} tags", "give it exactly one")
    for index, tag in enumerate(spec.get("tags", [])):
        if not tag.get("description"):
            fix = "add `description:`, which becomes the docstring of the class"
            yield Finding(("tags", index), f"the tag {tag['name']} is not described", fix)
    for name in sorted(used ^ declared):
        fix = "describe it at the top" if name in used else "remove it, or use it"
        yield Finding(("tags",), f"the tag {name} is {'not declared' if name in used else 'not used'}", fix)


def bodies_are_required(spec: Node) -> Iterator[Finding]:
    """Require `required: true` for request bodies; otherwise the method's argument would be optional."""
    for place, operation in operations(spec):
        if "requestBody" in operation and resolve(spec, operation["requestBody"]).get("required") is not True:
            yield Finding((*place, "requestBody"), "the body is not required", "add `required: true`")


def parameters_have_no_default(spec: Node) -> Iterator[Finding]:
    """Refuse defaults of query and header parameters, since every call would send them."""
    for place, node in nodes(spec):
        if node.get("in") in ("query", "header") and "default" in resolve(spec, node.get("schema", {})):
            fix = "remove it, and describe the vendor's default in the description"
            yield Finding(
                (*place, "schema", "default"), f"the {node['in']} parameter {node.get('name')} has a default", fix
            )


def headers_are_free(spec: Node) -> Iterator[Finding]:
    """Refuse header parameters that HTTP or crossbook sets. A credential in one is a security scheme."""
    for place, node in nodes(spec):
        if node.get("in") == "header" and "schema" in node and not node.get("x-credential"):
            name = str(node.get("name"))
            if not HEADER_NAME.fullmatch(name):
                yield Finding((*place, "name"), f"{name!r} is not the name of a header", "use letters, digits and -")
            elif name.lower() in RESERVED_HEADERS:
                fix = "remove it (a credential becomes a security scheme)"
                yield Finding(place, f"the header {name} is set by the client", fix)


def responses_share_a_schema(spec: Node) -> Iterator[Finding]:
    """Require one schema for all 2xx responses that have a body, since an operation's method returns one type."""
    for place, operation in operations(spec):
        found: set[str] = set()
        may_be_empty = False
        for status, response in operation["responses"].items():
            if str(status).startswith("2"):
                content = resolve(spec, response).get("content", {})
                found |= {media["schema"].get("$ref", "") for media in content.values()}
                may_be_empty = may_be_empty or not content
        if len(found) > 1 or not (found or may_be_empty):
            fix = "let all 2xx responses refer to one schema whose extra fields are optional"
            yield Finding((*place, "responses"), f"the 2xx responses have {len(found)} schemas", fix)


def components_are_used(spec: Node) -> Iterator[Finding]:
    """Refuse components that no operation and no webhook uses."""
    used = reached(spec, [spec["paths"], spec.get("webhooks", {})])
    demands = [*spec.get("security", []), *(each for _, node in operations(spec) for each in node.get("security", []))]
    used |= {f"#/components/securitySchemes/{name}" for demand in demands for name in demand}
    for kind, section in spec.get("components", {}).items():
        for name in section:
            if f"#/components/{kind}/{name}" not in used:
                yield Finding(("components", kind, name), "no operation uses it", "remove it, or refer to it")


def evidence_is_given(spec: Node) -> Iterator[Finding]:
    """Require evidence of operations, component schemas and error codes, with a note if it is not documented."""
    wanted = [*operations(spec), *((place, schema) for place, schema in schemas(spec) if len(place) == 3)]
    for place, node in wanted:
        if "x-evidence" not in node:
            yield Finding(place, "x-evidence is missing", f"add one of {', '.join(LEVELS)}")
    for place, node in nodes(spec):
        level = node.get("x-evidence", "documented")
        if level not in LEVELS:
            yield Finding((*place, "x-evidence"), f"{level!r} is not a level", f"use one of {', '.join(LEVELS)}")
        elif level != "documented" and not node.get("x-evidence-note"):
            fix = "name the source, or the reason for the guess"
            yield Finding(place, f"{level}, but x-evidence-note is missing", fix)
    for code, row in spec.get("x-error-codes", {}).items():
        if not {"title", "meaning", "evidence"} <= row.keys() or row["evidence"] not in LEVELS:
            yield Finding(("x-error-codes", code), "the row is not complete", "give it a title, a meaning and evidence")


Rule = Callable[[Node], Iterator[Finding]]
# The rules of each group must hold before the next group, and before the other rules, can be checked.
FIRST: tuple[tuple[Rule, ...], ...] = (
    (keys_are_texts,),
    (schemas_are_valid, openapi_is_valid, extensions_are_valid),
    (references_are_local, operation_ids_are_unique),
    (operations_are_complete,),
    (openapi_is_consistent,),
)
RULES: tuple[Rule, ...] = (
    operation_count_is_kept,
    tags_are_single_and_declared,
    bodies_are_required,
    parameters_have_no_default,
    headers_are_free,
    responses_share_a_schema,
    components_are_used,
    no_inline_schemas,
    one_of_is_sent_and_named,
    required_is_declared,
    field_names_are_unique,
    requests_are_closed,
    directions_are_disjoint,
    examples_fit,
    evidence_is_given,
    info_is_complete,
    operations_are_described,
    server_variables_are_plain,
    names_differ_in_letters,
    alternatives_are_received,
    constraints_are_conditional,
    types_have_one_form,
    enums_fit_types,
    no_const,
)


def check(spec: Node) -> list[Finding]:
    """Return all findings on a spec. If it is not valid OpenAPI, return only those findings."""
    for group in FIRST:
        if findings := [finding for rule in group for finding in rule(spec)]:
            return findings
    return [finding for rule in RULES for finding in rule(spec)]


def report(file: Path) -> list[str]:
    """Return a line for each finding on a file: `file:line: place: what is wrong; to fix it, …`."""
    try:
        findings = check(load(file))
    except SpecError as error:
        return [str(error)]
    positions = Positions(file)
    return [f"{file}:{positions.line(finding.place)}: {finding}" for finding in findings]


def main(arguments: list[str]) -> int:
    """Check the given files, or all specs, and return the exit code."""
    files, broken = [Path(each) for each in arguments] or sorted(SPECS.glob("*.yaml")), 0
    for file in files:
        lines = report(file)
        print("\n".join(lines), end="\n" if lines else "")
        broken += bool(lines)
    print(f"{len(files)} specs, {broken} with findings" if broken else f"{len(files)} specs have no findings")
    return 1 if broken or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
