"""The JSON schema of the configuration file, with what the models' docstrings say of each key.

Reference page, completion of editors and "did you mean" are all made from it. Loaded only where it is asked for.
"""

import ast
import difflib
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel, create_model

from cockpit.settings import Settings

Node = dict[str, Any]
"""A JSON schema, or a part of one."""

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8,}.*)*)", re.MULTILINE)


@cache
def settings_schema() -> Node:
    """The schema of the whole file, the tables that are checked apart (`[[custom]]`, `[[actions]]`) included."""
    from cockpit.actions.declared import Declared
    from cockpit.sources.custom.declaration import Declaration

    whole = create_model(
        "Configuration",
        __base__=Settings,
        __doc__="The configuration file of cockpit.",
        custom=(tuple[Declaration, ...], ()),
        actions=(tuple[Declared, ...], ()),
    )
    schema = whole.model_json_schema(mode="validation")
    for model in _models(whole, set()):
        node = schema if model is whole else schema.get("$defs", {}).get(model.__name__)
        if node is not None:
            _explain(node, model)
    return {"$schema": SCHEMA_ID, **schema}


def node_at(place: Sequence[str | int]) -> Node | None:
    """The part of the schema that speaks of a place in the file, or `None` where there may be nothing."""
    node: Node | None = settings_schema()
    for part in place:
        node = resolved(node) if node is not None else None
        if node is None:
            return None
        below = node.get("properties", {}).get(part) if isinstance(part, str) else node.get("items")
        more = node.get("additionalProperties")
        node = below if below is not None else more if isinstance(more, dict) else None
    return resolved(node) if node is not None else None


def resolved(node: Node) -> Node:
    """A part of the schema with its reference followed; what is said beside the reference wins."""
    options = [option for option in node.get("anyOf", ()) if option.get("type") != "null"]
    if len(options) == 1:
        node = {**options[0], **{name: value for name, value in node.items() if name != "anyOf"}}
    name = str(node.get("$ref", "")).removeprefix("#/$defs/")
    if not name:
        return node
    return {**settings_schema()["$defs"][name], **{key: value for key, value in node.items() if key != "$ref"}}


def suggestion(place: Sequence[str | int]) -> str:
    """What may be meant by a key that does not exist: the closest one, else all there are."""
    table = node_at(place[:-1])
    known = list((table or {}).get("properties", ()))
    close = difflib.get_close_matches(str(place[-1]), known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are {', '.join(sorted(known))}" if known else ""


def explanation(model: type[BaseModel]) -> str:
    """The first paragraph of a model's docstring."""
    return _paragraph(inspect.getdoc(model) or "")


def _explain(node: Node, model: type[BaseModel]) -> None:
    told = {**_attributes(model), **_field_docs(model)}
    node["description"] = explanation(model)
    for name, text in told.items():
        if name in node.get("properties", {}):
            node["properties"][name]["description"] = text


def _field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The docstrings below the fields of a model and of those it is made from."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if not issubclass(each, BaseModel) or each is BaseModel:
            continue
        try:
            source = textwrap.dedent(inspect.getsource(each))
        except (OSError, TypeError):  # made at run time, or shipped without its source
            continue
        (definition,) = ast.parse(source).body
        body = definition.body if isinstance(definition, ast.ClassDef) else []
        for field, text in pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                value = text.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found[field.target.id] = _paragraph(inspect.cleandoc(value.value))
    return found


def _attributes(model: type[BaseModel]) -> dict[str, str]:
    """The `Attributes:` section of a docstring."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        _, _, section = (each.__doc__ or "").partition("Attributes:\n")
        text = textwrap.indent(textwrap.dedent(section), "    ")
        found |= {name: _paragraph(inspect.cleandoc(told)) for name, told in _ATTRIBUTE.findall(text)}
    return found


def _paragraph(text: str) -> str:
    return " ".join(text.split("\n\n", 1)[0].split())


def _models(annotation: object, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Every model that is part of a type, itself included."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return
        seen.add(annotation)
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation, seen)
    else:
        for part in get_args(annotation):
            yield from _models(part, seen)
