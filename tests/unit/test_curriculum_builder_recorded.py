"""Failures that leave no trace in a run (A, C, D, E of the incident document), through their recorded commands."""

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cockpit.diagnosis.verdict import judge
from cockpit.models.evidence import Rank
from cockpit.models.records import StepStatus
from cockpit.models.run import Run
from cockpit.sources.curriculum_builder.recorded import Command, verb_of, with_commands
from cockpit.sources.recordings import use_state_dir
from tests.unit.curriculum_run import NAME, SOURCE, START, CurriculumRun

MINUTE = timedelta(minutes=1)


def command(*argv: str, lines: Iterable[str] = (), code: int | None = 0, at: float = 20, lost: bool = False) -> Command:
    start = START + timedelta(seconds=at)
    return Command(
        argv=("python3.11", "scripts/orchestration.py", *argv),
        lines=list(lines),
        output="rec/output.log",
        meta="rec/meta.json",
        started_at=start,
        ended_at=None if code is None or lost else start + timedelta(seconds=2),
        exit_code=None if lost else code,
        lost=lost,
    )


def judged(run: CurriculumRun, *commands: Command, after: timedelta = MINUTE) -> Run:
    return judge(with_commands(run.detail(), commands), START + after)


@pytest.fixture
def ready(tmp_path: Path) -> CurriculumRun:
    return CurriculumRun(tmp_path, upto="spec_ready")


@pytest.mark.parametrize(
    ("argv", "verb"),
    [
        (("python3.11", "/srv/scripts/orchestration.py", "run", NAME), "run"),
        (("env", "A=1", "python", "scripts/orchestration.py", "iterate", NAME), "iterate"),
        (("make", "orchestration-validate", f"RUN_ID={NAME}"), "validate"),
        (("sleep", "1"), None),
        ((), None),
    ],
)
def test_the_commands_of_the_system_are_known(argv: tuple[str, ...], verb: str | None) -> None:
    assert verb_of(argv) == verb


TYPED = "[config_error] OPENAI_API_KEY is required for AGENT_PROVIDER=remote_llm."


def test_a_failed_generation_is_told_by_its_command(ready: CurriculumRun) -> None:
    run = judged(ready, command("run", NAME, lines=["noise", TYPED], code=7))
    assert (run.state.value, run.step, run.contradicted) == ("failed", "generate", False)
    assert TYPED in run.reasons[0].text
    assert {(one.path, one.rank, one.quote) for one in run.reasons[0].evidence} == {
        ("rec/output.log", Rank.PHYSICS, TYPED),
        ("rec/meta.json", Rank.PHYSICS, '"exit_code": 7'),
    }


def test_a_later_success_makes_up_for_it(ready: CurriculumRun) -> None:
    failed, fine = command("run", NAME, lines=[TYPED], code=7), command("run", NAME, at=40)
    assert judged(ready, fine, failed).state.value == "running"  # as its files say: generate is next
    assert judged(ready, failed, replace_at(fine, 10)).state.value == "failed"


def replace_at(one: Command, at: float) -> Command:
    return one._replace(started_at=START + timedelta(seconds=at))


def test_a_file_written_after_the_failure_makes_up_for_it(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    late = command("run", NAME, lines=[TYPED], code=7, at=20)
    assert (judged(run, late).state.value, judged(run, late).contradicted) == ("failed", True)
    assert judged(run, replace_at(late, -30)._replace(ended_at=START)).state.value == "succeeded"


def test_a_command_at_work_makes_the_run_run(ready: CurriculumRun) -> None:
    working = command("run", NAME, code=None)._replace(last_output_at=START + timedelta(seconds=50))
    run = judged(ready, working)
    assert (run.state.value, run.step, run.updated_at) == ("running", "generate", START + timedelta(seconds=50))
    assert "generate began at 04:00:20" in run.reasons[0].text
    assert judged(ready, working, after=60 * MINUTE).state.value == "stuck"


@pytest.mark.parametrize(("code", "words"), [(130, "SIGINT"), (137, "SIGKILL"), (143, "SIGTERM")])
def test_a_killed_command_interrupts_the_run(ready: CurriculumRun, code: int, words: str) -> None:
    detail = with_commands(ready.detail(), [command("run", NAME, code=code)])
    assert judge(detail, START + MINUTE).state.value == "interrupted"
    assert words in (detail.steps[-1].error or "")


def test_a_command_whose_recorder_was_killed_has_no_end(ready: CurriculumRun) -> None:
    assert judged(ready, command("run", NAME, lost=True)).state.value == "interrupted"


@pytest.mark.parametrize("verb", ["status", "next", "list", "archive", "init"])
def test_commands_that_drive_nothing_say_nothing(ready: CurriculumRun, verb: str) -> None:
    detail = ready.detail()
    assert with_commands(detail, [command(verb, NAME, lines=["[not_found] x"], code=3)]) is detail


def test_what_the_report_says_better_is_left_to_it(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path, upto="generated")
    run.write("outputs/reviews/validation_report.md", "- Verdict: **FAIL**\n  ERR  Circular dependency detected\n", 21)
    output = ["CURRICULUM VALIDATION REPORT", "Total: 1 passed, 0 warnings, 1 failed"]
    run_ = judged(run, command("validate", NAME, lines=output, code=1))
    assert (run_.step, "Circular dependency" in run_.reasons[0].text) == ("validate", True)


# ---- the recorded words of the real system ------------------------------------------------------------------------

pytest_real = pytest.mark.real
CASES = {
    "02b_run_stage_conflict": ("034529-stage-conflict", "failed", "spec", "[stage_conflict] Topic spec not ready"),
    "02c_validate_initialized": ("034529-stage-conflict", "failed", "spec", "- audience must not use placeholder text"),
    "02e_iterate_initialized": ("034529-stage-conflict", "failed", "generate", "Missing curriculum file"),
    "02g_make_run_stage_conflict": ("034529-stage-conflict", "failed", "spec", "[stage_conflict] Topic spec not ready"),
    "03d_run_scope_missing": ("034529-stage-conflict", "failed", "generate", "[not_found] Scope file not found"),
    "06a": ("034820-no-api-key", "failed", "generate", "[config_error] OPENAI_API_KEY is required"),
    "06b": ("034822-bad-base-url", "failed", "generate", "OPENAI_BASE_URL is invalid|InvalidURL|Invalid IPv6 URL"),
    "06c": ("034825-remote-fail", "failed", "generate", r"\[internal_error\] remote_llm|TimeoutError: timed out"),
    "07b": ("034930-codex-exec-fail", "failed", "generate", "codex_exec mode failed to return valid structured JSON"),
    "12c": ("035151-rerun", "failed", "generate", "codex_exec mode failed to return valid structured JSON"),
}


def real_commands(folder: Path, prefix: str) -> list[tuple[str, Command]]:
    """The recorded pipeline commands of one experiment that failed, with the run each was for."""
    found = []
    for path in sorted(folder.glob(f"{prefix}*.txt")):
        text = path.read_text(errors="replace")
        line = re.search(r"^\$ (.*)$", text, re.M)
        code = re.search(r"^# exit_code: (-?\d+)", text, re.M)
        start = re.search(r"^# started: (\S+?)Z", text, re.M)
        run = re.search(r"20261121-\d{6}[a-z0-9-]*", line[1] if line else "")
        if not (line and code and start and run) or code[1] == "0":
            continue
        argv = tuple(shlex.split(line[1]))
        if verb_of(argv) not in ("run", "validate", "plan", "iterate"):
            continue
        at = datetime.fromisoformat(start[1]).replace(tzinfo=UTC)
        output = [one for one in text.partition("----- stdout -----")[2].splitlines() if one != "(empty)"]
        exit_code = int(code[1])
        found.append((run[0], Command(argv, output, "o", "m", at, at + timedelta(seconds=1), exit_code)))
    return found


@pytest_real
@pytest.mark.parametrize("prefix", CASES)
def test_the_systems_own_words(prefix: str, real_data: Path) -> None:
    start, states, step, words = CASES[prefix]
    root = real_data / "curriculum-builder"
    refs = {ref.id: ref for ref in SOURCE.scan(root)}
    seen = 0
    for run_id, one in real_commands(root / "commands", prefix):
        if start not in run_id or run_id not in refs:
            continue
        seen += 1
        detail = with_commands(SOURCE.detail(refs[run_id]), [one])
        run = judge(detail, one.started_at + MINUTE if one.started_at else START)
        assert run.state.value in states.split("|"), (prefix, run.reasons)
        assert run.step == step
        pattern = words if "|" in words else re.escape(words)
        assert re.search(pattern, run.reasons[0].text), run.reasons[0].text
    assert seen >= 1


# ---- recordings as they lie on disk -------------------------------------------------------------------------------


def record(state: Path, name: str, output: str = TYPED + "\n", **meta: Any) -> Path:
    directory = state / "recordings" / name
    directory.mkdir(parents=True, exist_ok=True)
    data = {
        "argv": ["python3.11", "scripts/orchestration.py", "run", NAME],
        "started_at": "2026-11-21T04:00:20Z",
        "ended_at": "2026-11-21T04:00:22Z",
        "exit_code": 7,
        **meta,
    }
    (directory / "output.log").write_text(output)
    os.utime(directory / "output.log", (START.timestamp() + 21, START.timestamp() + 21))
    (directory / "meta.json").write_text(json.dumps(data))
    return directory


def test_recordings_of_the_root_speak_of_the_run(ready: CurriculumRun) -> None:
    before = SOURCE.fingerprint(ready.ref)
    directory = record(ready.root / ".cockpit", "20261121-040020-a")
    run = ready.judged()
    assert (run.state.value, run.step) == ("failed", "generate")
    assert ".cockpit/recordings/20261121-040020-a/output.log" in [one.path for one in run.reasons[0].evidence]
    changed = SOURCE.fingerprint(ready.ref)
    assert before != changed == ready.detail().fingerprint
    assert SOURCE.owner(ready.root, directory / "output.log") == ready.ref
    assert directory in SOURCE.watch_paths(ready.ref)
    record(ready.root / ".cockpit", "20261121-040020-a", output="other words\n")
    assert SOURCE.fingerprint(ready.ref) != changed


def test_a_recording_may_name_its_run_where_its_command_does_not(ready: CurriculumRun) -> None:
    record(ready.root / ".cockpit", "20261121-040020-b", argv=["python", "scripts/orchestration.py", "run"], run=NAME)
    assert ready.judged().state.value == "failed"


def test_recordings_of_other_runs_say_nothing(ready: CurriculumRun) -> None:
    other = ["python3.11", "scripts/orchestration.py", "run", "20261121-050000-other"]
    record(ready.root / ".cockpit", "20261121-040020-c", argv=other)
    assert ready.judged().state.value == "running"


def test_a_new_recording_is_noticed_and_a_deleted_one_forgotten(ready: CurriculumRun) -> None:
    assert ready.judged().state.value == "running"
    directory = record(ready.root / ".cockpit", "20261121-040020-d")
    assert ready.judged().state.value == "failed"
    shutil.rmtree(directory)
    assert ready.judged().state.value == "running"


def test_a_recording_in_the_making_is_looked_at_again(ready: CurriculumRun) -> None:
    directory = ready.root / ".cockpit" / "recordings" / "20261121-040020-e"
    directory.mkdir(parents=True)
    assert ready.judged().state.value == "running"
    os.utime(directory.parent, (1_000, 1_000))
    assert ready.judged().state.value == "running"
    record(ready.root / ".cockpit", directory.name)
    os.utime(directory.parent, (1_000, 1_000))
    assert ready.judged().state.value == "failed"


def test_recordings_may_lie_elsewhere(ready: CurriculumRun, tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("state")
    use_state_dir(ready.root, state)
    record(state, "20261121-040020-f")
    run = ready.judged()
    assert run.state.value == "failed"
    assert f"{state}/recordings/20261121-040020-f/output.log" in [one.path for one in run.reasons[0].evidence]


def test_a_broken_recording_harms_nobody(ready: CurriculumRun) -> None:
    directory = record(ready.root / ".cockpit", "20261121-040020-g")
    assert ready.judged().state.value == "failed"
    (directory / "meta.json").write_bytes(b"{")
    assert ready.judged().state.value == "running"
    os.mkfifo(ready.root / ".cockpit" / "recordings" / "20261121-040021-h")
    assert ready.judged().state.value == "running"


def test_a_failed_step_replaces_the_one_that_went_well(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    detail = with_commands(run.detail(), [command("run", NAME, lines=[TYPED], code=7)])
    generations = [one for one in detail.steps if one.step == "generate"]
    assert [(one.status, one.attempts) for one in generations] == [(StepStatus.FAILED, 2)]
    assert replace(detail, steps=()).record == run.detail().record
