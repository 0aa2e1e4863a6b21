"""`cockpit handoff`: what the next shift reads."""

from pathlib import Path

import pytest

from tests.cli.conftest import FAILED, Cli, program
from tests.samples import FORBIDDEN

INC = "inc-20261121-01"
SECRET = "sk-ant-" + "api03-abcdefghij0123456789"


@pytest.fixture
def shift(cli: Cli, root: Path) -> Path:
    """An open incident with an overdue update, task and call; and one that is closed."""
    cli("incident", "declare", "--title", "Builds <b>time</b> out | now", "--severity", "SEV2", "--run", FAILED).ok()
    cli("incident", "update", INC, "looking", "--next", "5m").ok()
    cli("incident", "task", INC, "Raise it", "--owner", "bob", "--due", "10m", "--verify", "a run").ok()
    cli("incident", "escalate", INC, "L2", "--reason", "no idea").ok()
    cli("incident", "declare", "--title", "A drill", "--severity", "SEV4").ok()
    cli("incident", "close", "02", "--override", "only a drill").ok()
    return root


LATER = ("--now", "2026-11-21T04:31:00Z")


def test_it_says_what_the_next_shift_must_know(cli: Cli, shift: Path) -> None:
    assert shift.is_dir()
    text = cli("handoff", *LATER).ok().out
    assert text.startswith(
        "# Shift hand-off\n\n2026-11-20T16:31:00Z to 2026-11-21T04:31:00Z. Open incidents: 1, closed: 1, "
        "runs that need attention: "
    )
    assert f"### SEV2 {INC}: Builds \\<b\\>time\\</b\\> out \\| now" in text
    assert "- Phase: detect, open for 30 min (declared 2026-11-21T04:01:00Z)" in text
    assert "- Next update: OVERDUE by 25 min (2026-11-21T04:06:00Z)" in text
    assert "- Task t1: Raise it (bob, pending, by 2026-11-21T04:11:00Z, OVERDUE)" in text
    for pending in (
        "nobody has the command",
        "L2 (Technical lead) was called at 2026-11-21T04:01:00Z, no answer yet",
        "task t1 is overdue: Raise it",
    ):
        assert f"- {INC}: {pending}".casefold() in text.casefold()
    assert "SEV4 inc-20261121-02: A drill, 2026-11-21T04:01:00Z by" in text
    assert "only a drill" in text
    assert f"| failed | `{FAILED}` | build.implement |" in text
    assert "Update: looking" in text
    assert "(journal #1)" in text


def test_what_a_gate_misses_is_named(cli: Cli, shift: Path) -> None:
    assert shift.is_dir()
    cli("incident", "phase", INC, "contain", "--override", "now").ok()
    document = cli("handoff", "--json").ok().json
    (one,) = document["incidents"]
    assert one["phase"] == "contain"
    assert any("immediate harm" in text for text in one["missing"])


def test_the_shift_ends_where_it_began(cli: Cli, shift: Path) -> None:
    assert shift.is_dir()
    late = cli("handoff", *LATER, "--since", "10m", "--json").ok().json
    assert (late["done"], late["closed"], len(late["incidents"])) == ([], [], 1)
    refused = cli("handoff", *LATER, "--since", "2026-11-22T00:00:00Z")
    assert (refused.code, "--since is still to come" in refused.err) == (2, True)


def test_the_same_shift_is_the_same_bytes(cli: Cli, shift: Path) -> None:
    assert shift.is_dir()
    here = cli("handoff", *LATER).ok().out
    assert program("handoff", *LATER, TZ="Pacific/Kiritimati", PYTHONHASHSEED="1").out == here
    assert program("handoff", *LATER, LC_ALL="C.UTF-8", TZ="America/St_Johns", PYTHONHASHSEED="2").out == here


def test_a_file_is_written_whole_and_never_over_another(cli: Cli, shift: Path, tmp_path: Path) -> None:
    before = (shift / ".cockpit" / "journal.jsonl").read_bytes()
    target = tmp_path / "handoff.md"
    done = cli("handoff", *LATER, "-o", target).ok()
    assert done.out == ""
    assert target.read_text("utf-8") == cli("handoff", *LATER).ok().out
    target.write_text("mine")
    refused = cli("handoff", *LATER, "-o", target)
    assert (refused.code, target.read_text()) == (2, "mine")
    cli("handoff", *LATER, "-o", target, "--force").ok()
    assert target.read_text("utf-8").startswith("# Shift hand-off")
    assert (shift / ".cockpit" / "journal.jsonl").read_bytes() == before, "looking records nothing"


def test_secrets_and_escapes_stay_out(cli: Cli, shift: Path) -> None:
    assert shift.is_dir()
    cli("incident", "note", INC, f"the key is {SECRET} \x1b]52;c;aGk=\x07").ok()
    for arguments in (("handoff",), ("handoff", "--json")):
        out = cli(*arguments).ok().out
        assert SECRET not in out
        assert not any(FORBIDDEN.search(line) for line in out.splitlines())


def test_an_own_template_goes_first(cli: Cli, shift: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shift.is_dir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "handoff.md.j2").write_text("{{ incidents | length }} open\n")
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("COCKPIT_CONFIG", str(tmp_path / "config.toml"))
    assert cli("handoff").ok().out == "1 open\n"


def test_an_empty_shift_says_so(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    text = cli("handoff").ok().out
    for part in ("## Open incidents\n\nNone.", "## Closed in this shift\n\nNone.", "Nothing was recorded."):
        assert part in text


def test_status_says_when_the_next_update_is_due(cli: Cli, shift: Path) -> None:
    """Also where another clock is more pressing: the one to contain runs out a minute earlier here."""
    assert shift.is_dir()
    cli("incident", "update", INC, "still looking", "--next", "2026-11-22T00:01:00Z").ok()
    assert f"{INC}  next update in 19h59m" in cli("status", "--now", "2026-11-21T04:01:30Z").ok().out
    late = cli("status", "--now", "2026-11-22T01:01:00Z").ok().out
    assert f"{INC}  next update OVERDUE by 1h" in late
    cli("incident", "update", INC, "more", "--next", "5m").ok()
    early = cli("status", "--now", "2026-11-21T04:02:00Z").ok().out
    assert "update in 4m" in early, "the table itself shows the clock that runs out first"
    assert "next update" not in early
