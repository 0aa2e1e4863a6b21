"""Playbook files: what is read from them, and what is said about broken ones."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.playbook import CauseRow, Playbook
from cockpit.models.problem import Problem
from cockpit.models.run import Reason, Run, RunRef, RunState
from cockpit.playbooks.loader import Library, load_library
from cockpit.playbooks.markdown import read_document
from cockpit.playbooks.parse import NAME, parse_playbook

GOOD = """\
+++
id = "disk-full"
title = "Disk full"
systems = ["flow-studio"]
severity = "SEV2"
states = ["failed"]
signatures = ["No space left"]
+++

# Disk full

Some words.

## Look

- [ ] Ask `df` how full it is <!-- id: df; command: df -h "{run}"; evidence: {flow}/logs/{step}.jsonl -->
  - The line of the root.
    It may wrap.
  - And the inodes.
- [x] A box that is ticked in the file
  is open in a checklist <!--
    id: wrapped;
    action: retry;
    check: receipt-succeeded
  -->

```
- [ ] not an item
| Symptom | Likely cause | Fix |
```

## Causes

| Symptom | Likely cause | Fix |
|:---|---|--:|
| `ENOSPC` | a \\| b | Delete |

| Other | Table |
|---|---|
| x | y |
"""


def parse(text: str) -> tuple[object, list[tuple[int | None, str]]]:
    playbook, problems = parse_playbook(text, "x.md", stem="x")
    return playbook, [(problem.line, problem.reason) for problem in problems]


def test_a_playbook_is_read_as_written() -> None:
    playbook, problems = parse_playbook(GOOD, "/c/disk-full.md", stem="ignored", shipped=False)
    assert problems == ()
    assert playbook is not None
    assert (playbook.id, playbook.title, playbook.severity) == ("disk-full", "Disk full", "SEV2")
    assert (playbook.systems, playbook.states, playbook.signatures) == (
        ("flow-studio",),
        ("failed",),
        ("No space left",),
    )
    df, wrapped = playbook.items
    assert (df.id, df.text, df.section) == ("df", "Ask `df` how full it is", "Look")
    assert df.detail == ("The line of the root. It may wrap.", "And the inodes.")
    assert (df.command, df.evidence, df.check) == (("df", "-h", "{run}"), "{flow}/logs/{step}.jsonl", None)
    assert (wrapped.id, wrapped.text) == ("wrapped", "A box that is ticked in the file is open in a checklist")
    assert (wrapped.check, wrapped.detail) == ("receipt-succeeded", ())
    assert (wrapped.action, df.action) == ("retry", None)
    assert playbook.causes == (CauseRow(symptom="ENOSPC", cause="a | b", fix="Delete"),)
    assert playbook.body.startswith("# Disk full\n")
    assert (playbook.path, playbook.shipped) == ("/c/disk-full.md", False)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    plain, _ = parse_playbook(GOOD, "x", stem="x")
    windows, problems = parse_playbook("\ufeff" + GOOD.replace("\n", "\r\n"), "x", stem="x")
    assert (windows, problems) == (plain, ())


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "no front matter"),
        ("# Only Markdown\n- [ ] a\n", 1, "no front matter"),
        ("+++\nid = 'a'\n", 1, "without an end"),
        ("+++\nid = 'a'\ntitle = \n+++\n- [ ] a\n", 3, "not TOML"),
        ("+++\nid = 'a'\nid = 'b'\n+++\n", 3, "not TOML"),
    ],
)
def test_a_file_without_readable_front_matter_is_no_playbook(text: str, line: int, reason: str) -> None:
    playbook, problems = parse(text)
    assert playbook is None
    assert [(number, reason in said) for number, said in problems] == [(line, True)]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('id = "disk-full"\n', "", 1, "no id"),
        ('id = "disk-full"', 'id = "Disk full"', 2, "'Disk full' is no id"),
        ('title = "Disk full"\n', "", 1, "no title"),
        ('title = "Disk full"', "title = 3", 3, "no title"),
        ('severity = "SEV2"', 'severity = "bad"', 5, "severity 'bad'"),
        ('severity = "SEV2"', 'sevrity = "SEV2"', 5, "unknown front matter key 'sevrity'"),
        ('states = ["failed"]', 'states = ["broken"]', 6, "unknown run state 'broken'"),
        ('states = ["failed"]', 'states = "failed"', 6, "states must be a list"),
        ('["No space left"]', '["(", "x"]', 7, "no regular expression"),
        ("id: df;", "id: DF;", 16, "'DF' is no item id"),
        ("id: df;", "", 16, "item without id"),
        ("id: df;", "ident: df;", 16, "unknown attribute 'ident'"),
        ("id: df;", "df;", 16, "no attribute: 'df'"),
        ("id: wrapped;", "id: df;", 20, "item id 'df' is used twice"),
        ('df -h "{run}"', 'df -h "{run}', 16, "cannot be split"),
        ("check: receipt-succeeded", "check: ", 20, "'check' is empty"),
        ("check: receipt-succeeded", "action: Do it", 20, "action 'Do it' is no id"),
        ("| `ENOSPC` | a \\| b | Delete |", "| `ENOSPC` |", 36, "has 1 cells, not 3"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_the_rest_is_used(old: str, new: str, line: int, reason: str) -> None:
    assert GOOD.count(old) == 1
    playbook, problems = parse_playbook(GOOD.replace(old, new), "x.md", stem="x")
    assert playbook is not None
    assert len(playbook.items) == 2
    assert (line, True) in [(problem.line, reason in problem.reason) for problem in problems]


def test_items_without_usable_ids_still_get_unique_ones() -> None:
    text = "+++\nid = 'a'\ntitle = 'A'\n+++\n" + "- [ ] Same words!\n" * 3 + "- [ ] ???\n"
    playbook, problems = parse_playbook(text, "x", stem="x")
    assert playbook is not None
    assert [item.id for item in playbook.items] == ["same-words", "same-words-2", "same-words-3", "item"]
    assert [problem.line for problem in problems] == [5, 6, 6, 7, 7, 8]


@settings(deadline=None)
@given(st.text())
def test_no_text_makes_the_parser_raise(text: str) -> None:
    read_document(text)
    parse_playbook(text, "x", stem="x")


PIECES = [
    "+++", "id = 'a'", "title = 1", "- [ ] ", "- [x] a", "  - b", "<!--", "-->", "id: a;", "|", "|---|", "| Fix |",
    "```", "~~~~", "# ", "## x", "Symptom | Cause | Fix", "command: '", "\t", "\r", " ", "[" * 50, "states = ['']",
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES)), st.sampled_from(["", "\n", " "]), st.booleans())
def test_no_mixture_of_its_own_marks_makes_the_parser_raise(pieces: list[str], glue: str, headed: bool) -> None:
    text = ("+++\nid = 'a'\ntitle = 'A'\n+++\n" if headed else "") + glue.join(pieces)
    playbook, problems = parse_playbook(text, "x", stem="???")
    ids = [item.id for item in playbook.items] if playbook else []
    assert len(ids) == len(set(ids))
    assert all(NAME.fullmatch(each) for each in ids)
    assert all(problem.reason for problem in problems)
    assert playbook is not None or problems


# --- the library -------------------------------------------------------------------------------------------------


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "playbooks"
    folder.mkdir()
    return folder


def test_the_shipped_playbooks_are_whole_and_without_problems() -> None:
    library = load_library()
    assert library.problems == ()
    assert {"failed-run", "stuck-run", "response-protocol"} <= {playbook.id for playbook in library.playbooks}
    for playbook in library.playbooks:
        assert playbook.shipped
        assert playbook.items
        assert Path(playbook.path).stem == playbook.id
        assert all(len(item.id) <= 20 for item in playbook.items)


def test_the_response_protocol_has_a_section_for_each_phase_with_the_ids_that_gates_name() -> None:
    protocol = load_library().get("response-protocol")
    assert protocol is not None
    sections: dict[str, list[str]] = {}
    for item in protocol.items:
        sections.setdefault(item.section, []).append(item.id)
    assert list(sections) == ["Detect", "Contain", "Diagnose", "Fix", "Verify", "Document"]
    for section, ids in sections.items():
        assert all(each.startswith(f"{section.lower()}-") for each in ids)
    assert {"contain-harm-stopped", "contain-scope", "contain-notified", "contain-documented"} <= set(
        sections["Contain"]
    )
    assert {"fix-root-cause", "fix-tested", "fix-rollback-plan", "fix-documented"} <= set(sections["Fix"])
    assert {"verify-original", "verify-related", "verify-evidence", "verify-no-new"} <= set(sections["Verify"])


def test_the_shipped_commands_are_the_documented_ones() -> None:
    library = load_library()
    retry = ("make", "stepwise-retry", "RUN_ID={run}", "FLOW={flow}", "STEP={step}")
    resume = ("make", "stepwise-{flow}", "RUN_ID={run}", "START_STEP={step}")
    commands = {
        full_id: item.command
        for full_id in ("failed-run/retry", "stuck-run/retry", "stuck-run/resume")
        if (item := library.item(full_id))
    }
    assert commands == {"failed-run/retry": retry, "stuck-run/retry": retry, "stuck-run/resume": resume}


def test_files_are_read_once_and_not_before_somebody_asks() -> None:
    asked: list[int] = []

    def read() -> tuple[tuple[Playbook, ...], tuple[Problem, ...]]:
        asked.append(1)
        return (Playbook(id="a", title="A"),), ()

    library = Library(read=read)
    assert asked == []
    assert library.get("a") is library.playbooks[0]
    assert library.problems == ()
    assert asked == [1]


def test_looking_up() -> None:
    library = load_library()
    assert library.get("nope") is None
    assert library.item("nope/receipt") is None
    assert library.item("failed-run/nope") is None
    assert library.item("failed-run") is None


def test_the_users_playbooks_add_to_the_shipped_ones_and_win_over_them(user: Path) -> None:
    (user / "disk.md").write_text(GOOD)
    (user / "mine.md").write_text(GOOD.replace("disk-full", "failed-run"))
    (user / "notes.txt").write_text("not looked at")
    (user / ".hidden.md").write_text("not looked at")
    library = load_library(user)
    assert library.problems == ()
    disk, failed, stuck = (library.get(each) for each in ("disk-full", "failed-run", "stuck-run"))
    assert disk is not None
    assert failed is not None
    assert stuck is not None
    assert (disk.shipped, failed.shipped, stuck.shipped) == (False, False, True)
    assert failed.path == str(user / "mine.md")
    assert (failed.overrides, disk.overrides, stuck.overrides) == ("library/failed-run.md", None, None)


def test_the_same_id_twice_is_a_problem_and_the_first_file_wins(user: Path) -> None:
    (user / "a.md").write_text(GOOD)
    (user / "b.md").write_text(GOOD.replace('"Disk full"', '"Other"'))
    library = load_library(user)
    found = library.get("disk-full")
    assert found is not None
    assert found.title == "Disk full"
    assert [problem.path for problem in library.problems] == [str(user / "b.md")]
    assert "taken by" in library.problems[0].reason


def test_files_that_cannot_be_read_are_problems_and_block_nothing(user: Path) -> None:
    (user / "latin.md").write_bytes("+++\nid = 'ä'\n".encode("latin-1"))
    (user / "huge.md").write_bytes(b"x" * (2 << 20))
    (user / "folder.md").mkdir()
    os.mkfifo(user / "fifo.md")
    (user / "gone.md").symlink_to(user / "nowhere")
    (user / "nul.md").write_bytes(b"\0" * 100)
    library = load_library(user)
    assert {Path(problem.path).name for problem in library.problems} == {
        "latin.md", "huge.md", "folder.md", "fifo.md", "gone.md", "nul.md",
    }  # fmt: skip
    assert Problem(path=str(user / "latin.md"), line=2, reason="not UTF-8") in library.problems
    assert library.get("failed-run") is not None


def test_a_missing_directory_is_no_problem_and_a_file_in_its_place_is(tmp_path: Path) -> None:
    assert load_library(tmp_path / "nowhere").problems == ()
    (tmp_path / "file").write_text("")
    assert len(load_library(tmp_path / "file").problems) == 1


# --- which one fits a run ----------------------------------------------------------------------------------------

T0 = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def a_run(state: RunState, text: str = "", *, source: str = "flow-studio", contradicted: bool = False) -> Run:
    evidence = Evidence(rank=Rank.RECEIPT, path="r/build/receipts/a.json", quote=text)
    return Run(
        ref=RunRef(source=source, root="/r", path="r", id="r"),
        state=state,
        contradicted=contradicted,
        reasons=(Reason(text="it ended", evidence=(evidence,)),),
    )


def suggested(library: Library, run: Run) -> str | None:
    found = library.suggest(run)
    return found.id if found else None


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (a_run(RunState.FAILED), "failed-run"),
        (a_run(RunState.INTERRUPTED), "failed-run"),
        (a_run(RunState.STUCK), "stuck-run"),
        (a_run(RunState.BLOCKED, "ModuleNotFoundError: x"), "stuck-run"),
        (a_run(RunState.SUCCEEDED), None),
        (a_run(RunState.SUCCEEDED, "ModuleNotFoundError: x"), None),
        (a_run(RunState.SUCCEEDED, "ModuleNotFoundError: x", contradicted=True), "failed-run"),
        (a_run(RunState.RUNNING, "max_iterations_reached:3", contradicted=True), "stuck-run"),
        (a_run(RunState.FAILED, source="another"), "response-protocol"),
    ],
)
def test_the_shipped_playbook_for_a_run(run: Run, expected: str | None) -> None:
    assert suggested(load_library(), run) == expected


def test_a_signature_decides_between_playbooks_for_the_same_state(user: Path) -> None:
    (user / "disk.md").write_text(GOOD)
    library = load_library(user)
    assert suggested(library, a_run(RunState.FAILED, "OSError: no space LEFT on device")) == "disk-full"
    assert suggested(library, a_run(RunState.FAILED, "ModuleNotFoundError: x")) == "failed-run"


def test_with_nothing_else_to_decide_the_users_own_comes_first(user: Path) -> None:
    (user / "mine.md").write_text(GOOD.replace("disk-full", "zz-mine"))
    assert suggested(load_library(user), a_run(RunState.FAILED)) == "zz-mine"
