"""Findings as lines: readable, clean, and with evidence that opens."""

import pytest

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.finding import Finding, Suggestion
from cockpit.presenters.findings import command_of, confidence, finding_lines
from cockpit.presenters.links import FileLink, link_of
from tests.samples import HOSTILE, assert_clean, evidence, make_run
from widgets.rows import Level, TextRow


def finding(**more: object) -> Finding:
    given: dict[str, object] = {
        "id": "step-timeout", "title": "build.implement ran out of time", "confidence": 0.88, "cause": "the cause",
        "fix": "the fix", "supporting": (evidence("runs/r/meta.json", 7, "boom"),),
    }  # fmt: skip
    return Finding.model_validate({**given, **more})


def said(rows: list[TextRow]) -> list[str]:
    return ["".join(span.text for span in row.spans) for row in rows]


def test_everything_about_a_finding_in_the_order_of_reading() -> None:
    full = finding(
        warning="do no harm", playbook="failed-run", against=(evidence("runs/r/b.json", quote="not so"),),
        suggests=Suggestion(action="retry", flow="build", step="implement"),
    )  # fmt: skip
    rows = finding_lines([full], "runs/r", make_run("r"))
    assert said(rows) == [
        "build.implement ran out of time  88% likely  step-timeout", "cause     the cause", "fix       the fix",
        "warning   do no harm", "playbook  failed-run",
        "try       cockpit plan retry r --flow build --step implement", "for       meta.json:7  receipt", "boom",
        "against   b.json  receipt", "not so",
    ]  # fmt: skip
    assert link_of(rows[6].key) == FileLink("runs/r/meta.json", 7)
    assert [row.link for row in rows] == [False] * 6 + [True, False, True, False]
    assert rows[0].level is Level.ERROR
    assert said(finding_lines([full], "runs/r"))[5] == "try       retry"


def test_what_is_unknown_takes_no_line_and_findings_stand_apart() -> None:
    rows = finding_lines([finding(supporting=()), finding(supporting=())], "runs/r")
    assert said(rows)[3] == ""
    assert len(rows) == 7
    assert len({row.key for row in rows}) == len(rows)
    assert finding_lines([], "runs/r") == []


@pytest.mark.parametrize("path", ["runs/r", "/proc/7"])
def test_a_process_or_a_directory_opens_nothing(path: str) -> None:
    place = Evidence(rank=Rank.PHYSICS, path=path, quote="gone")
    rows = finding_lines([finding(supporting=(place,))], "runs/r")
    assert not any(row.link for row in rows)
    assert all(link_of(row.key) is None for row in rows)


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_clean(text: str) -> None:
    place = Evidence(rank=Rank.RECEIPT, path="a" + text[:50], quote=text)
    hostile = finding(title=text, cause=text, fix=text, warning=text, playbook=text, supporting=(place,))
    assert_clean(finding_lines([hostile], "runs/r"))


@pytest.mark.parametrize(
    ("value", "shown"), [(0.97, "97% certain"), (0.7, "70% likely"), (0.5, "50% possible"), (0.05, "5% unlikely")]
)
def test_confidence_in_a_word(value: float, shown: str) -> None:
    assert confidence(value) == shown


def test_a_command_without_flow_and_step() -> None:
    assert command_of(Suggestion(action="validate"), make_run("r")) == "cockpit plan validate r"
