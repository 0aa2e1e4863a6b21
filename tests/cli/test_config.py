"""`cockpit config`: what is in force and where it came from, what is wrong with it, and how it is edited."""

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cockpit.config_reference import template
from cockpit.root_file import FILE
from cockpit.settings import Settings
from tests.cli.conftest import FAILED, Cli
from tests.terminal import PtyProgram, cockpit_argv

GOOD = """\
theme = "light"
[[roots]]
path = "/srv/a"
database = "postgres://u:pa55w0rd@h/db"

[limits]
stuck_after = "20m"
[notify.mail]
command = ["mail", "-s", "{subject}"]
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    monkeypatch.setenv("COCKPIT_CONFIG", str(path))
    return path


def shown(cli: Cli, *words: object) -> dict[str, dict[str, Any]]:
    document = cli("config", "show", "--json", *words).ok().json
    return {entry["key"]: entry for entry in document["settings"]}


def test_each_setting_tells_where_it_came_from(file: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_AI_CSUITE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("COCKPIT_ROOT", "/b")
    found = shown(cli, "--read-only")

    def origin(key: str) -> tuple[Any, ...]:
        entry = found[key]
        return entry["value"], entry["origin"], entry["where"], entry["line"]

    assert origin("theme") == ("light", "file", str(file), 1)
    assert origin("glyphs") == ("ascii", "default", None, None)
    assert origin("roots.0.path") == ("/srv/a", "file", str(file), 3)
    assert origin("roots.0.label") == (None, "default", None, None)
    assert origin("limits.stuck_after") == (1200.0, "file", str(file), 7)
    assert origin("notify.mail.command") == (["mail", "-s", "{subject}"], "file", str(file), 9)
    assert origin("read_only") == (True, "option", "--read-only", None)
    assert origin("services.ai-csuite.url") == ("http://127.0.0.1:9", "environment", "COCKPIT_AI_CSUITE_URL", None)
    assert origin("watched.0") == ("/b", "environment", "COCKPIT_ROOT", None)


def test_every_field_of_the_settings_is_shown(file: Path, cli: Cli) -> None:
    assert {key.partition(".")[0] for key in shown(cli)} == set(Settings.model_fields)


def test_secrets_are_not_told(file: Path, cli: Cli) -> None:
    assert "pa55w0rd" not in cli("config", "show").ok().out
    assert shown(cli)["roots.0.database"]["value"] == "(hidden)"
    file.write_text('[[roots]]\npath = "/a"\ndatabase = "env:DSN"\n')
    assert shown(cli)["roots.0.database"]["value"] == "env:DSN"


def test_some_keys_and_what_was_changed(file: Path, cli: Cli) -> None:
    assert set(shown(cli, "limits", "theme")) == {"limits.stuck_after", "theme"}
    assert set(shown(cli, "--changed")) == {
        "theme", "roots.0.path", "roots.0.database", "limits.stuck_after", "notify.mail.command",
    }  # fmt: skip
    text = cli("config", "show", "--changed").ok()
    assert f"{file}:7" in next(line for line in text.out.splitlines() if line.startswith("limits.stuck_after"))
    wrong = cli("config", "show", "limit")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean limits?" in wrong.err


def test_a_file_is_checked_with_what_it_names(file: Path, cli: Cli, tmp_path: Path) -> None:
    assert "nothing is wrong" in cli("config", "check").ok().out
    broken = tmp_path / "broken.toml"
    broken.write_text('theme = "pink"\n[keys]\n"run.rety" = "F5"\n[[roots]]\npath = "/"\nsource = "cobol"\n')
    told = cli("config", "check", broken)
    assert told.code == 2
    lines = [line.removeprefix(f"cockpit: {broken}:") for line in told.err.splitlines()]
    assert [line.split(": ")[:2] for line in lines] == [
        ["1", "theme"], ["3", "keys.run.rety"], ["6", "roots.0.source"],
    ]  # fmt: skip
    document = cli("config", "check", broken, "--json").json
    assert (document["ok"], [each["line"] for each in document["mistakes"]]) == (False, [1, 3, 6])
    broken.write_text("[limits]\nstuck = 5\n")
    told = cli("config", "check", broken)
    assert (told.code, f"{broken}:2: limits.stuck: there is no such key; did you mean stuck_after?" in told.err) == (
        2,
        True,
    )
    assert cli("config", "check", tmp_path / "none.toml").code == 2
    assert cli("config", "check", "a", "b").code == 2


def test_without_a_file_there_are_defaults(cli: Cli, tmp_path: Path) -> None:
    assert {entry["origin"] for entry in shown(cli).values()} == {"default"}
    assert "there is none" in cli("config", "check").ok().out
    path = cli("config", "path").ok().out.strip()
    assert path.endswith("cockpit/config.toml")
    assert cli("config", "path", "--json").ok().json == {"exists": False, "file": path}
    assert cli("config", "path", "x").code == 2
    assert "theme" in cli("config").ok().out


def test_the_schema_knows_every_key(cli: Cli) -> None:
    schema = cli("config", "schema").ok().json
    assert set(schema["properties"]) == set(Settings.model_fields)
    assert schema["additionalProperties"] is False
    root = schema["$defs"]["RootSettings"]
    assert root["required"] == ["path"]
    assert "Refuse every action" in root["properties"]["read_only"]["description"]
    limits = schema["$defs"]["Limits"]["properties"]["stuck_after"]
    assert {option["type"] for option in limits["anyOf"]} == {"number", "string"}


def test_the_reference_and_the_template_are_printed(cli: Cli) -> None:
    assert "| `stuck_after` | time |" in cli("config", "reference").ok().out
    text = cli("config", "template").ok().out
    assert text == template()
    assert tomllib.loads(text) == {}
    said = "\n".join(line.removeprefix("# ") for line in text.splitlines()[2:])
    document = tomllib.loads(said)
    assert document["limits"] == {"stuck_after": 900}
    assert set(document) == set(Settings.model_fields) - {"custom", "actions"}


def test_editing_needs_a_terminal(cli: Cli) -> None:
    refused = cli("config", "edit")
    assert refused.code == 2
    assert "needs a terminal" in refused.err


@pytest.mark.e2e
def test_the_file_is_made_edited_and_checked_at_a_terminal(tmp_path: Path) -> None:
    path, editor = tmp_path / "deep" / "config.toml", tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\n"
        "path = pathlib.Path(sys.argv[-1])\n"
        "assert sys.argv[1] == '--wait' and '# theme = ' in path.read_text()\n"
        "path.write_text(path.read_text() + 'thme = 1\\n')\n"
    )
    env = {"VISUAL": f"{sys.executable} '{editor}' --wait", "COCKPIT_CONFIG": str(path)}
    with PtyProgram(cockpit_argv("config", "edit"), size=(160, 12), env=env) as terminal:
        terminal.wait_for("thme: there is no such key; did you mean theme?")
        assert terminal.wait() == 2
    assert path.read_text().endswith("thme = 1\n")
    with PtyProgram(cockpit_argv("config", "edit"), env={**env, "VISUAL": "no-such-editor"}) as terminal:
        terminal.wait_for("no-such-editor", "cannot be run")
        assert terminal.wait() == 2


def test_what_a_root_asks_for_itself_is_shown_and_held(root: Path, cli: Cli) -> None:
    own = root / FILE
    own.write_text('label = "theirs"\nread_only = true\ncommands = {}\n')
    found = shown(cli)
    entry = found[f"root.{root}.read_only"]
    assert (entry["value"], entry["origin"], entry["where"], entry["line"]) == (True, "root", str(own), 2)
    assert not [key for key in found if key.startswith("root.") and key.endswith("commands")]
    refused = cli("retry", FAILED, "--yes")
    assert refused.code == 2
    assert f"read-only: {own}:2 says so" in refused.err
    doctor = cli("doctor")
    assert doctor.code == 1
    assert f"{own}:3: commands: not for a root to say" in doctor.out
    own.write_text("read_only = perhaps\n")
    assert "until it is mended" in cli("retry", FAILED, "--yes").err


def test_an_action_that_wants_the_key_of_a_command_is_told_with_its_line(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[[actions]]\nid = "drain"\ntitle = "Drain"\nargv = ["true"]\nkey = "T"\n')
    told = cli("config", "check", path)
    assert told.code == 2
    assert told.err.strip().endswith(
        "own.toml:5: actions.0.key: T already belongs to run.retry; it works in the action menu only"
    )
    keys = cli("keys", "--json", "--config", path)
    assert {each["id"]: each["keys"] for each in keys.json}["own:drain"] == ["X", "T"]
    assert keys.code == 2
