"""Plans and offers as lines."""

import pytest

from cockpit.models.action import ActionSpec, Plan
from cockpit.presenters.plans import offer_lines, plan_lines
from widgets.rows import TextRow

PLAN = Plan(
    action="retry", run="night", run_key="flow-studio:/work/swarm/runs/night", hash="a" * 64, fingerprint="b" * 24,
    flow="build", step="implement", argv=("make", "stepwise-retry", "RUN_ID=night"), cwd="/work",
    warnings=("receipts are overwritten",), expected_s=60, expected_tokens=1200, undo="Not possible.",
    dry_run=("make", "-n", "stepwise-retry"),
)  # fmt: skip


def lines(rows: list[TextRow]) -> list[str]:
    return ["".join(cell.text for cell in row.spans) for row in rows]


def test_a_plan_shows_everything_that_must_be_known() -> None:
    assert lines(plan_lines(PLAN)) == [
        "run       night",
        "step      build › implement",
        "command   make stepwise-retry RUN_ID=night",
        "in        /work",
        "env       unchanged",
        "warning   receipts are overwritten",
        "takes     about 1m, about 1,200 tokens",
        "undo      Not possible.",
        "dry run   make -n stepwise-retry",
        "plan      aaaaaaaaaaaa, made from the state bbbbbbbbbbbb",
    ]


def test_changes_of_the_environment_are_named() -> None:
    changed = PLAN.model_copy(update={"env": {"B": "2", "A": "1"}})
    assert lines(plan_lines(changed))[4:6] == ["env       A=1", "          B=2"]


@pytest.mark.parametrize(
    ("effect", "shown"),
    [
        ("supersedes the receipt swarm/runs/night/build/receipts/x.json (failed)",
         "supersedes the receipt build/receipts/x.json (failed)"),
        ("supersedes the transcript swarm/runs/night/night/llm/x.jsonl",
         "supersedes the transcript night/llm/x.jsonl"),
        ("supersedes the receipt elsewhere/x.json (failed)", "supersedes the receipt elsewhere/x.json (failed)"),
        ("moves /work/swarm/runs/night/ aside", "moves /work/swarm/runs/night/ aside"),
    ],
)  # fmt: skip
def test_what_is_superseded_is_named_from_the_runs_directory_on(effect: str, shown: str) -> None:
    rows = lines(plan_lines(PLAN.model_copy(update={"effects": (effect,)})))
    assert f"effect    {shown}" in rows


@pytest.mark.parametrize(("action", "told"), [("status", True), ("retry", False), ("archive", False)])
def test_an_action_that_is_hidden_behind_a_verb_says_how_it_is_reached(action: str, told: bool) -> None:
    shown = "\n".join(lines(offer_lines(ActionSpec(id=action, title="A title", argv=("x",)), None)))
    assert (f"cockpit do {action} RUN" in shown) is told
