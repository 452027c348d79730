"""Check that every operation of a spec became exactly one method, in the class of its tag.

The generator drops operations without a warning: one that it cannot parse, one under a `$ref`, one of two whose ids
are equal in snake case. So the generated code is parsed and compared with the strict spec.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import NamedTuple

from document import Node, SpecError, operations
from openapi_python_client.strings import ClassName


class Method(NamedTuple):
    """A method of generated code and its operation."""

    owner: str
    name: str
    operation: str
    http: str

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}"


def find_methods(api: str) -> list[Method]:
    """Return the methods of an api.py that send a request."""
    found: list[Method] = []
    for owner in ast.parse(api).body:
        if isinstance(owner, ast.ClassDef):
            for function in owner.body:
                if isinstance(function, ast.FunctionDef):
                    found += [
                        Method(owner.name, function.name, values["operation"], values["method"])
                        for values in map(_request, ast.walk(function))
                        if values
                    ]
    return found


def check_coverage(vendor: str, spec: Node, api: str) -> None:
    """Raise `SpecError` for each operation that is missing, duplicated or in the wrong class of an api.py."""
    found = find_methods(api)
    faults: list[str] = []
    expected = list(operations(spec))
    for operation in expected:
        mine = [method for method in found if method.operation == operation.id]
        owner = f"{ClassName(operation.tag, 'tag')}Api"
        if not mine:
            faults.append(f"{operation} is missing")
        elif len(mine) > 1:
            faults.append(f"{operation} has {len(mine)} methods: {', '.join(map(str, mine))}")
        elif mine[0].owner != owner or mine[0].http != operation.method.upper():
            faults.append(f"{operation} became {mine[0].http} {mine[0]}, expected a method of {owner}")
    ids = Counter(operation.id for operation in expected)
    faults += [f"operationId {each} occurs {count} times in the spec" for each, count in ids.items() if count > 1]
    faults += [f"{method} is not an operation of the spec" for method in found if method.operation not in ids]
    names = Counter(str(method) for method in found)
    faults += [
        f"{name} is defined {count} times, so the last definition hides the others"
        for name, count in names.items()
        if count > 1
    ]
    if faults:
        raise SpecError(f"{vendor}: " + "; ".join(faults))


def _request(node: ast.AST) -> dict[str, str]:
    """Return the constant arguments of a `Request(…)` call; empty for any other node."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "Request":
        return {}
    return {
        argument.arg: argument.value.value
        for argument in node.keywords
        if argument.arg and isinstance(argument.value, ast.Constant) and isinstance(argument.value.value, str)
    }
