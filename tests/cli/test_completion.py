"""What the shells complete: verbs, options, runs, incidents and jobs; asked of the program, and of a real bash."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.cli.completing import complete
from cockpit.cli.completing_values import DIRS, FILES, RUNS
from cockpit.cli.known_runs import known_runs
from cockpit.cli.parser import VERBS
from cockpit.locations import index_path
from cockpit.models.incident_scales import Phase, Severity
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.builders import FlowStudioRun
from tests.cli.conftest import DONE, FAILED, HOSTILE_NAMES, LIVE, Cli
from tests.conftest import NOW
from tests.terminal import PtyProgram


def words(*typed: str) -> list[str]:
    return [word for word, _ in complete(typed)]


@pytest.fixture
def seen(root: Path) -> Path:
    """The root, looked at once by a cockpit."""
    session = Session(Settings(), [RootSettings(path=root.resolve())], lambda: NOW)
    session.load()
    session.close()
    return root


def test_every_verb_is_offered_with_what_it_does() -> None:
    found = dict(complete([""]))
    assert set(VERBS) <= set(found)
    assert found["status"] == VERBS["status"]
    assert DIRS in found, "a root may be a directory"
    assert [word for word in words("stat") if word != DIRS] == ["status"]
    assert words("status", "x") == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["--th"], ["--theme"]),
        (["--theme", "high"], ["high-contrast", "high-contrast-light"]),
        (["--theme", "=", "mon"], ["mono"]),
        (["runs", "--l"], ["--limit"]),
        (["runs", "--by", ""], ["cluster"]),
        (["--source", "ai"], ["ai-csuite"]),
        (["incident", "dec"], ["declare", "decide"]),
        (["incident", "phase", "inc-1", "d"], ["detect", "diagnose", "document"]),
        (["incident", "declare", "--severity", "SEV"], ["SEV1", "SEV2", "SEV3", "SEV4"]),
        (["incident", "declare", "--title", "--x", "--sev"], ["--severity"]),
        (["checklist", "x", "--playbook", "failed"], ["failed-run"]),
        (["notify", "inc-1", "--template", "init"], ["initial"]),
        (["plan", "ret"], ["retry"]),
        (["config", "sh"], ["show"]),
        (["config", "show", "lim"], ["limits"]),
        (["config", "check", ""], [FILES]),
        (["record", "--root", ""], [DIRS]),
        (["record", "--root", "=", ""], [DIRS]),
        (["show", "--nonsense", "--js"], ["--json"]),
        (["demo", ""], [DIRS]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["bundle", "verify", ""], []),
    ],
)  # fmt: skip
def test_what_fits_where(typed: list[str], expected: list[str]) -> None:
    assert words(*typed) == expected


def test_runs_come_from_the_index_of_the_root(seen: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert set(words("show", "")) == {FAILED, DONE, LIVE}
    assert dict(complete(["show", FAILED[:-2]])) == {FAILED: "failed"}
    assert words("show", FAILED, "") == []
    assert set(words("bulk", "retry", FAILED, "")) == {FAILED, DONE, LIVE}
    assert set(words("audit", "--run", "run-")) == {FAILED, DONE, LIVE}
    monkeypatch.delenv("COCKPIT_ROOT")
    assert words("show", "") == []
    assert set(words("show", "--root", str(seen), "")) == {FAILED, DONE, LIVE}
    config = tmp_path / "config.toml"
    config.write_text(f'[[roots]]\npath = "{seen}"\n[[actions]]\nid = "drain"\n[views.night]\nsort = "age"\n')
    assert set(words("--config", str(config), "show", "")) == {FAILED, DONE, LIVE}
    assert words("--config", str(config), "plan", "dr") == ["drain"]
    assert words("--config", str(config), "runs", "--view", "n") == ["night"]


def test_nothing_is_scanned(root: Path) -> None:
    assert words("show", "") == []
    assert not index_path(root.resolve()).exists()
    index_path(root.resolve()).parent.mkdir(parents=True)
    index_path(root.resolve()).write_bytes(b"no database")
    assert words("show", "") == []
    assert known_runs(root, RUNS) == []


def test_names_that_a_shell_would_read_more_into_are_not_offered(root: Path) -> None:
    for name in HOSTILE_NAMES:
        FlowStudioRun(root, name).meta("failed", at=1)
    session = Session(Settings(), [RootSettings(path=root.resolve())], lambda: NOW)
    session.load()
    session.close()
    known = {name for name, _ in known_runs(index_path(root.resolve()), RUNS)}
    assert "$(touch pwned)" in known
    assert set(words("show", "")) == {FAILED, DONE, LIVE}


def test_incidents_and_jobs_come_from_the_record(seen: Path, cli: Cli) -> None:
    assert words("incident", "show", "") == []
    made = cli("incident", "declare", "--title", "Masked", "--severity", "SEV3", "--run", FAILED, "--json").ok().json
    assert words("incident", "note", "inc") == words("gate", "") == [made["id"]]
    assert set(words("verify", "")) == {made["id"], FAILED, DONE, LIVE}
    cli("retry", FAILED, "--yes").ok()
    (job,) = words("jobs", "")
    assert cli("jobs", job).ok().out


def test_the_words_are_those_of_the_models() -> None:
    assert words("gate", "inc-1", "") == [phase.value for phase in Phase]
    assert words("incident", "severity", "inc-1", "") == [severity.value for severity in Severity]


def test_the_program_prints_them_and_never_fails(cli: Cli) -> None:
    assert "status\tone screen" in cli("completion-words", "--", "sta").ok().out
    for typed in ((), ("--",), ("--", "\udcff"), ("--", "a", "--", "b"), ("--", "incident", "incident", "x", "")):
        assert cli("completion-words", *typed).code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_script_is_what_its_shell_reads(cli: Cli, shell: str) -> None:
    script = cli("completion", shell).ok().out
    assert "completion-words" in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not here")
    checked = subprocess.run([program, "-n"], input=script, check=False, capture_output=True, encoding="utf-8")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_an_unknown_shell_is_refused(cli: Cli) -> None:
    assert cli("completion", "tcsh").code == 2


@pytest.mark.e2e
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_a_real_bash_completes(seen: Path) -> None:
    programs = Path(sys.executable).parent
    if not (programs / "cockpit").exists():
        pytest.skip("the program is not installed")
    path = f"{programs}:{os.environ['PATH']}"
    argv = ["bash", "--norc", "--noprofile", "-i"]
    with PtyProgram(argv, size=(100, 20), env={"PS1": "ready> ", "COCKPIT_ROOT": str(seen), "PATH": path}) as bash:
        bash.wait_for("ready>")
        bash.send('eval "$(cockpit completion bash)"; clear; echo lo""aded\r')
        bash.wait_for("loaded")
        bash.send("cockpit stat\t")
        bash.wait_for("cockpit status")
        bash.send(f"\x15cockpit show {FAILED[:-6]}\t\t")
        bash.wait_for(FAILED, DONE, LIVE)
        bash.send("\x15cockpit incident sev\t")
        bash.wait_for("cockpit incident severity")
