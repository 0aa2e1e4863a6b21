"""What `playbooks lint` complains of: whatever would be dead once somebody works the playbook."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.playbooks.checks import known_checks
from cockpit.playbooks.lint import Complaint, Gravity, lint, read
from cockpit.playbooks.loader import BookFile, book_files, load_library
from cockpit.sources import registry

SYSTEMS = frozenset(("flow-studio", "custom"))
GOOD = """\
+++
id = "disk-full"
title = "Disk full"
systems = ["flow-studio"]
severity = "SEV2"
signatures = [
  "No space left",
]
+++

# Disk full

## Look

- [ ] See how full it is <!-- id: df; command: df -h "{run}" -->
- [ ] Its log says so <!-- id: log; check: artifact-exists; evidence: {flow}/logs/{step}.jsonl -->
- [ ] Run it again <!-- id: again; check: job-succeeded; action: retry -->
"""
DF, LOG, AGAIN = 15, 16, 17


def here(program: str) -> str | None:
    return f"/bin/{program}" if program in ("df", "make", "env") else None


def complaints(text: str | bytes, path: str = "x.md", *, shipped: bool = False) -> tuple[Complaint, ...]:
    data = text.encode() if isinstance(text, str) else text
    return lint([BookFile(path, "x", data, shipped)], systems=SYSTEMS, which=here)


def test_a_good_playbook_is_not_complained_of() -> None:
    assert complaints(GOOD) == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("check: artifact-exists", "check: artifact-exits", LOG, "dead check: there is no 'artifact-exits'; there are"),
        ("; evidence: {flow}/logs/{step}.jsonl", "", LOG, "dead check: 'artifact-exists' needs `evidence:`"),
        ("; action: retry", "", AGAIN, "dead check: 'job-succeeded' needs `action:` or `command:`"),
        ("{flow}/logs", "{flaw}/logs", LOG, "names {flaw}; known are {agent} {flow} {run} {step}"),
        ("{flow}/logs", "{flow/logs", LOG, "has a brace without its partner"),
        ("{flow}/logs", "/var/logs", LOG, "leaves the run"),
        ("{flow}/logs", "~/logs", LOG, "leaves the run"),
        ("{flow}/logs", "{flow}/../logs", LOG, "leaves the run"),
        ("{flow}/logs", "**/logs", LOG, "never crosses"),
        ("{flow}/logs", "{flow}\\logs", LOG, "backslash"),
        ('df -h "{run}"', 'df -h "{agent}"', DF, "command names {agent}; known are {flow} {run} {step}"),
        ('df -h "{run}"', "df -h {run", DF, "brace without its partner"),
        ('df -h "{run}"', "df -h | head", DF, "without a shell: '|' would be an argument"),
        ('df -h "{run}"', "df -h $(pwd)", DF, "without a shell: '$(pwd)'"),
        ('df -h "{run}"', "{run} -h", DF, "cannot be a field"),
        ('df -h "{run}"', "A=1 df -h", DF, "which alone knows 'A=1'"),
        ('df -h "{run}"', "cd /tmp", DF, "which alone knows 'cd'"),
        ('df -h "{run}"', 'df -h "', DF, "cannot be split"),
        ("id: log", "id: df", LOG, "item id 'df' is used twice"),
        ("id: log", "id: Log", LOG, "'Log' is no item id"),
        ('systems = ["flow-studio"]', 'systems = ["flow-stuido"]', 4, "unknown system 'flow-stuido'; there are custom"),
        ('"SEV2"', '"SEV5"', 5, "severity 'SEV5' is none of"),
        ('"No space left"', '"("', 6, "no regular expression"),
        ('"No space left"', '"x?"', 6, "signature 'x?' matches every text"),
        ("# Disk full\n\n## Look\n", "", None, "no heading"),
        ('title = "Disk full"', "title = ", 3, "not TOML"),
    ],
)
def test_an_error_is_named_with_its_line(old: str, new: str, line: int | None, reason: str) -> None:
    assert GOOD.count(old) == 1
    found = complaints(GOOD.replace(old, new))
    assert [(one.line, one.level) for one in found if reason in one.reason] == [(line, Gravity.ERROR)], found


def test_a_program_that_is_not_here_may_be_on_another_host() -> None:
    (found,) = complaints(GOOD.replace('df -h "{run}"', "lsblk"))
    assert (found.level, found.line) == (Gravity.WARNING, DF)
    assert found.reason == "the program 'lsblk' of the command is not on this host"
    assert complaints(GOOD.replace('df -h "{run}"', "scripts/df.sh {run}")) == (), (
        "below the run's tree, wherever it is"
    )


def test_an_item_under_no_section_is_a_warning() -> None:
    found = complaints(GOOD.replace("## Look\n", ""))
    assert [(one.level, one.line) for one in found] == [(Gravity.WARNING, line - 1) for line in (DF, LOG, AGAIN)]


def test_an_id_may_take_the_place_of_a_shipped_one_and_of_no_other() -> None:
    shipped = BookFile("library/a.md", "a", GOOD.encode(), shipped=True)
    mine = BookFile("/c/a.md", "a", GOOD.encode(), shipped=False)
    theirs = BookFile("/c/b.md", "b", GOOD.encode(), shipped=False)
    assert lint([shipped, mine], systems=SYSTEMS, which=here) == ()
    (found,) = lint([shipped, mine, theirs], systems=SYSTEMS, which=here)
    assert (found.path, found.line) == ("/c/b.md", 1)
    assert "'disk-full' is taken by /c/a.md" in found.reason


def test_a_file_that_is_no_text_says_where() -> None:
    (found,) = complaints(GOOD.encode() + b"\xff")
    assert (found.line, found.reason) == (18, "not UTF-8")


def test_files_that_cannot_be_read_say_why_and_block_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.md")
    (tmp_path / "good.md").write_text(GOOD)
    for name, reason in (("fifo.md", "not a regular file"), ("none.md", "cannot be read"), (".", "")):
        file, found = read(tmp_path / name)
        assert file is None
        assert reason in found[0].reason
    file, found = read(tmp_path / "good.md")
    assert file is not None
    assert found == ()
    assert lint([file], systems=SYSTEMS, which=here) == ()


def test_the_library_has_no_error_and_every_check_it_names_is_known() -> None:
    systems = frozenset(source.id for source in registry.load().sources)
    found = lint(book_files(None, []), systems=systems, which=lambda program: f"/bin/{program}")
    assert found == ()
    named = {item.check for book in load_library().playbooks for item in book.items if item.check}
    assert named <= set(known_checks())
    assert len(named) >= 12


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["id: a", "check: x", "check: artifact-exists", "evidence: {", "evidence: ../{flow}", "command: '",
             "command: {a}", "command: |", "action: !", "<!--", "-->", "\n", "- [ ] a", "  - b", "; ", "\x00", "# x",
             "| a |\n|---|"]
        )
    )
)  # fmt: skip
def test_no_mixture_of_marks_makes_it_raise(pieces: list[str]) -> None:
    for one in complaints("+++\nid = 'a'\ntitle = 'A'\n+++\n# A\n- [ ] a <!-- " + " ".join(pieces)):
        assert one.reason
        assert one.line is None or one.line > 0
