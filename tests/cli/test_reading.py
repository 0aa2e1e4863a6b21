"""Verbs that only look: what they print, as text and as JSON, and how they end."""

import os
import shutil
from pathlib import Path

import pytest

from cockpit import __version__, locations
from cockpit.commands import COMMANDS
from cockpit.models.run import RunState
from tests.builders import FlowStudioRun
from tests.cli.conftest import DONE, FAILED, LIVE, NOW, Cli, build_failed, program
from tests.samples import FORBIDDEN
from tests.unit.test_documents import RUN


def test_runs_come_with_what_needs_attention_first(cli: Cli, root: Path) -> None:
    document = cli("runs", "--json").ok().json
    assert [(run["id"], run["state"]) for run in document] == [
        (FAILED, "failed"), (LIVE, "running"), (DONE, "succeeded"),
    ]  # fmt: skip
    assert all(set(run) >= RUN for run in document)
    assert document[0]["root"] == str(root)
    assert document[1]["silent_s"] == 10
    shown = cli("runs").ok()
    assert [line.split()[:2] for line in shown.out.splitlines()] == [
        ["STATE", "CLAIMS"], ["x", "failed"], [">", "running"], ["+", "succeeded"],
    ]  # fmt: skip
    assert "\x1b" not in shown.out
    assert shown.err == ""


def test_runs_are_filtered_and_limited(cli: Cli, root: Path) -> None:
    def ids(*more: str) -> list[str]:
        return [run["id"] for run in cli("runs", "--json", *more).ok().json]

    assert root.is_dir()
    assert ids("--filter", "state:failed") == ids("--filter", "!succ state:failed,pending") == [FAILED]
    assert ids("--limit", "2") == [FAILED, LIVE]
    assert ids("--limit", "0") == ids("--limit", "-1") == ids("--filter", "nothing-like-that") == []
    assert ids("--filter", "silent<30s") == [LIVE]
    broken = cli("runs", "--filter", "state:odd", "--json")
    assert (broken.code, broken.out) == (2, "")
    assert "no state 'odd'" in broken.err
    assert "no run matches zzz" in cli("runs", "--filter", "zzz").ok().err


def test_status(cli: Cli, root: Path) -> None:
    document = cli("status", "--json").ok().json
    assert document["counts"] == {"failed": 1, "running": 1, "succeeded": 1}
    assert [run["id"] for run in document["attention"]] == [FAILED]
    assert (document["incidents"], document["as_of"]) == ([], NOW)
    assert document["roots"][0]["path"] == str(root)
    assert document["roots"][0]["sources"] == ["flow-studio"]
    text = cli("status").ok().out
    assert str(root) in text
    assert "3 runs" in text
    assert FAILED in text
    assert LIVE not in text


def test_without_a_terminal_and_a_verb_it_is_the_status(cli: Cli, root: Path) -> None:
    assert cli().ok().out == cli("status").ok().out
    assert cli(root).ok().out == cli("status", "--root", root).ok().out
    assert cli("--json").ok().json["counts"]["failed"] == 1


def test_show(cli: Cli, root: Path) -> None:
    document = cli("show", FAILED, "--json").ok().json
    assert {"receipts", "handoffs", "routing", "events", "problems", "artifacts"} <= set(document)
    assert [(one["step"], one["status"]) for one in document["receipts"]] == [
        ("branch", "succeeded"), ("implement", "failed"),
    ]  # fmt: skip
    assert (document["state"], document["flow"], document["step"]) == ("failed", "build", "implement")
    assert document["reasons"][0]["evidence"]
    for one in document["reasons"][0]["evidence"]:
        assert (root / one["path"]).is_file()
    text = cli("show", FAILED).ok().out
    assert "TimeoutError: step exceeded 300s" in text
    assert "build › implement" in text
    assert "CONTINUE" in text


def test_a_run_that_cannot_be_read_is_bad(cli: Cli, root: Path) -> None:
    FlowStudioRun(root, "run-20261121-040000-zzz999").raw("meta.json", b"{torn")
    shown = cli("show", "run-20261121-040000-zzz999", "--json")
    assert (shown.code, shown.json["state"]) == (1, "unreadable")
    assert shown.json["problems"]
    assert "unreadable" in [run["state"] for run in cli("runs", "--json").ok().json]


def test_an_unknown_run_is_a_usage_error_with_a_suggestion(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    for verb in ("show", "actions", "checklist"):
        wrong = cli(verb, FAILED[:-1] + "2", "--json")
        assert (wrong.code, wrong.out) == (2, "")
        assert f"did you mean {FAILED}" in wrong.err
    assert cli("show", "nothing").code == 2


def test_namesakes_have_to_be_told_apart(cli: Cli, root: Path) -> None:
    shutil.copytree(root / FAILED, root / "examples" / FAILED)
    wrong = cli("show", FAILED)
    assert wrong.code == 2
    names = [line.removeprefix("cockpit:").strip() for line in wrong.err.splitlines()[1:]]
    assert len(names) == 2
    paths = {cli("show", name, "--json").ok().json["path"] for name in names}
    assert paths == {FAILED, f"examples/{FAILED}"}


def test_namesakes_in_two_roots_have_to_be_told_apart(cli: Cli, root: Path, tmp_path: Path) -> None:
    build_failed(tmp_path / "other")
    wrong = cli("show", FAILED, "--root", root, "--root", tmp_path / "other")
    names = [line.removeprefix("cockpit:").strip() for line in wrong.err.splitlines()[1:]]
    roots = {
        cli("show", name, "--json", "--root", root, "--root", tmp_path / "other").ok().json["root"] for name in names
    }
    assert roots == {str(root), str(tmp_path / "other")}


def test_global_options_stand_before_or_after_the_verb(cli: Cli, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    build_failed(other, "run-20261121-040000-ddd444")
    after = cli("runs", "--json", "--root", other, "--now", "2026-11-21T05:00:00Z").ok()
    before = cli("--now", "2026-11-21T05:00:00Z", "--root", other, "--json", "runs").ok()
    mixed = cli("--now=2026-11-21T05:00:00Z", "--json", "runs", f"--root={other}").ok()
    assert after == before == mixed
    assert [run["id"] for run in after.json] == ["run-20261121-040000-ddd444"]
    both = cli("--root", root, "runs", "--root", other, "--json").ok().json
    assert {run["root"] for run in both} == {str(root), str(other)}


def test_roots_come_from_the_line_the_environment_the_file_or_here(
    cli: Cli, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    build_failed(other)

    def roots(*more: object) -> list[str]:
        return [each["path"] for each in cli("status", "--json", *more).ok().json["roots"]]

    assert roots() == [str(root)]
    monkeypatch.setenv("COCKPIT_ROOT", f"{root}:{other}:")
    assert roots() == [str(root), str(other)]
    assert roots("--root", other, "--root", other) == [str(other)]
    config = tmp_path / "config.toml"
    config.write_text(f'[[roots]]\npath = "{other}"\nlabel = "staging"\n')
    monkeypatch.delenv("COCKPIT_ROOT")
    assert roots("--config", config) == [str(other)]
    monkeypatch.setenv("COCKPIT_CONFIG", str(config))
    assert roots() == [str(other)]
    monkeypatch.delenv("COCKPIT_CONFIG")
    monkeypatch.chdir(root)
    assert roots() == [str(root)]
    monkeypatch.chdir("/")
    nowhere = tmp_path / "empty"
    nowhere.mkdir()
    monkeypatch.chdir(nowhere)
    lost = cli("status")
    assert lost.code == 69
    assert "cockpit demo" in lost.err


@pytest.mark.parametrize(
    "verb", [["status"], ["runs"], ["show", FAILED], ["retry", FAILED, "--yes"], ["checklist", FAILED]]
)
def test_a_missing_root_is_69(cli: Cli, root: Path, verb: list[str]) -> None:
    for wrong in (root / "missing", root.parent / "Makefile"):
        lost = cli(*verb, "--json", "--root", wrong)
        assert (lost.code, lost.out) == (69, "")
        assert str(wrong) in lost.err


def test_a_root_that_is_missing_among_others_is_told(cli: Cli, root: Path) -> None:
    shown = cli("runs", "--json", "--root", root, "--root", root / "missing")
    assert len(shown.ok().json) == 3
    assert str(root / "missing") in shown.err
    assert str(root / "missing") in cli("status", "--root", root, "--root", root / "missing").ok().out


def test_as_of_another_moment(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert root.is_dir()
    late = cli("show", LIVE, "--json", "--now", "2026-11-22T04:00:00Z").ok().json
    assert (late["state"], late["silent_s"]) == ("stuck", 86_350)
    assert late["contradicted"]
    monkeypatch.setenv("COCKPIT_NOW", "2026-11-22T04:00:00Z")
    assert cli("show", LIVE, "--json").ok().json == late
    assert cli("show", LIVE, "--json", "--now", NOW).ok().json["state"] == "running"
    for wrong in ("yesterday", "0001-01-01T00:00:00+23:00"):
        assert cli("runs", "--now", wrong).code == 2


def test_a_broken_configuration_names_file_and_line(cli: Cli, root: Path, tmp_path: Path) -> None:
    assert root.is_dir()
    config = tmp_path / "config.toml"
    for text, line in (('theme = "dark"\ncolour = 1\n', 2), ("a = [\n1,\n2\n", None), ("\n\nmouse = \n", 3)):
        config.write_text(text)
        for verb in (["runs"], ["info"], ["keys"], []):
            wrong = cli(*verb, "--config", config)
            assert (wrong.code, wrong.out) == (2, "")
            assert wrong.err.startswith(f"cockpit: {config}:{f'{line}:' if line else ''}")
        doctor = cli("doctor", "--config", config)
        assert doctor.code == 1
        assert str(config) in doctor.out
    assert cli("runs", "--config", tmp_path / "none.toml").code == 2


def test_an_unknown_source_is_a_usage_error(cli: Cli, root: Path, tmp_path: Path) -> None:
    wrong = cli("runs", "--source", "nope")
    assert wrong.code == 2
    assert "flow-studio" in wrong.err
    assert len(cli("runs", "--json", "--source", "flow-studio").ok().json) == 3
    config = tmp_path / "config.toml"
    config.write_text(f'[[roots]]\npath = "{root}"\nsource = "nope"\n')
    assert cli("runs", "--config", config).code == 2
    doctor = cli("doctor", "--config", config, "--json")
    assert any("nope" in finding["told"] for finding in doctor.json if finding["ok"] is False)


@pytest.mark.parametrize(
    "arguments",
    [["runs", "--limit", "x"], ["show"], ["tick", "a"], ["skip", "a", "b"], ["audit", "erase"], ["--bogus"]],
)
def test_a_wrong_command_line_is_a_usage_error(cli: Cli, root: Path, arguments: list[str]) -> None:
    assert root.is_dir()
    wrong = cli(*arguments)
    assert (wrong.code, wrong.out) == (2, "")
    assert "usage:" in wrong.err


def test_version_and_help(cli: Cli) -> None:
    assert cli("--version").ok().out == f"cockpit {__version__}\n"
    assert "exit codes" in cli("--help").ok().out
    assert "--filter" in cli("runs", "--help").ok().out


def test_keys(cli: Cli, root: Path, tmp_path: Path) -> None:
    assert root.is_dir()
    document = cli("keys", "--json").ok().json
    assert {each["id"]: each["keys"] for each in document} == {each.id: list(each.keys) for each in COMMANDS}
    text = cli("keys").ok().out
    assert all(command.id in text for command in COMMANDS)
    config = tmp_path / "config.toml"
    config.write_text('[keys]\n"view.sort" = "f9"\n"run.explode" = "x"\n')
    remapped = cli("keys", "--json", "--config", config)
    assert remapped.code == 2
    assert {each["id"]: each["keys"] for each in remapped.json}["view.sort"] == ["f9"]
    assert "run.explode" in remapped.err


def test_info_and_doctor(cli: Cli, root: Path) -> None:
    facts = cli("info", "--json").ok().json
    assert facts["version"] == __version__
    assert facts["roots"] == [{"path": str(root), "state": str(root / ".cockpit")}]
    assert str(root) in cli("info").ok().out
    findings = cli("doctor", "--json").json
    assert {"python", "terminal", "root", "filesystem", "state", "make"} <= {each["name"] for each in findings}
    assert next(each for each in findings if each["name"] == "root")["ok"]
    lost = cli("doctor", "--root", root / "missing", "--json")
    assert lost.code == 1
    assert not (root / ".cockpit").exists()


def test_playbooks(cli: Cli, tmp_path: Path) -> None:
    document = cli("playbooks", "--json").ok().json
    assert {"failed-run", "stuck-run"} <= {book["id"] for book in document}
    assert "failed-run" in cli("playbooks").ok().out
    assert cli("playbooks", "show", "failed-run", "--json").ok().json["id"] == "failed-run"
    both = cli("playbooks", "show", "failed-run", "stuck-run", "--json").ok().json
    assert [book["id"] for book in both] == ["failed-run", "stuck-run"]
    assert "# Failed run" in cli("playbooks", "show", "failed-run").ok().out
    wrong = cli("playbooks", "show", "failed-run", "nope")
    assert (wrong.code, wrong.out) == (2, "")
    assert cli("playbooks", "show").code == 2
    assert "error" not in cli("playbooks", "lint").ok().err
    broken = tmp_path / "broken.md"
    broken.write_text("no front matter\n")
    lint = cli("playbooks", "lint", broken)
    assert lint.code == 1
    assert str(broken) in lint.out
    assert cli("playbooks", "lint", broken, "--json").json[0]["path"]


def test_ones_own_playbook_is_listed(cli: Cli) -> None:
    folder = locations.config_dir() / "playbooks"
    folder.mkdir(parents=True)
    front = 'id = "mine"\ntitle = "Mine [/x] \\u001b[31m"'
    (folder / "mine.md").write_text(f"+++\n{front}\n+++\n\n- [ ] Do it <!-- id: it -->\n")
    text = cli("playbooks").ok().out
    assert "yours" in text
    assert not FORBIDDEN.search(text.replace("\n", ""))


def test_a_closed_pipe_is_silent(root: Path) -> None:
    for number in range(300):
        FlowStudioRun(root, f"run-20261121-050000-{number:06d}").meta("failed", error="x" * 300)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = program("runs", "--json", stdout=writing)
    finally:
        os.close(writing)
    assert (ended.code, ended.err) == (0, "")


def test_a_full_disk_is_told(root: Path) -> None:
    assert root.is_dir()
    with Path("/dev/full").open("wb") as full:
        ended = program("runs", stdout=full.fileno())
    assert ended.code == 70
    assert "No space left" in ended.err
    assert "Traceback" not in ended.err


def test_any_encoding_of_the_terminal(root: Path) -> None:
    FlowStudioRun(root, "run-é日").meta("failed", error="naïve 🚀")
    text = program("runs", PYTHONIOENCODING="ascii")
    assert (text.code, text.err) == (0, "")
    assert text.out.isascii()
    document = program("runs", "--json", PYTHONIOENCODING="latin-1")
    assert "run-é日" in [run["id"] for run in document.ok().json]


def test_colours_only_on_a_terminal(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert root.is_dir()
    monkeypatch.setattr("cockpit.cli.output.coloured", lambda: True)
    assert "\x1b[31m" in cli("runs").ok().out
    assert "\x1b" not in cli("runs", "--json").ok().out


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_no_color_is_honoured(environment: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from cockpit.cli import output

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert output.coloured() is wanted


def test_a_crash_is_70_with_its_traceback_in_a_file(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert root.is_dir()

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("boom \x1b[31m")

    monkeypatch.setattr("cockpit.cli.runs.arrange", crash)
    ended = cli("runs", "--json")
    assert (ended.code, ended.out) == (70, "")
    assert "internal error: RuntimeError: boom" in ended.err
    assert "\x1b" not in ended.err
    assert "Traceback" not in ended.err
    (path,) = (locations.user_state_dir() / "tracebacks").iterdir()
    assert str(path) in ended.err
    assert "Traceback" in path.read_text()


def test_every_state_can_be_counted(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    for state in RunState:
        cli("runs", "--filter", f"state:{state.value}").ok()
