"""The same incident through the keys, in a real terminal: found, declared, worked, retried, verified, closed."""

import json
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.e2e import masked_failure
from tests.e2e.conftest import PATIENCE_S, Open, answer, journal, quit_with_keys
from tests.e2e.masked_failure import RECEIPT, STEP, Place
from tests.terminal import PtyProgram

_ROWS = 60
"""More items than the checklists of the incident have."""


def at(program: PtyProgram) -> str:
    """The line under the cursor, without who settled it and when."""
    return next((line[:40] for line in program.lines if line.startswith("│>")), "")


def tick(program: PtyProgram, *items: str) -> None:
    """Tick items of the checklist, named by how they begin."""
    program.press("4", "g")
    for item in items:
        for _ in range(_ROWS):
            before = at(program)
            if item in before:
                break
            program.press("j")
            program.read_until(partial(moved, before), PATIENCE_S)
        program.press("space")
        program.read_until(partial(settled, item), PATIENCE_S)


def moved(before: str, program: PtyProgram) -> bool:
    return at(program) != before


def settled(item: str, program: PtyProgram) -> bool:
    return item in at(program) and "[ ]" not in at(program)


def phase(program: PtyProgram, place: Place, before: str, after: str) -> None:
    """On through a gate that is met."""
    program.press("P")
    answer(program, f"{before} -> {after}", "y")
    program.wait_gone(f"{before} -> {after}", timeout=PATIENCE_S)
    program.wait_for(f"-01  {after}", timeout=PATIENCE_S)
    assert journal(place.root)[-1]["kind"] == ("incident.closed" if after == "closed" else "incident.phase")


def not_met(program: PtyProgram) -> None:
    """The gate is looked at, and left."""
    program.press("P")
    answer(program, "The gate is not met", "n")
    program.wait_gone("The gate is not met", timeout=PATIENCE_S)


def until(program: PtyProgram, place: Place, kind: str) -> None:
    """The newest entry is of a kind: what the screen does is on disk."""
    program.read_until(lambda _: journal(place.root)[-1]["kind"] == kind, PATIENCE_S)


def leave(program: PtyProgram) -> None:
    """Back to the panes. Alone: a character that follows at once would make it an alt-key."""
    program.press("escape")
    program.wait_gone("1 Incident", timeout=PATIENCE_S)


def menu(program: PtyProgram, key: str) -> None:
    """Something of the incident's menu."""
    program.press("X")
    answer(program, "next phase (shows the gate)", key)


def fill(program: PtyProgram, question: str, text: str) -> None:
    """Type into a dialog."""
    answer(program, question)
    program.send(text)


def found_and_declared(program: PtyProgram, place: Place) -> str:
    program.press("/")
    program.send("is:contradicted id:" + place.run + "\r")
    program.wait_for("1 of", "failed", "succeeded", timeout=PATIENCE_S)
    program.press("0")
    program.wait_for("httpx_retry", timeout=PATIENCE_S)
    program.press("I")
    answer(program, "How bad is it?", "n", "n", "y", "enter")
    fill(program, "What is wrong?", "\r")
    program.wait_for("SEV3", "detect", "[1] Incident", timeout=PATIENCE_S)
    (declared,) = [entry for entry in journal(place.root) if entry["kind"] == "incident.declared"]
    assert declared["data"]["finding"] == "missing-module"
    return str(declared["incident"])


def contained(program: PtyProgram, place: Place) -> None:
    phase(program, place, "detect", "contain")
    not_met(program)
    tick(program, "The immediate harm", "The scope", "What was done to")
    phase(program, place, "contain", "diagnose")


def diagnosed(program: PtyProgram, place: Place) -> None:
    menu(program, "w")
    fill(program, "Post-mortem of", "root cause:\r")
    fill(program, "enter save", "A module is in no list of requirements.\r")
    leave(program)
    program.press("2")
    # The failing step, as the pane points to it by itself.
    program.wait_for("3/14", timeout=PATIENCE_S)
    program.press("m")
    with suppress(AssertionError):
        program.wait_for("Pin to", timeout=10)
    if "Pin to" not in program.text:
        # Pressed before the facts of the run were read again: that was said, and a person presses once more.
        program.press("m")
    fill(program, "Pin to", "the error\r")
    until(program, place, "incident.pin")
    program.press("i")
    program.wait_for("[1] Incident", timeout=PATIENCE_S)
    phase(program, place, "diagnose", "fix")
    tick(program, "It addresses", "It was tested", "There is a plan")
    menu(program, "r")
    fill(program, "Because", "Install httpx_retry\tthe step needs it\ta client of our own\r")
    until(program, place, "incident.decision")
    phase(program, place, "fix", "verify")


def retried(program: PtyProgram, place: Place) -> None:
    """Nobody's word passes the gate of verify: the retry's new receipt does, within a second of its writing."""
    tick(program, "What is related", "Nothing new")
    not_met(program)
    leave(program)
    program.press("1", "T")
    answer(program, f"STEP={STEP}", "y")
    until(program, place, "action.ended")
    program.press("i")
    program.wait_for("[1] Incident", timeout=PATIENCE_S)
    program.press("V")
    until(program, place, "checklist.verified")
    phase(program, place, "verify", "document")


def closed(program: PtyProgram, place: Place, name: str) -> None:
    menu(program, "t")
    fill(program, "Verified by", "Check imports before a run\tplatform\t2d\ta drill fails early\r")
    until(program, place, "incident.task")
    phase(program, place, "document", "closed")
    program.press("M")
    answer(program, "Post-mortem of", "y")
    program.wait_for("Post-mortem is written", timeout=PATIENCE_S)
    document = place.state / "reports" / f"{name}-postmortem.md"
    checked = json.loads(place.ask("postmortem", name, "--check", document, "--json").stdout)
    assert (checked["differs"], checked["blames"]) == ([], [])
    assert "A module is in no list of requirements." in document.read_text()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kind", "size"), [("built", (80, 24)), pytest.param("recorded", (60, 16), marks=pytest.mark.real)]
)
def test_from_a_green_record_to_a_closed_incident_by_keys(
    request: pytest.FixtureRequest, tmp_path: Path, open_cockpit: Open, kind: str, size: tuple[int, int]
) -> None:
    make = masked_failure.built
    place = (
        make(tmp_path) if kind == "built" else masked_failure.recorded(request.getfixturevalue("real_data"), tmp_path)
    )
    program = open_cockpit(place.root, size=size)
    program.wait_for("[1] Runs", "live", timeout=PATIENCE_S)
    name = found_and_declared(program, place)
    contained(program, place)
    diagnosed(program, place)
    retried(program, place)
    closed(program, place, name)
    leave(program)
    program.press("1", "q")
    program.wait_gone("is:contradicted", timeout=PATIENCE_S)
    assert quit_with_keys(program) == 0
    incident = place.read("incident", "show", name)
    assert (incident["status"], incident["severity"], incident["commander"]) == ("closed", "SEV3", None)
    assert [change["override"] for change in incident["phases"]] == [None] * 6
    assert [pin["path"] for pin in incident["pins"]] == [f"{place.run}/{RECEIPT}"]
    kinds = [row["kind"] for row in incident["timeline"]]
    assert kinds.index("failure") < kinds.index("declared") < kinds.index("action")
    assert "recovery" in kinds, "as of the moment its receipt names"
    (ended,) = [row for row in incident["timeline"] if f"retry of {place.run} succeeded" in row["text"]]
    assert "done" in (place.root / ended["evidence"][0]["path"]).read_text(), "the output is one step away"
    assert place.ask("audit", "verify").returncode == 0
