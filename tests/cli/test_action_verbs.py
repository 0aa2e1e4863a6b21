"""Every action of a run is a verb: the source's own, the user's, with inputs, dry runs, and what moved in between."""

import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli.parser import parse
from cockpit.errors import ExitCode
from cockpit.journal.verify import verify
from cockpit.verbs import RESERVED
from tests.builders import FlowStudioRun
from tests.cli.conftest import FAILED, LIVE, Cli, program
from tests.samples import FORBIDDEN

CONFIG = """
[services.ai-csuite]
url = "http://127.0.0.1:9/api"

[[actions]]
id = "note-it"
title = "Write a note"
sources = ["flow-studio"]
argv = ["python3", "-c", "import sys; print(sys.argv[1:])", "--stage={stage}", "--reason", "{reason}"]
inputs = [
  { name = "stage", title = "Stage", kind = "choice", choices = ["5", "25"], default = "5" },
  { name = "reason", title = "Why", kind = "text" },
]
key = "n"
danger = true
reach = "system"
warnings = ["the note is public"]
outcome = [{ pattern = "never", failed = true, says = "it never worked" }]

[[actions]]
id = "page"
title = "Page the lead"
request = { service = "ai-csuite", path = "/page/{run}", body = { who = "{who}" } }
inputs = [{ name = "who", title = "Whom" }]

[[actions]]
id = "retry"
title = "Retry our way"
needs = ["flow", "step"]
argv = ["our-retry", "{run}", "{flow}", "{step}"]

[[actions]]
id = "elsewhere"
title = "For another system"
sources = ["ai-csuite"]
argv = ["true"]
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    monkeypatch.setenv("COCKPIT_CONFIG", str(path))
    return path


def entries(cli: Cli) -> list[dict[str, Any]]:
    """The journal, in its own order."""
    return sorted(cli("audit", "--json").ok().json, key=lambda entry: int(entry["seq"]))


def kinds(cli: Cli) -> list[str]:
    return [entry["kind"] for entry in entries(cli)]


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        ("validate RUN", "do"), ("plan-run RUN --yes", "do"), ("--root /x validate RUN", "do"), ("a.b_c RUN", "do"),
        ("validate --set a=b", None), ("validate --yes --root /x RUN", "do"), ("validate --root /x", "view"),
        ("validate", "view"), ("./validate RUN", None), ("runs RUN", None), ("retry RUN", "retry"),
        ("do validate RUN", "do"), ("do archive RUN", "do"), ("validate RUN EXTRA", None), ("-- validate RUN", None),
    ],
)  # fmt: skip
def test_the_first_word_decides(line: str, verb: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    if verb is None:
        with pytest.raises(SystemExit) as end:
            parse(line.split())
        assert end.value.code == 2
        assert "usage:" in capsys.readouterr().err
        return
    options = parse(line.split())
    assert options.verb == verb
    if verb == "do":
        assert options.action in line.split()
        assert options.run == "RUN"
        assert options.guessed is not line.startswith("do ")


def test_an_action_of_the_users_runs_like_a_verb(cli: Cli, root: Path, config: Path) -> None:
    assert config.is_file()
    choice = ("--set", "reason=it's $(down); `x`", "--set", "stage=25")
    job = cli("note-it", FAILED, *choice, "--yes", "--json").ok().json
    assert (job["action"], job["state"]) == ("note-it", "succeeded")
    assert Path(job["output"]).read_text() == "['--stage=25', '--reason', \"it's $(down); `x`\"]\n"
    in_full = cli("do", "note-it", FAILED, *choice, "--yes", "--json").ok().json
    assert in_full["argv"] == job["argv"]
    facts = json.loads((root / ".cockpit" / "jobs" / job["id"] / "job.json").read_text())
    assert facts["lock_key"] == f"flow-studio:{root}"
    assert facts["run_key"].endswith(FAILED)
    assert kinds(cli) == ["action.planned", "action.confirmed", "action.started", "action.ended"] * 2


def test_what_is_missing_or_wrong_is_told_and_on_record(cli: Cli, root: Path, config: Path) -> None:
    assert config.is_file()
    for wrong, told in (
        ((), "--set reason=VALUE"),
        (("--set", "reason=x", "--set", "stage=100"), "choose one of 5 25"),
        (("--set", "reason=x", "--set", "other=1"), "no input 'other'; it has stage=5|25 reason=VALUE"),
        (("--set", "reason=-x"), "read as an option"),
        (("--set", "reason=a\nb"), "line break"),
    ):
        refused = cli("note-it", FAILED, *wrong, "--yes")
        assert refused.code == ExitCode.USAGE
        assert told in refused.err
        planned = cli("plan", "note-it", FAILED, *wrong, "--json")
        assert planned.code == ExitCode.BAD
        assert told in planned.json["refused"]
        assert planned.json["argv"] is None
    assert kinds(cli) == ["action.refused"] * 5
    for entry in entries(cli):
        assert entry["data"]["plan"]
        assert entry["data"]["reason"]
        assert entry["actor"]["user"]
    assert cli("note-it", FAILED, "--set", "reason=x").code == ExitCode.USAGE
    assert cli("jobs", "--json").ok().json == []
    assert root.is_dir()


def test_actions_are_listed_with_all_there_is_to_know(cli: Cli, root: Path, config: Path) -> None:
    assert root.is_dir()
    listed = {each["id"]: each for each in cli("actions", FAILED, "--json").ok().json}
    assert list(listed)[:2] == ["resume", "retry"]
    assert list(listed)[-4:] == ["note-it", "page", "archive", "restore"]
    assert not set(listed) & RESERVED - {"archive", "restore"}, "an action that a verb hides"
    note = listed["note-it"]
    assert (note["key"], note["danger"], note["reach"], note["refused"]) == ("n", True, "system", None)
    assert [(each["name"], each["default"], each["choices"]) for each in note["inputs"]] == [
        ("stage", "5", ["5", "25"]), ("reason", None, []),
    ]  # fmt: skip
    assert listed["retry"]["argv"][0] == "our-retry"
    assert listed["page"]["request"]["path"] == "/page/{run}"
    text = cli("actions", FAILED).ok().out
    for part in ("n  note-it", "dangerous", "--set stage=5|25  Stage (else 5)", "POST /page/{run} at ai-csuite"):
        assert part in text
    config.write_text(CONFIG.replace("[services.ai-csuite]", "[services.other]"))
    assert "[services.ai-csuite] url" in cli("actions", FAILED).ok().out
    config.write_text(CONFIG.replace('["ai-csuite"]', '["ai-suite"]'))
    broken = cli("actions", FAILED)
    assert broken.code == ExitCode.USAGE
    assert "actions.elsewhere.sources: no source 'ai-suite'" in broken.err


def test_a_plan_prints_everything_and_leaves_no_trace(cli: Cli, root: Path, config: Path) -> None:
    assert config.is_file()
    before = sorted(str(path) for path in root.rglob("*"))
    page = cli("plan", "page", FAILED, "--set", "who=ada", "--json").ok().json
    assert page["request"]["url"] == f"http://127.0.0.1:9/api/page/{FAILED}"
    assert (page["request"]["body"], page["argv"]) == ({"who": "ada"}, None)
    note = cli("plan", "note-it", FAILED, "--set", "reason=why not").ok().out
    for part in ("the whole system", "stage=5", "--reason 'why not'", "danger", "warning   the note is public"):
        assert part in note
    retry = cli("plan", "resume", FAILED, "--json").ok().json
    assert retry["basis"]["state"] == "failed"
    assert retry["basis"]["receipts"] == "2"
    assert sorted(str(path) for path in root.rglob("*")) == before
    assert cli("audit", "--json").ok().json == []


def test_a_dry_run_shows_the_recipe_and_runs_nothing(cli: Cli, root: Path) -> None:
    before = sorted(str(path) for path in root.parent.rglob("*"))
    shown = cli("plan", "retry", FAILED, "--dry-run").ok().out
    assert f"dry run   make -n stepwise-retry RUN_ID={FAILED} FLOW=build STEP=implement" in shown
    assert shown.rstrip().endswith("producer.py")
    both = cli("plan", "retry", FAILED, "--dry-run", "--json").ok().json
    assert both["dry_run_output"]["exit_code"] == 0
    assert sorted(str(path) for path in root.parent.rglob("*")) == before
    makefile = root.parent / "Makefile"
    makefile.write_text("stepwise-retry: gone\n\t@echo '\x1b]52;c;aGk=\x07' hi\n")
    broken = cli("plan", "retry", FAILED, "--dry-run")
    assert broken.code == ExitCode.BAD
    assert "No rule to make target" in broken.out
    assert not any(FORBIDDEN.search(line) for line in broken.out.splitlines())
    none = cli("plan", "archive", FAILED, "--dry-run")
    assert none.code == ExitCode.USAGE
    assert "has no dry run" in none.err
    # What is refused is not tried either.
    assert cli("plan", "retry", LIVE, "--dry-run", "--json").json["dry_run_output"] is None
    assert cli("plan", "retry", FAILED, "--dry-run", "--read-only").code == ExitCode.BAD


def test_a_word_that_was_meant_to_be_a_verb(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    wrong = cli("shwo", FAILED)
    assert wrong.code == ExitCode.USAGE
    assert "has no action 'shwo'; it has resume retry" in wrong.err
    assert "'shwo' is no verb; did you mean show?" in wrong.err
    assert "'nothing-near' is no verb\n" in cli("nothing-near", FAILED).err
    assert "no verb" not in cli("do", "shwo", FAILED).err
    gone = cli("retyr", "run-of-nobody")
    assert "no run 'run-of-nobody'" in gone.err
    assert "did you mean retry or" in gone.err


def test_what_moved_is_told_in_another_process(root: Path) -> None:
    """Planned by one process, changed by a producer, confirmed in a third: exit 5, and what changed."""
    made = json.loads(program("plan", "retry", FAILED, "--json").ok().out)
    moved = FlowStudioRun(root, FAILED)
    moved.step("build", "test", "test-runner", at=20)
    refused = program("retry", FAILED, "--yes", "--plan", made["hash"][:12], "--json")
    assert (refused.code, refused.out) == (ExitCode.MOVED, "")
    assert "receipts 2 -> 3" in refused.err
    assert "build/receipts/test-test-runner.json" in refused.err
    assert "nothing was done" in refused.err
    assert json.loads(program("jobs", "--json").ok().out) == []
    (entry,) = json.loads(program("audit", "--json").ok().out)
    assert entry["kind"] == "action.refused"
    assert "receipts 2 -> 3" in entry["data"]["reason"]
    assert verify(root / ".cockpit" / "journal.jsonl").ok


def test_the_record_of_an_action_names_actor_plan_and_result(cli: Cli, root: Path) -> None:
    plan = cli("plan", "retry", FAILED, "--json").ok().json["hash"]
    assert cli("retry", FAILED, "--yes", "--plan", plan).code == 0
    found = entries(cli)
    assert [entry["kind"] for entry in found] == [
        "action.planned", "action.confirmed", "action.started", "action.ended",
    ]  # fmt: skip
    assert {entry["data"]["plan"] for entry in found} == {plan}
    assert len({json.dumps(entry["actor"], sort_keys=True) for entry in found}) == 1
    assert (found[-1]["data"]["state"], found[-1]["data"]["exit_code"]) == ("succeeded", 0)
    for words in (("retry", FAILED), ("archive", FAILED), ("restore", FAILED), ("do", "resume", FAILED)):
        refused = cli(*words, "--yes", "--read-only")
        assert refused.code == ExitCode.USAGE
        assert "read-only" in refused.err
    last = entries(cli)[4:]
    assert [(entry["kind"], entry["data"]["action"]) for entry in last] == [
        ("action.refused", action) for action in ("retry", "archive", "restore", "resume")
    ]
    assert all(entry["data"]["plan"] and "read-only" in entry["data"]["reason"] for entry in last)
    assert verify(root / ".cockpit" / "journal.jsonl").ok
