"""The post-mortem on the command line: what is missing shows, people's words stay, and a check finds what is wrong."""

from pathlib import Path

import pytest

from tests.cli.conftest import FAILED, Cli, program

INC = "inc-20261121-01"
ELEMENTS = ("summary", "impact", "root-cause", "contributing-factors", "prevention")
PASSWORD = "battery-staple-7"


@pytest.fixture
def incident(root: Path, cli: Cli) -> Path:
    """A declared incident with a decision, a person and nothing written yet."""
    cli("incident", "declare", "--title", "Builds # time out", "--answers", "yn", "--run", FAILED).ok()
    cli("incident", "decide", INC, "Raise the limit", "--because", "it is safe").ok()
    cli("incident", "role", INC, "ic", "me", "--did", "led").ok()
    return root


def fill(cli: Cli, *keys: str) -> None:
    for key in keys:
        cli("incident", "section", INC, key, f"The text of {key}.").ok()
    cli("incident", "task", INC, "Watch the limit", "--owner", "SRE", "--due", "2d", "--verify", "an alert fires").ok()


def test_what_nobody_wrote_is_visibly_missing(cli: Cli, incident: Path) -> None:
    made = cli("postmortem", INC).ok()
    assert made.out.startswith("# Post-mortem: Builds \\# time out\n")
    for title in ("Summary", "Impact", "Root cause", "Contributing factors", "Action items", "Prevention measures"):
        assert f"> **Missing: {title}.**" in made.out
        assert f"missing: {title}" in made.err
    assert made.out.count("**Missing:**") == 10, "five levels and five whys"
    assert cli("postmortem", INC, "--json").ok().json["missing"] == [
        "Summary", "Impact", "Root cause", "Contributing factors", "Action items", "Prevention measures",
    ]  # fmt: skip


def test_every_row_of_the_timeline_names_its_evidence(cli: Cli, incident: Path) -> None:
    out = cli("postmortem", INC).ok().out
    table = out.split("<!-- cockpit:begin timeline -->")[1].split("<!-- cockpit:end timeline -->")[0]
    rows = [line for line in table.splitlines() if line.startswith("| 2026-")]
    assert len(rows) >= 4
    assert all("journal #" in row or "`" in row.rsplit("|", 2)[1] for row in rows)
    assert any(f"`{FAILED}/events.jsonl:5`" in row for row in rows)


def test_a_complete_one_passes_its_check(cli: Cli, incident: Path, tmp_path: Path) -> None:
    fill(cli, *ELEMENTS, "why-1", "systemic-issue")
    target = tmp_path / "pm.md"
    cli("postmortem", INC, "-o", target).ok()
    checked = cli("postmortem", INC, "--check", target, "--json").ok().json
    assert checked == {
        "path": str(target), "incident": INC, "ok": True, "differs": [], "lost": [], "missing": [], "blames": [],
        "secrets": 0,
    }  # fmt: skip
    text = target.read_text()
    assert "The text of why-1." in text
    assert "- [ ] **Action**: Watch the limit\n  - **Owner**: SRE\n  - **Deadline**: 2026-11-23" in text
    assert "| incident-commander |" in text


def test_a_check_names_the_parts_that_differ(cli: Cli, incident: Path, tmp_path: Path) -> None:
    fill(cli, *ELEMENTS)
    target = tmp_path / "pm.md"
    cli("postmortem", INC, "-o", target).ok()
    cli("incident", "note", INC, "It happened again").ok()
    target.write_text(target.read_text().replace("Raise the limit", "Lower the limit"))
    checked = cli("postmortem", INC, "--check", target, "--json")
    assert (checked.code, checked.json["differs"]) == (1, ["timeline", "decisions"])
    said = cli("postmortem", INC, "--check", target)
    assert f"{target}: decisions no longer matches record and evidence" in said.out


def test_people_write_in_the_file_and_it_is_kept(cli: Cli, incident: Path, tmp_path: Path) -> None:
    target = tmp_path / "pm.md"
    cli("postmortem", INC, "-o", target).ok()
    text = target.read_text()
    mark = "<!-- cockpit:end impact -->\n"
    target.write_text(text.replace(mark, f"{mark}\nAll nightly builds, for six hours.\n"))
    made = cli("postmortem", INC, "-o", target).ok()
    assert "missing: Impact" not in made.err
    assert "missing: Summary" in made.err
    after = target.read_text()
    assert "All nightly builds, for six hours." in after
    assert "**Missing: Impact.**" not in after
    assert cli("postmortem", INC, "--check", target, "--json").json["differs"] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("John broke the deploy.", 1),
        ("Nobody reviewed properly.", 1),
        ("The deploy script failed.", 0),
        ("The validation didn't catch this.", 0),
    ],
)
def test_blame_is_found_with_its_line(cli: Cli, incident: Path, tmp_path: Path, text: str, found: int) -> None:
    fill(cli, *ELEMENTS)
    target = tmp_path / "pm.md"
    cli("postmortem", INC, "-o", target).ok()
    target.write_text(f"{target.read_text()}\n{text}\n")
    checked = cli("postmortem", INC, "--check", target, "--json")
    assert (checked.code, len(checked.json["blames"])) == (found, found)
    for each in checked.json["blames"]:
        assert target.read_text().splitlines()[each["line"] - 1] == text
        assert each["ask"].endswith("?")


def test_nobody_elses_file_is_replaced(cli: Cli, incident: Path, tmp_path: Path) -> None:
    target = tmp_path / "pm.md"
    target.write_text("my notes\n")
    refused = cli("postmortem", INC, "-o", target)
    assert (refused.code, target.read_text()) == (2, "my notes\n")
    target.write_text("<!-- cockpit:begin impact -->\n")
    refused = cli("postmortem", INC, "-o", target)
    assert (refused.code, target.read_text()) == (2, "<!-- cockpit:begin impact -->\n")
    assert "impact has no end" in refused.err
    cli("postmortem", INC, "-o", target, "--force").ok()
    assert target.read_text().startswith("# Post-mortem")


def test_a_secret_of_the_evidence_is_none_of_the_reports(cli: Cli, incident: Path) -> None:
    log = incident / FAILED / "build" / "logs" / "implement.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(f'{{"password": "{PASSWORD}"}}\n')
    cli("incident", "note", INC, f"tried {PASSWORD} in vain").ok()
    for arguments in ((), ("--json",)):
        made = cli("postmortem", INC, *arguments).ok()
        assert PASSWORD not in made.out + made.err
        assert "in vain" in made.out


def test_it_is_the_same_anywhere(cli: Cli, incident: Path) -> None:
    fill(cli, *ELEMENTS)
    here = cli("postmortem", INC).ok().out
    there = program(
        "postmortem", INC, TZ="Asia/Tokyo", LANG="C", PYTHONHASHSEED="9", COCKPIT_NOW="2026-11-21T08:00:00Z"
    )
    assert there.code == 0, there.err
    assert there.out == here


def test_a_template_of_ones_own_is_used_and_told_where_it_is_wrong(
    cli: Cli, incident: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_CONFIG", str(tmp_path / "own" / "config.toml"))
    folder = tmp_path / "own" / "templates"
    folder.mkdir(parents=True)
    (tmp_path / "own" / "config.toml").write_text("")
    mine = folder / "postmortem.md.j2"
    mine.write_text("Ours: {{ report.incident.id | inline }}\n")
    assert cli("postmortem", INC).ok().out == f"Ours: {INC}\n"
    mine.write_text("one\n{{ report.nothing.here }}\n")
    wrong = cli("postmortem", INC)
    assert wrong.code == 2
    assert f"{mine}:2" in wrong.err
    mine.write_text("{{ ''.__class__.__mro__ }}")
    assert cli("postmortem", INC).code == 2
