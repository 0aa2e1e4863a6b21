"""`playbooks`: the list, a page, one's own in the place of a shipped one, and lint as a script would use it."""

import os
import re
from pathlib import Path

from cockpit import locations
from cockpit.playbooks.checks import known_checks
from cockpit.playbooks.loader import load_library
from tests.cli.conftest import Cli
from tests.conftest import REPOSITORY

MINE = """\
+++
id = "failed-run"
title = "Failed run, our way"
systems = ["flow-studio"]
states = ["failed"]
+++

# Failed run

## Look

- [ ] Look at it \x1b[31m[/x] <!-- id: look; command: true -->
"""


def own(text: str, name: str = "mine.md") -> Path:
    folder = locations.config_dir() / "playbooks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_the_list_names_every_playbook_once(cli: Cli) -> None:
    lines = cli("playbooks").ok().out.splitlines()
    assert lines[0].split() == ["PLAYBOOK", "ITEMS", "FOR", "FROM", "TITLE"]
    assert [line.split()[0] for line in lines[1:]] == [book.id for book in load_library().playbooks]
    assert cli("playbooks", "list").ok().out.splitlines() == lines
    assert cli("playbooks", "list", "failed-run").code == 2


def test_ones_own_takes_the_place_of_a_shipped_one_and_the_list_says_so(cli: Cli) -> None:
    path = own(MINE)
    line = next(line for line in cli("playbooks").ok().out.splitlines() if line.startswith("failed-run "))
    assert line.endswith("yours    Failed run, our way (instead of library/failed-run.md)")
    book = cli("playbooks", "show", "failed-run", "--json").ok().json
    assert (book["path"], book["overrides"], book["shipped"]) == (str(path), "library/failed-run.md", False)
    assert cli("playbooks", "lint").ok().out == "" or "failed-run" not in cli("playbooks", "lint").out


def test_a_page_and_the_file_behind_it(cli: Cli) -> None:
    page = cli("playbooks", "show", "failed-run", "stuck-run").ok().out
    assert page.startswith("# Failed run\nfailed-run; for flow-studio;")
    assert "\n\n# Stuck run\n" in page
    assert "    $ make stepwise-retry RUN_ID={run} FLOW={flow} STEP={step}\n" in page
    assert "<!--" not in page
    raw = cli("playbooks", "show", "failed-run", "--raw").ok().out
    assert raw == (REPOSITORY / "cockpit" / "playbooks" / "library" / "failed-run.md").read_text()
    own(MINE)
    for flag in ((), ("--raw",)):
        shown = cli("playbooks", "show", "failed-run", *flag).ok().out
        assert "Look at it [/x]" in shown
        assert "\x1b" not in shown


def test_lint_of_files(cli: Cli, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.md", tmp_path / "bad.md"
    good.write_text(MINE)
    bad.write_text(MINE.replace("command: true", "check: nope; command: no-such-program-here {x}"))
    os.mkfifo(tmp_path / "fifo.md")
    assert cli("playbooks", "lint", good).ok().err.endswith("1 playbook: nothing to complain of\n")
    assert "is taken by" in cli("playbooks", "lint", good, bad).out
    found = cli("playbooks", "lint", bad)
    assert found.code == 1
    lines = found.out.splitlines()
    assert all(line.startswith(f"{bad}:12: ") for line in lines)
    assert [line.split(": ")[1] for line in lines] == ["error", "error", "warning"]
    assert cli("playbooks", "lint", bad, "--json").json[0] == {
        "level": "error", "line": 12, "path": str(bad), "reason": "command names {x}; known are {flow} {run} {step}",
    }  # fmt: skip
    assert cli("playbooks", "lint", tmp_path / "fifo.md", tmp_path / "none.md").code == 1


def test_lint_without_files_looks_at_ones_own_and_at_the_library(cli: Cli) -> None:
    clean = cli("playbooks", "lint", "--json").ok().json
    assert {one["level"] for one in clean} <= {"warning"}
    path = own(MINE.replace("id: look", "id: Look"))
    found = cli("playbooks", "lint")
    assert found.code == 1
    assert re.search(rf"^{re.escape(str(path))}:12: error: 'Look' is no item id", found.out, re.MULTILINE)
    assert "problem in playbook files" in cli("playbooks").ok().err or "problems in" in cli("playbooks").ok().err


def checks_table() -> str:
    """The table of checks that the guide holds between its marks."""
    rows = [
        f"| `{one.id}` | {one.title} | {' or '.join(f'`{need}`' for need in one.needs)} |"
        for one in known_checks().values()
    ]
    return "\n".join(["| check | met when | needs |", "|---|---|---|", *rows])


def test_the_guide_lists_the_checks_there_are() -> None:
    guide = (REPOSITORY / "docs" / "playbooks.md").read_text()
    shown = guide.split("<!-- checks -->\n")[1].split("\n<!-- /checks -->")[0]
    assert shown == checks_table(), "put this table between the marks"


def test_the_example_of_the_guide_is_a_good_playbook(cli: Cli, tmp_path: Path) -> None:
    guide = (REPOSITORY / "docs" / "playbooks.md").read_text()
    (example,) = re.findall(r"````markdown\n(.*?)````", guide, re.DOTALL)
    path = tmp_path / "example.md"
    path.write_text(example)
    assert cli("playbooks", "lint", path).ok().out == ""
