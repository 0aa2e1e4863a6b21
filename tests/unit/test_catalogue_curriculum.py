"""The actions of curriculum-builder: exact commands, what must be known before, and what their words mean."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from cockpit.models.action import ActionSpec
from cockpit.models.run import RunRef
from cockpit.sources.curriculum_builder import CurriculumBuilderSource
from cockpit.sources.curriculum_builder.outcomes import OUTCOME
from cockpit.sources.curriculum_builder.settings import is_base_url
from tests.catalogues import Counter, said_by
from tests.checkouts import curriculum_checkout
from tests.cli.conftest import HOSTILE_NAMES
from tests.unit.curriculum_run import NAME, CurriculumRun

SOURCE = CurriculumBuilderSource()
OWN = ("resume", "retry", "validate", "plan-run", "iterate", "run", "run-scope", "init", "stop", "status", "cancel")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("AGENT_", "OPENAI_", "CODING_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CODING_AGENT_CMD", sys.executable)
    tree = curriculum_checkout(tmp_path)
    CurriculumRun(tree / "runs")
    return tree


@pytest.fixture
def counter(tree: Path) -> Counter:
    return Counter(SOURCE, tree / "runs")


@pytest.fixture
def ref(tree: Path) -> RunRef:
    (ref,) = SOURCE.scan(tree / "runs")
    return ref


def specs(ref: RunRef) -> dict[str, ActionSpec]:
    return {spec.id: spec for spec in SOURCE.actions(ref)}


@pytest.mark.parametrize(
    ("action", "word"),
    [
        ("retry", "run"),
        ("run", "run"),
        ("validate", "validate"),
        ("plan-run", "plan"),
        ("iterate", "iterate"),
        ("resume", "iterate"),
    ],
)
def test_the_commands_are_the_systems_own_and_told_where_the_run_lies(
    counter: Counter, ref: RunRef, tree: Path, action: str, word: str
) -> None:
    plan = counter.plan(ref, action)
    assert plan.refused is None
    assert plan.argv == ("python3.11", "scripts/orchestration.py", word, NAME)
    assert plan.cwd == str(tree)
    assert plan.env == {"ORCHESTRATION_BASE_DIR": str(tree / "runs")}


def test_a_root_that_is_the_checkout_gives_the_same_commands(tree: Path) -> None:
    (ref,) = SOURCE.scan(tree)
    plan = Counter(SOURCE, tree).plan(ref, "run-scope")
    assert plan.argv is not None
    assert plan.argv[-1] == f"--scope-file={tree / 'runs' / NAME / 'inputs' / 'scope.md'}"
    assert plan.env["ORCHESTRATION_BASE_DIR"] == str(tree / "runs")
    assert plan.cwd == str(tree)


def test_nothing_but_what_writes_on_purpose_is_ever_called(ref: RunRef) -> None:
    assert tuple(specs(ref)) == (*OWN[:9], "archive", *OWN[9:])
    for spec in SOURCE.actions(ref):
        assert not {"status", "next", "archive"} & set(spec.argv)
        assert bool(spec.argv) != bool(spec.unavailable) or spec.id in ("archive", "stop")


def test_a_scope_document_is_a_file_of_the_root_or_left_out(counter: Counter, ref: RunRef, tree: Path) -> None:
    own = tree / "runs" / NAME / "inputs" / "scope.md"
    plan = counter.plan(ref, "run-scope")
    assert plan.argv is not None
    assert plan.argv[-1] == f"--scope-file={own}"
    assert any("topic_spec.json and inputs/scope.md are overwritten" in warning for warning in plan.warnings)
    (tree / "runs" / "other.md").write_text("# x\n")
    plan = counter.plan(ref, "run", scope_file="other.md", scope_mode="section", scope_section="--help; $(touch pwned)")
    assert plan.argv == (
        *("python3.11", "scripts/orchestration.py", "run", NAME),
        *(f"--scope-file={tree / 'runs' / 'other.md'}", "--scope-mode=section"),
        "--scope-section=--help; $(touch pwned)",
    )
    for wrong, said in (
        ({"scope_file": "../../../etc/hostname"}, "no such file|outside"),
        ({"scope_file": "none.md"}, "no such file"),
        ({"scope_mode": "full"}, "choose scope_file too"),
        ({"scope_file": "other.md", "scope_mode": "section"}, "choose the heading"),
        ({"scope_file": "other.md", "scope_mode": "most"}, "choose one of"),
    ):
        refused = counter.plan(ref, "run", **wrong)
        assert re.search(said, str(refused.refused)), wrong
        assert refused.argv is None


def test_the_environment_is_part_of_the_plan(counter: Counter, ref: RunRef, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_MODEL", "gpt-x")
    chosen = {"provider": "remote_llm", "timeout": "900", "unset_model": "yes", "base_url": "https://host.example/v1"}
    for action in ("retry", "run", "run-scope"):
        plan = counter.plan(ref, action, **chosen)
        assert plan.refused is None
        env = {name: value for name, value in plan.env.items() if name != "ORCHESTRATION_BASE_DIR"}
        assert env == {
            "AGENT_PROVIDER": "remote_llm",
            "AGENT_TIMEOUT_SECONDS": "900",
            "AGENT_MODEL": "",
            "OPENAI_BASE_URL": "https://host.example/v1",
        }
    assert counter.plan(ref, "retry").env.keys() == {"ORCHESTRATION_BASE_DIR"}
    assert "it has" in str(counter.plan(ref, "validate", provider="internal").refused) or "none" in str(
        counter.plan(ref, "validate", provider="internal").refused
    )


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"provider": "remote-llm"}, "choose one of codex_exec remote_llm internal"),
        ({"timeout": "0"}, "silently uses its default"),
        ({"timeout": "-5"}, "silently uses its default"),
        ({"timeout": "5m"}, "no whole number"),
        ({"unset_model": "maybe"}, "yes or no"),
        ({"base_url": "host.example/v1"}, "write an address"),
        ({"base_url": "ftp://host.example"}, "write an address"),
        ({"base_url": "https://user:secret@host.example"}, "write an address"),
        ({"api_key": "sk-x"}, "no input 'api_key'"),
    ],
)
def test_what_the_system_would_silently_ignore_is_refused(
    counter: Counter, ref: RunRef, chosen: dict[str, str], said: str
) -> None:
    plan = counter.plan(ref, "retry", **chosen)
    assert said in str(plan.refused)
    assert plan.argv is None


@pytest.mark.parametrize(
    "address", ["http://[::1", "https://h ost/v1", "https://host:99999/v1", "http://", "https:///v1", "https://h/$(x)"]
)
def test_addresses_that_end_in_a_traceback_are_refused(address: str) -> None:
    assert not is_base_url(address)


@pytest.mark.parametrize("address", ["https://api.openai.com/v1", "http://127.0.0.1:8080", "http://[::1]:8080/ok"])
def test_addresses_the_system_takes(address: str) -> None:
    assert is_base_url(address)


def test_what_the_environment_lacks_is_told_without_its_values(
    counter: Counter, ref: RunRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warned(**chosen: str) -> str:
        return "\n".join(counter.plan(ref, "retry", **chosen).warnings)

    assert "OPENAI_API_KEY is not set here" in warned(provider="remote_llm")
    monkeypatch.setenv("OPENAI_API_KEY", "   ")
    assert "OPENAI_API_KEY is not set here" in warned(provider="remote_llm")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecret")
    assert "OPENAI_API_KEY" not in warned(provider="remote_llm")
    monkeypatch.setenv("OPENAI_BASE_URL", "nonsense")
    assert "OPENAI_BASE_URL here is no http(s) address" in warned(provider="remote_llm")
    assert "OPENAI_BASE_URL" not in warned(provider="remote_llm", base_url="https://h/v1")
    assert "OPENAI" not in warned(provider="internal")
    monkeypatch.setenv("AGENT_PROVIDER", "remote-llm")
    assert "it silently takes internal" in warned()
    assert "silently" not in warned(provider="codex_exec")
    monkeypatch.setenv("AGENT_PROVIDER", "coding_agent")
    monkeypatch.setenv("AGENT_MODEL", "gpt-x")
    assert "AGENT_MODEL is set here" in warned()
    assert "AGENT_MODEL" not in warned(unset_model="yes")
    monkeypatch.setenv("CODING_AGENT_CMD", "no-such-codex --x")
    assert "no program no-such-codex on this PATH" in warned()
    monkeypatch.setenv("CODING_AGENT_CMD", "'codex")
    assert "quote without its partner" in warned()
    monkeypatch.setenv("AGENT_TIMEOUT_SECONDS", "5m")
    assert "AGENT_TIMEOUT_SECONDS here" in warned()
    assert "AGENT_TIMEOUT_SECONDS" not in warned(timeout="60")
    plan = counter.plan(ref, "retry", provider="remote_llm")
    assert "verysecret" not in plan.model_dump_json()


def test_another_environment_is_another_plan(counter: Counter, ref: RunRef, monkeypatch: pytest.MonkeyPatch) -> None:
    first = counter.plan(ref, "retry", provider="remote_llm")
    assert counter.plan(ref, "retry", provider="remote_llm").hash == first.hash
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    assert counter.plan(ref, "retry", provider="remote_llm").hash != first.hash


def test_the_warnings_fit_the_state_of_the_run(tmp_path: Path) -> None:
    def warned(run: CurriculumRun, action: str) -> str:
        return "\n".join(specs(run.ref)[action].warnings)

    ended, fresh = CurriculumRun(tmp_path / "a"), CurriculumRun(tmp_path / "b", upto="spec_ready")
    assert "is lost" in warned(ended, "retry")
    assert "is lost" not in warned(fresh, "retry")
    assert specs(fresh.ref)["resume"].argv[-2:] == ("run", "{run}")
    assert specs(fresh.ref)["resume"].inputs == specs(fresh.ref)["retry"].inputs
    assert warned(ended, "validate") == ""
    ended.record("planned", history=[])
    assert "the system refuses this command" in warned(ended, "validate")
    assert "refuses" not in warned(ended, "init")
    assert "its own command refuses" in specs(ended.ref)["archive"].expects[0].replace("the system's own", "its own")
    odd = CurriculumRun(tmp_path / "c", "Copy")
    assert "takes only run ids" in warned(odd, "iterate")


def test_a_place_no_template_can_hold_is_said(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path / "{flow}")
    assert {spec.unavailable for spec in SOURCE.actions(run.ref)} == {
        "the path of the runs holds characters that cannot be part of a command"
    }


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_reach_no_command(tree: Path, name: str) -> None:
    run = CurriculumRun(tree / "runs", name)
    found = [ref for ref in SOURCE.scan(tree / "runs") if ref.path != NAME]
    counter = Counter(SOURCE, tree / "runs")
    assert found or not run.path.is_dir()
    for ref in found:
        for action in ("retry", "validate", "init", "run-scope", "resume"):
            plan = counter.plan(ref, action)
            assert plan.refused, (name, action)
            assert plan.argv is None
            assert plan.refused.isprintable()
    assert not list(tree.rglob("pwned"))


def test_every_documented_action_is_there_or_said_why_not(counter: Counter, ref: RunRef) -> None:
    offers = counter.offers(ref)
    assert {action for action, refused in offers.items() if refused is None} == {*OWN[:8], "archive"}
    assert "they move run.json" in str(offers["status"])
    assert "no cancel" in str(offers["cancel"])
    assert "no command recorded for this run" in str(offers["stop"])


def recorded(real_data: Path) -> list[tuple[str, int, str]]:
    """Name, exit code and output of every recorded command that was run as the cockpit would run it."""
    found = []
    for path in sorted((real_data / "curriculum-builder" / "commands").glob("*.txt")):
        text = path.read_text("utf-8", "replace")
        command = re.search(
            r"^\$ python3\.11 scripts/orchestration\.py (run|validate|plan|iterate|init) ?(.*)$", text, re.M
        )
        code = re.search(r"^# exit_code: (\d+)$", text, re.M)
        if command and code and "----- stdout -----" in text:
            found.append((path.stem, int(code[1]), text.partition("----- stdout -----\n")[2]))
    return found


def test_what_the_recorded_commands_said_is_understood(real_data: Path) -> None:
    commands = recorded(real_data)
    assert len(commands) > 80
    unknown = []
    for name, code, output in commands:
        rule = said_by(OUTCOME, output)
        if code == 0:
            assert rule is None or not rule.failed, (name, rule)
        elif rule is None or not rule.failed:
            unknown.append((name, code))
    # A usage error of the command line itself, which no plan of the cockpit can lead to.
    assert unknown == [("03h_run_scope_bad_mode", 2)]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("02b_run_stage_conflict", "the topic specification is not ready"),
        ("04a_run_validation_fail", "failed its validation"),
        ("06a_run_no_key", "OPENAI_API_KEY is not set"),
        ("06b_run_badurl_1", "OPENAI_BASE_URL is no"),
        ("07b_run_codex_exit1", "codex gave no valid structured JSON"),
        ("07a_run_codex_model", "AGENT_MODEL does not go with codex_exec"),
        ("07a_run_codex_missing_default", "there is no codex program"),
        ("05a_run_legacy", "archive the run and make a fresh one"),
        ("05c_run_truncated", "torn or no text"),
        ("03d_run_scope_missing", "no such scope document"),
        ("06c_run_remote_slow", "did not answer in time"),
    ],
)
def test_the_failures_of_the_runbook_are_named(real_data: Path, name: str, says: str) -> None:
    (output,) = (output for stem, _, output in recorded(real_data) if stem == name)
    rule = said_by(OUTCOME, output)
    assert rule is not None
    assert says in rule.says


def test_every_recorded_run_can_be_validated_generated_archived_and_made_anew(real_data: Path, tree: Path) -> None:
    shutil.rmtree(tree / "runs")
    shutil.copytree(real_data / "curriculum-builder" / "runs", tree / "runs", symlinks=True)
    counter = Counter(SOURCE, tree / "runs")
    refs = list(SOURCE.scan(tree / "runs"))
    assert len(refs) == 42
    for ref in refs:
        for action, word in (("validate", "validate"), ("retry", "run"), ("plan-run", "plan"), ("iterate", "iterate")):
            plan = counter.plan(ref, action)
            assert plan.refused is None, (ref.id, action, plan.refused)
            assert plan.argv == ("python3.11", "scripts/orchestration.py", word, ref.id)
        fresh = counter.plan(ref, "init")
        assert fresh.refused is None
        assert fresh.argv is not None
        assert fresh.argv[-2:] == ("init", ref.id[16:])
        assert "carries inputs/topic_spec.json over" in " ".join(fresh.effects)
        archive = counter.plan(ref, "archive")
        assert archive.refused is None
        invalid = any("run.json is invalid" in each for each in counter.plan(ref, "validate").warnings)
        assert any("an invalid run.json" in each for each in archive.effects) is invalid
