"""What an operator chooses for an action: kinds, defaults, what is missing, where a value may stand in a command."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.checks import Context
from cockpit.actions.inputs import check_value, choose, input_problem
from cockpit.actions.menu import available
from cockpit.actions.plan import make_plan
from cockpit.actions.templates import check_command, fill, fill_env
from cockpit.errors import UsageError
from cockpit.models.action import ActionInput, ActionSpec, InputKind, Plan, Reach
from cockpit.models.run import Run, RunRef, RunState
from cockpit.sanitize import clean
from tests.conftest import NOW

NAME = ActionInput(name="target", title="Which target")
TEXT = ActionInput(name="reason", title="Why", kind=InputKind.TEXT)
COUNT = ActionInput(name="count", title="How many", kind=InputKind.INTEGER, default="3")
FLAG = ActionInput(name="hard", title="Hard", kind=InputKind.FLAG, default="no")
STAGE = ActionInput(name="stage", title="Stage", kind=InputKind.CHOICE, choices=("5", "25", "100"))
FILE = ActionInput(name="file", title="Scope file", kind=InputKind.PATH)
LATER = ActionInput(name="note", title="Note", kind=InputKind.TEXT, optional=True)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "run-1").mkdir()
    return Run(ref=RunRef(source="s", root=str(tmp_path), path="run-1", id="run-1"), state=RunState.FAILED)


def plan(spec: ActionSpec, run: Run, **options: str) -> Plan:
    state = Path(run.ref.root) / ".cockpit"
    return make_plan(spec, run, Context(now=NOW, state_dir=state, fingerprint="f", options=options))


def spec(*argv: str, inputs: tuple[ActionInput, ...], env: dict[str, str] | None = None) -> ActionSpec:
    return ActionSpec(id="go", title="Go", argv=argv, inputs=inputs, env=env or {})


def test_chosen_values_and_defaults_fill_argv_env_and_dry_run(run: Run) -> None:
    go = ActionSpec(
        id="go",
        title="Go",
        argv=("tool", "{run}", "--target={target}", "--reason", "{reason}", "n={count}"),
        dry_run=("tool", "--dry-run", "{target}"),
        env={"HARD": "{hard}", "WHY": "because {reason}"},
        inputs=(NAME, TEXT, COUNT, FLAG),
    )
    made = plan(go, run, target="web", reason="it's down; $(date)", hard="TRUE")
    assert made.refused is None
    assert made.argv == ("tool", "run-1", "--target=web", "--reason", "it's down; $(date)", "n=3")
    assert made.dry_run == ("tool", "--dry-run", "web")
    assert made.env == {"HARD": "yes", "WHY": "because it's down; $(date)"}
    assert made.options == {"target": "web", "reason": "it's down; $(date)", "count": "3", "hard": "yes"}


def test_what_is_missing_is_named_with_the_way_to_choose_it(run: Run) -> None:
    go = spec("tool", "--to={target}", "{stage}", inputs=(NAME, STAGE, COUNT))
    refused = plan(go, run).refused
    assert refused is not None
    assert "target (Which target), stage (Stage)" in refused
    assert "--set target=VALUE --set stage=5|25|100" in refused
    assert "count" not in refused
    assert plan(go, run, target="web").argv is None
    # An empty text is no choice.
    assert "target" in (plan(go, run, target="", stage="5").refused or "")


def test_unknown_names_are_refused_with_the_known_ones(run: Run) -> None:
    go = spec("tool", "{stage}", inputs=(STAGE, COUNT))
    refused = plan(go, run, stage="5", cuont="4").refused or ""
    assert "'cuont'" in refused
    assert "stage=5|25|100 count=NUMBER" in refused
    assert "the action has none" in (plan(spec("tool", inputs=()), run, x="1").refused or "")
    # The cockpit's own option stays known.
    assert plan(go, run, stage="5", force="yes").options["force"] == "yes"


@pytest.mark.parametrize(
    ("each", "value", "why"),
    [
        (NAME, "-rf", "begins with '-'"), (NAME, "a b", "contains"), (NAME, "../x", "begins with"),
        (TEXT, "two\nlines", "not printable"), (TEXT, "\x1b]52;c;aGk=\x07", "not printable"), (TEXT, "x" * 501, "501"),
        (TEXT, "right\u202eleft", "not printable"), (TEXT, "nul\0", "not printable"),
        (COUNT, "3.5", "no whole number"), (COUNT, "", "no whole number"), (COUNT, "９", "no whole number"),
        (COUNT, "9" * 30, "no whole number"), (FLAG, "perhaps", "yes or no"), (STAGE, "50", "one of 5 25 100"),
    ],
)  # fmt: skip
def test_values_of_the_wrong_kind(tmp_path: Path, each: ActionInput, value: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_value(each, value, tmp_path)
    assert str(caught.value).startswith(f"{each.name}=")
    assert why in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_values_have_one_spelling(tmp_path: Path) -> None:
    assert check_value(COUNT, "007", tmp_path) == "7"
    assert check_value(COUNT, "-2", tmp_path) == "-2"
    assert [check_value(FLAG, text, tmp_path) for text in ("yes", "On", "1", "NO", "false")] == ["yes"] * 3 + ["no"] * 2


def test_paths_stay_in_the_root_whatever_they_are_made_of(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "inner").mkdir(parents=True)
    (root / "inner" / "scope.json").write_text("{}")
    (tmp_path / "secret").write_text("x")
    (root / "way-out").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to(root / "loop")
    (root / "back-in").symlink_to(root / "inner")
    wanted = str(root.resolve() / "inner" / "scope.json")
    assert check_value(FILE, "inner/scope.json", root) == wanted
    assert check_value(FILE, "back-in/scope.json", root) == wanted
    assert check_value(FILE, wanted, root) == wanted
    for wrong, why in (
        ("../secret", "outside"), ("way-out", "outside"), (str(tmp_path / "secret"), "outside"), ("inner", "no file"),
        ("gone", "no such file"), ("loop", "no such file"), ("a\0b", "printable"), ("inner/\n", "printable"),
        ("x" * 5_000, "no such file"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            check_value(FILE, wrong, root)


def test_a_path_is_the_same_from_any_working_directory(run: Run) -> None:
    scope = Path(run.ref.root) / "run-1" / "scope.json"
    scope.write_text("{}")
    made = plan(spec("tool", "{file}", inputs=(FILE,)), run, file="run-1/scope.json")
    assert made.argv == ("tool", str(scope.resolve()))
    odd = scope.with_name("$(touch pwned).json")
    odd.write_text("{}")
    name = f"run-1/{odd.name}"
    assert plan(spec("tool", "{file}", inputs=(FILE,)), run, file=name).argv == ("tool", str(odd.resolve()))
    assert "read as its own" in (plan(spec("make", "x", "F={file}", inputs=(FILE,)), run, file=name).refused or "")


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("tool", "{reason}"), "value of a long option"),
        (("tool", "-m", "{reason}"), "value of a long option"),
        (("tool", "REASON={reason}"), "value of a long option"),
        (("tool", "--say=why:{reason}"), "value of a long option"),
        (("make", "go", "--reason={reason}"), "handed to make"),
        (("env", "/usr/bin/gmake", "--reason={reason}"), "handed to gmake"),
        (("bash", "script", "--reason", "{reason}"), "handed to bash"),
        (("ssh", "host", "tool", "--reason={reason}"), "handed to ssh"),
        (("{target}", "x"), "program of a command"),
        (("tool", "{other}"), "names {other}"),
        (("tool", "{run"), "brace without its partner"),
        (("tool", "--note", "{note}"), "may be left out"),
        (("tool", "a\0b"), "NUL"),
        ((), "no program"),
        (("", "x"), "no program"),
    ],
)
def test_templates_that_would_be_unsafe_are_refused_whatever_is_chosen(argv: tuple[str, ...], why: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_command(argv, {}, (NAME, TEXT, LATER))
    assert why in str(caught.value)


def test_the_environment_of_a_command_is_looked_at_too() -> None:
    check_command(("tool",), {"WHY": "{reason}"}, (TEXT,))
    for argv, env, why in (
        (("make", "go"), {"WHY": "{reason}"}, "handed to make"),
        (("tool",), {"A-B": "x"}, "no name of an environment variable"),
        (("tool",), {"A": "{nope}"}, "names {nope}"),
        (("tool",), {"A": "\0"}, "NUL"),
    ):
        with pytest.raises(UsageError, match=why):
            check_command(argv, env, (TEXT,))


def test_no_argument_becomes_an_option_by_what_is_put_into_it() -> None:
    for value in ("-5", "-rf"):
        with pytest.raises(UsageError, match="read as an option"):
            fill(("tool", "--reason", "{reason}"), {"reason": value}, (TEXT,))
    assert fill(("tool", "--count={count}"), {"count": "-5"}, (COUNT,)) == ("tool", "--count=-5")
    with pytest.raises(UsageError, match="read as an option"):
        fill(("tool", "{count}"), {"count": "-5"}, (COUNT,))


def test_what_was_left_out_takes_its_place_with_it() -> None:
    values = {"note": None, "run": "r"}
    assert fill(("tool", "{run}", "--note={note}"), values, (LATER,)) == ("tool", "r")
    assert fill_env({"NOTE": "{note}", "RUN": "{run}"}, values, (LATER,)) == {"RUN": "r"}
    assert fill(("tool", "--note={note}"), {"note": "hi"}, (LATER,)) == ("tool", "--note=hi")
    with pytest.raises(UsageError, match="needs a target"):
        fill(("tool", "{target}"), {"target": None}, (NAME,))


def test_an_action_is_offered_before_anything_is_chosen(run: Run) -> None:
    go = spec("tool", "{stage}", inputs=(STAGE,))
    context = Context(now=NOW, state_dir=Path(run.ref.root) / ".cockpit", fingerprint="f")
    offers = {offer.spec.id: offer.refused for offer in available([go], run, context)}
    assert offers["go"] is offers["archive"] is None
    broken = spec("make", "{stage}", "--why={reason}", inputs=(STAGE, TEXT))
    assert "handed to make" in (available([broken], run, context)[0].refused or "")
    gone = ActionSpec(id="go", title="Go", argv=("tool",), unavailable="the system has no such command")
    assert available([gone], run, context)[0].refused == "the system has no such command"


def test_states_and_reach_decide_when_an_action_makes_sense(run: Run) -> None:
    working = run.model_copy(update={"state": RunState.RUNNING})
    only = ActionSpec(id="go", title="Go", argv=("tool",), states=(RunState.RUNNING, RunState.BLOCKED))
    assert plan(only, working).refused is None
    assert "for runs that are: running blocked" in (plan(only, run).refused or "")
    system = ActionSpec(id="go", title="Go", argv=("tool",), reach=Reach.SYSTEM)
    assert plan(system, working).refused is None
    assert plan(system, run).lock_key == f"s:{run.ref.root}"
    assert plan(only, working).lock_key == run.key
    assert "is running" in (plan(ActionSpec(id="go", title="Go", argv=("tool",)), working).refused or "")


def test_declarations_that_contradict_themselves() -> None:
    assert input_problem(STAGE) is None
    assert "without choices" in (input_problem(ActionInput(name="a", title="A", kind=InputKind.CHOICE)) or "")
    assert "is no choice" in (input_problem(ActionInput(name="a", title="A", choices=("x",))) or "")
    assert "default" in (input_problem(ActionInput(name="a", title="A", default="-x")) or "")
    assert "default" in (input_problem(STAGE.model_copy(update={"default": "50"})) or "")


@given(st.text(max_size=80))
def test_whatever_is_typed_is_refused_or_stays_one_argument(text: str) -> None:
    for each in (NAME, TEXT):
        told, argv = "", None
        try:
            values = choose((each,), {each.name: text}, Path())
            argv = fill(("tool", f"--{each.name}", f"{{{each.name}}}"), values, (each,))
        except UsageError as error:
            told = str(error)
        if argv is None:
            assert clean(told) == told != ""
        else:
            assert argv == ("tool", f"--{each.name}", text)
            assert not text.startswith("-")
            assert clean(text) == text
