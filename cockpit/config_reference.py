"""The reference of the configuration file, as Markdown and as a commented file, made from the models' docstrings."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cockpit.config_live import NEXT_START
from cockpit.config_schema import Node, resolved, settings_schema

START, END = "<!-- settings -->", "<!-- /settings -->"
"""Comments in a Markdown file between which the reference stands."""

_ADVANCED = frozenset({"recall", "prior", "before", "after"})
"""Tables below an action's request that few write by hand; they are in the schema, not on the page."""


@dataclass(frozen=True, slots=True)
class Row:
    """One key: what it takes, its default as TOML (`None` where it must be given), and what it means."""

    key: str
    takes: str
    default: str | None
    told: str


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file: its header as it is written, what it is for, and its keys."""

    header: str
    told: str
    rows: tuple[Row, ...]


def sections() -> list[Section]:
    """Every table of the file, the keys at the top first."""
    return list(_sections("", settings_schema()))


def markdown_reference() -> str:
    """Every key as Markdown tables."""
    lines: list[str] = []
    for section in sections():
        top = section.header.strip("[]").partition(".")[0]
        lines += ["", f"### `{section.header}`" if section.header else "### At the top", ""]
        if section.header:
            lines += [_sentence(section.told) + (" Taken up at the next start." if top in NEXT_START else ""), ""]
        lines += ["| key | takes | default | means |", "|---|---|---|---|"]
        for row in section.rows:
            late = " (Next start.)" if not section.header and row.key in NEXT_START else ""
            default = "needed" if row.default is None else f"`{row.default}`" if row.default else ""
            cells = (f"`{row.key}`", row.takes, default, _sentence(row.told) + late)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines).strip()


def template() -> str:
    """A configuration file in which everything is commented out: what there is to say, with the defaults."""
    lines = [
        "# Configuration of cockpit. Everything is a default until its # is taken away.",
        "# Check it with: cockpit config check     Every key: cockpit config reference",
    ]
    for section in sections():
        if section.header.count(".") > 1 or section.header.startswith(("[[custom", "[[actions", "[custom", "[actions")):
            continue
        lines += ["", f"# {section.header}   # {section.told}"] if section.header else [""]
        for row in section.rows:
            example = row.default or {"list": "[]", "table": "{}"}.get(row.takes.partition(" ")[0], '"..."')
            lines.append(f"# {row.key} = {example}   # {row.told}")
    return "\n".join(lines) + "\n"


def _sections(header: str, table: Node) -> Iterator[Section]:
    rows: list[Row] = []
    below: list[tuple[str, Node]] = []
    needed = set(table.get("required", ()))
    path = header.strip("[]")
    for key, part in table.get("properties", {}).items():
        node = resolved(part)
        place = f"{path}.{key}" if path else key
        found = _table(place, node)
        if found is None or key in _ADVANCED:
            default = None if key in needed else _toml(node.get("default"))
            rows.append(Row(key, _takes(node), default, node.get("description", "")))
        else:
            # A table is told of where it stands.
            below.append((found[0], {**found[1], "description": node.get("description", found[1].get("description"))}))
    yield Section(header, table.get("description", ""), tuple(rows))
    for name, node in below:
        yield from _sections(name, node)


def _table(place: str, node: Node) -> tuple[str, Node] | None:
    """The header and the keys of what is a table of its own, or `None`."""
    if node.get("properties"):
        return f"[{place}]", node
    items, more = node.get("items"), node.get("additionalProperties")
    if isinstance(items, dict) and resolved(items).get("properties"):
        return f"[[{place}]]", resolved(items)
    if isinstance(more, dict) and resolved(more).get("properties"):
        return f"[{place}.NAME]", resolved(more)
    return None


def _takes(node: Node) -> str:
    """What a key takes, in a few words."""
    types = {option.get("type") for option in node.get("anyOf", ())}
    if types == {"number", "string"}:
        return "time"
    if types == {"integer", "string"}:
        return "size"
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    return _kind(node)


def _kind(node: Node) -> str:
    match node.get("type"):
        case "boolean":
            return "`true` or `false`"
        case "array":
            return f"list of {_plural(resolved(node.get('items', {})))}"
        case "object":
            more = node.get("additionalProperties")
            return f"table of {_plural(resolved(more))}" if isinstance(more, dict) else "table"
        case "string":
            formats = {"path": "path", "date": "date", "password": "text, never shown"}
            return formats.get(str(node.get("format")), "text")
        case "integer" | "number":
            return "number"
    return "value"


def _plural(node: Node) -> str:
    takes = _takes(node)
    return f"{takes}s" if takes in ("text", "path", "date", "number", "table", "time", "value") else takes


def _toml(value: object) -> str:
    """A default as the file would have it; nothing for what is simply not there."""
    if value is None or value in ({}, [], ""):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _sentence(text: str) -> str:
    """One or more sentences, whole as they are."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
