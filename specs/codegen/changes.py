"""Tell what a generation changed: operations, parameters and fields added, removed, altered, a paragraph a vendor.

A diff of generated code buries a lost field under moved lines. This compares the two trees as their users see them:
what a method calls, takes and returns, the types of the fields, and what the docstrings promise.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

Tree = dict[str, str]


class Piece(NamedTuple):
    """One thing that a user sees; its documentation apart, to say when only that changed."""

    shape: str
    doc: str = ""


def report(old: Tree, new: Tree) -> str:
    """The changes between two generated trees (path → text), ready to print; empty when nothing changed."""
    strayed = [path for path in sorted({**old, **new}) if old.get(path) != new.get(path)]
    lines: list[str] = []
    for vendor in dict.fromkeys(path.split("/")[1] for path in strayed if path.count("/") == 2):
        before, after = _pieces(old, vendor), _pieces(new, vendor)
        if not before:
            kinds = [name.split()[0] for name in after]
            changed = ["+ " + ", ".join(f"{kinds.count(kind)} {kind}s" for kind in dict.fromkeys(kinds))]
        else:
            changed = list(_compare(before, after)) or ["~ neither operations nor fields, but their text"]
        lines += [vendor, *(f"  {line}" for line in changed)]
    lines += [f"{path}: {'text' if path in old else 'new'}" for path in strayed if path.count("/") < 2]
    return "\n".join(lines)


def _compare(before: dict[str, Piece], after: dict[str, Piece]) -> Iterator[str]:
    for name in sorted({**before, **after}):
        if name not in before:
            yield f"+ {name}{after[name].shape}"
        elif name not in after:
            yield f"- {name}{before[name].shape}"
        elif before[name].shape != after[name].shape:
            yield f"~ {name}{before[name].shape}  →  {after[name].shape.lstrip(': ')}"
        elif before[name].doc != after[name].doc:
            yield f"~ {name}: documentation"


def _pieces(tree: Tree, vendor: str) -> dict[str, Piece]:
    pieces: dict[str, Piece] = {}
    for owner in _classes(tree.get(f"crossbook_wire/{vendor}/api.py", "")):
        for method in owner.body:
            if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                name = f"{owner.name}.{method.name}"
                pieces[f"operation {name}"] = _operation(method)
                for argument in [*method.args.args[1:], *method.args.kwonlyargs]:
                    pieces[f"parameter {name}.{argument.arg}"] = Piece(f": {_code(argument.annotation)}")
    for model in _classes(tree.get(f"crossbook_wire/{vendor}/models.py", "")):
        pieces[f"model {model.name}"] = Piece("", ast.get_docstring(model) or "")
        for node, after in zip(model.body, [*model.body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign):
                required = "" if node.value else ", required"
                doc = _code(after) if isinstance(after, ast.Expr) else ""
                pieces[f"field {model.name}.{_code(node.target)}"] = Piece(f": {_code(node.annotation)}{required}", doc)
    return pieces


def _operation(method: ast.FunctionDef) -> Piece:
    calls = (node for node in ast.walk(method) if isinstance(node, ast.Call) and _code(node.func) == "Request")
    request = {keyword.arg: _code(keyword.value) for call in calls for keyword in call.keywords}
    answer = _code(method.returns).removeprefix("Coroutine[Any, Any, ").removesuffix("]")
    shape = f": {request.get('method')} {request.get('path')} -> {answer}"
    return Piece(shape, ast.get_docstring(method) or "")


def _classes(source: str) -> list[ast.ClassDef]:
    return [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]


def _code(node: ast.AST | None) -> str:
    return ast.unparse(node) if node else ""
