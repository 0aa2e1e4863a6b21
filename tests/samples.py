"""Models made by hand, and the texts that a hostile file may hold: what presenters and verbs are tested with."""

import re
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import RunRecord, StepFact, StepStatus
from cockpit.models.run import Run, RunRef, RunState
from widgets.rows import Cell

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

HOSTILE: tuple[str, ...] = (
    "[/x]",
    "[@click=app.quit]x[/]",
    "\x1b]52;c;cHduZWQ=\x07after",
    "\x1b[31mred\x1b[0m",
    "\x1bP+q544e\x1b\\after",
    "\x9b31mred",
    "a\x00b",
    "two\nlines\r\tand a tab",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "\ud800 lone",
    "👩‍💻 ❤️‍🔥 ✅ 日本語 e\u0301",
    "x" * 1_000_000,
)
"""Markup, escape sequences, NUL, line breaks, bidirectional controls, surrogates, emoji, and a line of 1 MB."""

FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""What may reach no cell: C0, DEL, C1, bidirectional and invisible controls, surrogates."""


def ref(name: str = "run-1", path: str | None = None, root: str = "/srv/runs") -> RunRef:
    return RunRef(source="flow-studio", root=root, path=name if path is None else path, id=name)


def make_run(name: str = "run-1", state: RunState = RunState.FAILED, *, age: float = 60, **more: Any) -> Run:
    """A run that began and was last heard of `age` seconds ago."""
    at = NOW - timedelta(seconds=age)
    given = {"ref": ref(name), "state": state, "started_at": at, "updated_at": at}
    return Run(**{**given, **more})


def make_detail(name: str = "run-1", **more: Any) -> RunDetail:
    return RunDetail(**{"ref": ref(name), "record": RunRecord(), **more})


def evidence(path: str = "run-1/meta.json", line: int | None = None, quote: str = "") -> Evidence:
    return Evidence(rank=Rank.RECEIPT, path=path, line=line, quote=quote)


def fact(
    step: str = "implement", status: StepStatus = StepStatus.SUCCEEDED, flow: str = "build", **more: Any
) -> StepFact:
    return StepFact(flow=flow, step=step, status=status, **more)


def cells(value: object) -> list[Cell]:
    """Every cell in a row, a header, or a sequence of them."""
    if isinstance(value, Cell):
        return [value]
    if isinstance(value, list | tuple):
        return [cell for item in value for cell in cells(item)]
    if is_dataclass(value):
        return [cell for field in fields(value) for cell in cells(getattr(value, field.name))]
    return []


def assert_clean(value: object) -> None:
    """Every text in there may be shown as it is, and there is one."""
    found = cells(value)
    assert found
    for cell in found:
        assert not FORBIDDEN.search(cell.text), repr(cell.text[:200])
        assert len(cell.text) <= 4_000, len(cell.text)
