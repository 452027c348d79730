"""Report what a generation changed for each vendor: operations, parameters and fields added, removed or changed.

A text diff of generated code hides a lost field among moved lines. This compares what users of the code see: requests,
parameters and return types of methods, types and limits of fields, and docstrings.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

Tree = dict[str, str]
# The limits of numbers, texts and lists, as `describe.py` writes them into docstrings.
_LIMIT = re.compile(r"\b(?:at (?:least|most)|\d+ to) -?\d+(?: (?:character|item)s?)?|\b\d+ (?:character|item)s?")


class Piece(NamedTuple):
    """One named part of generated code (operation, parameter, model or field): its signature and documentation."""

    shape: str
    doc: str = ""


def report(old: Tree, new: Tree) -> str:
    """Return the changes between two generated trees (path → text) as text; empty if nothing changed."""
    changed_paths = [path for path in sorted({**old, **new}) if old.get(path) != new.get(path)]
    lines: list[str] = []
    for vendor in dict.fromkeys(path.split("/")[1] for path in changed_paths if path.count("/") == 2):
        before, after = _pieces(old, vendor), _pieces(new, vendor)
        if not before:
            kinds = [name.split()[0] for name in after]
            changed = ["+ " + ", ".join(f"{kinds.count(kind)} {kind}s" for kind in dict.fromkeys(kinds))]
        else:
            changed = list(_compare(before, after)) or ["~ only the text of the files"]
        lines += [vendor, *(f"  {line}" for line in changed)]
    lines += [f"{path}: {'text' if path in old else 'new'}" for path in changed_paths if path.count("/") < 2]
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
            yield f"~ {name}: {_describe_doc_change(before[name].doc, after[name].doc)}"


def _describe_doc_change(before: str, after: str) -> str:
    """Return the limits that changed between two docstrings, or "documentation" if no limit changed."""
    old, new = (Counter(_LIMIT.findall(" ".join(doc.split()))) for doc in (before, after))
    if old == new:
        return "documentation"
    removed, added = (", ".join(limits.elements()) or "none" for limits in (old - new, new - old))
    return f"limit {removed}  →  {added}"


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
                doc = ast.literal_eval(after.value) if isinstance(after, ast.Expr) else ""
                pieces[f"field {model.name}.{_code(node.target)}"] = Piece(f": {_code(node.annotation)}{required}", doc)
    return pieces


def _operation(method: ast.FunctionDef) -> Piece:
    calls = (node for node in ast.walk(method) if isinstance(node, ast.Call) and _code(node.func) == "Request")
    request = {keyword.arg: _code(keyword.value) for call in calls for keyword in call.keywords}
    returns = _code(method.returns).removeprefix("Coroutine[Any, Any, ").removesuffix("]")
    shape = f": {request.get('method')} {request.get('path')} -> {returns}"
    return Piece(shape, ast.get_docstring(method) or "")


def _classes(source: str) -> list[ast.ClassDef]:
    return [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]


def _code(node: ast.AST | None) -> str:
    return ast.unparse(node) if node else ""
