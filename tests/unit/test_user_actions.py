"""Actions that users declare: what a table may say, every mistake with its line, how they stand among others."""

import re
from pathlib import Path

import pytest

from cockpit.actions.declared import Declared, specs_for
from cockpit.actions.menu import clashes, specs
from cockpit.cli.action_arguments import ACTIONS
from cockpit.cli.parser import VERBS
from cockpit.errors import UsageError
from cockpit.models.action import ActionSpec, Confirm, InputKind, Reach
from cockpit.models.run import RunState
from cockpit.settings import Settings, load_settings
from cockpit.sources import registry
from cockpit.verbs import BUILT_IN_ACTIONS, RESERVED
from tests.conftest import REPOSITORY

WHOLE = """
[[actions]]
id = "drain-queue"
title = "Drain the queue"
sources = ["flow-studio", "custom"]
states = ["failed", "stuck"]
reach = "system"
needs = ["flow"]
argv = ["queue", "drain", "{run}", "--flow={flow}", "--keep={keep}", "--reason", "{reason}"]
cwd = "ops/queue.toml"
env = { QUEUE_STAGE = "{stage}" }
dry_run = ["queue", "drain", "--dry-run", "{run}"]
confirm = "typed"
danger = true
key = "q"
undo = "Fill it again by hand."
undone_by = "fill-queue"
expects = ["the queue is empty"]
warnings = ["what is in it is lost"]

[[actions.inputs]]
name = "keep"
title = "How many to keep"
kind = "integer"
default = "0"

[[actions.inputs]]
name = "stage"
title = "Stage"
kind = "choice"
choices = ["test", "prod"]

[[actions.inputs]]
name = "reason"
title = "Why"
kind = "text"

[[actions.outcome]]
pattern = "^nothing to drain"
failed = true
says = "the queue was empty"
"""
REQUEST = """
[[actions]]
id = "page-lead"
title = "Page the lead"
inputs = [{ name = "who", title = "Whom" }]
request = { service = "pager", path = "/page/{who}", body = { run = "{run}" }, after = [
  { at = "answer", field = "sent", says = "nobody was paged" } ] }
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load_settings(path)


def declared(tmp_path: Path, text: str) -> tuple[Declared, ...]:
    return read(tmp_path, text).actions


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    return str(caught.value).replace(f"{tmp_path}/", "")


def table(**fields: str) -> str:
    """An `[[actions]]` table of TOML values, one a line."""
    known = {"id": '"go"', "title": '"Go"', "argv": '["true"]'} | fields
    return "[[actions]]\n" + "".join(f"{name} = {value}\n" for name, value in known.items() if value)


def test_everything_that_can_be_said_becomes_an_action(tmp_path: Path) -> None:
    drain, page = declared(tmp_path, WHOLE + REQUEST)
    spec = drain.spec
    assert (spec.id, spec.title, spec.key, spec.danger) == ("drain-queue", "Drain the queue", "q", True)
    assert (spec.reach, spec.confirm, spec.cwd_marker) == (Reach.SYSTEM, Confirm.TYPED, "ops/queue.toml")
    assert spec.states == (RunState.FAILED, RunState.STUCK)
    assert [each.kind for each in spec.inputs] == [InputKind.INTEGER, InputKind.CHOICE, InputKind.TEXT]
    assert spec.outcome[0].says == "the queue was empty"
    assert (spec.undo, spec.undone_by, spec.warnings) == (
        "Fill it again by hand.", "fill-queue", ("what is in it is lost",),
    )  # fmt: skip
    assert page.spec.request is not None
    assert page.spec.request.after[0].field == "sent"
    assert (drain.applies_to("custom"), drain.applies_to("ai-csuite"), page.applies_to("ai-csuite")) == (
        True, False, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "starts", "why"),
    [
        (table(id='"archive"'), "config.toml:2: actions.0.id:", "cannot be replaced"),
        (table(id='"restore"'), "config.toml:2: actions.0.id:", "cannot be replaced"),
        (table(id='"plan"'), "config.toml:2: actions.0.id:", "is a verb"),
        (table(id='"do"'), "config.toml:2: actions.0.id:", "is a verb"),
        (table(id='"incident"'), "config.toml:2: actions.0.id:", "is a verb"),
        (table(id='"Go"'), "config.toml:2: actions.0.id:", "lower-case"),
        (table(id='"-go"'), "config.toml:2: actions.0.id:", "lower-case"),
        (table(id=f'"{"a" * 41}"'), "config.toml:2: actions.0.id:", "lower-case"),
        (table(title='" "'), "config.toml:3: actions.0.title:", "one line"),
        (table(title='"a\\u001b[2J"'), "config.toml:3: actions.0.title:", "one line"),
        (table(argv="", states='["dead"]'), "config.toml:4: actions.0.states", "running"),
        (table(argv=""), "config.toml:1: actions.0:", "either argv or request"),
        (table(argv='["go", "{nope}"]'), "config.toml:4: actions.0.argv:", "names {nope}"),
        (table(argv='["go", "{run"]'), "config.toml:4: actions.0.argv:", "brace"),
        (table(argv='"go"'), "config.toml:4: actions.0.argv:", "tuple"),
        (table(dry_run='["go", "{nope}"]'), "config.toml:5: actions.0.dry_run:", "names {nope}"),
        (table(env='{ X = "{nope}" }'), "config.toml:5: actions.0.env:", "names {nope}"),
        (table(env='{ "X-Y" = "1" }'), "config.toml:5: actions.0.env:", "no name"),
        (table(cwd='"../Makefile"'), "config.toml:5: actions.0.cwd:", "name of a file"),
        (table(cwd='"/etc/passwd"'), "config.toml:5: actions.0.cwd:", "name of a file"),
        (table(key='"qq"'), "config.toml:5: actions.0.key:", "one letter"),
        (table(key='"F5"'), "config.toml:5: actions.0.key:", "one letter"),
        (table(needs='["run"]'), "config.toml:5: actions.0.needs", "'flow' or 'step'"),
        (table(confirm='"maybe"'), "config.toml:5: actions.0.confirm:", "'yes' or 'typed'"),
        (table(colour='"red"'), "config.toml:5: actions.0.colour:", "no such key"),
        (table(outcome='[{ pattern = "(", failed = true, says = "x" }]'), "config.toml:5: actions.0.outcome", "reg"),
        (table(inputs='[{ name = "flow", title = "x" }]'), "config.toml:5: actions.0.inputs:", "cannot be the name"),
        (table(inputs='[{ name = "force", title = "x" }]'), "config.toml:5: actions.0.inputs:", "cannot be the name"),
        (table(inputs='[{ name = "A b", title = "x" }]'), "config.toml:5: actions.0.inputs:", "cannot be the name"),
        (table(inputs='[{ name = "a" }]'), "config.toml:5: actions.0.inputs.0.title:", "is needed"),
        (
            table(inputs='[{ name = "a", title = "x", kind = "choice" }]'),
            "config.toml:5: actions.0.inputs:", "without choices",
        ),
        (
            table(inputs='[{ name = "a", title = "x", kind = "integer", default = "many" }]'),
            "config.toml:5: actions.0.inputs:", "no whole number",
        ),
        (
            table(inputs='[{ name = "a", title = "x" }, { name = "a", title = "y" }]'),
            "config.toml:5: actions.0.inputs:", "twice",
        ),
        (
            table(argv="", request='{ service = "x", path = "no/slash" }'),
            "config.toml:4: actions.0.request:", "begin with /",
        ),
        (
            table(argv="", request='{ service = "x", path = "/a" }', cwd='"Makefile"'),
            "config.toml:1: actions.0:", "for commands",
        ),
        (table() + table(argv='["false"]'), "config.toml:6: actions.1.id:", "declared twice"),
        (table(key='"k"') + table(id='"b"', key='"k"'), "config.toml:10: actions.1.key:", "belongs to the action 'go'"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_line_and_key(tmp_path: Path, text: str, starts: str, why: str) -> None:
    told = complaint(tmp_path, text)
    assert told.startswith(starts), told
    assert why in told


def test_a_text_is_kept_out_of_make_and_shells(tmp_path: Path) -> None:
    inputs = '[{ name = "why", title = "Why", kind = "text" }]'
    told = complaint(
        tmp_path, "[[actions]]\nid='go'\ntitle='Go'\n" + f"inputs = {inputs}\n" + 'argv=["sh","-c","{why}"]\n'
    )
    assert "value of a long option" in told
    assert "config.toml:5: actions.0.argv:" in told
    order = f'[[actions]]\nid="go"\ntitle="Go"\nargv = ["make", "go", "--why={{why}}"]\ninputs = {inputs}\n'
    assert "handed to make" in complaint(tmp_path, order)


def test_two_systems_may_have_an_action_of_the_same_id_and_key(tmp_path: Path) -> None:
    one = table(sources='["custom"]', key='"k"')
    two = table(sources='["flow-studio"]', key='"k"', argv='["false"]')
    found = declared(tmp_path, one + two)
    assert [spec.argv for spec in specs_for(found, "custom")] == [("true",)]
    assert [spec.argv for spec in specs_for(found, "flow-studio")] == [("false",)]
    assert specs_for(found, "ai-csuite") == ()


OWN = (
    ActionSpec(id="resume", title="Resume", argv=("make", "r"), key="r"),
    ActionSpec(id="retry", title="Retry", argv=("make", "t"), key="t"),
)


def test_a_users_action_takes_the_place_of_the_sources_own(tmp_path: Path) -> None:
    users = specs_for(declared(tmp_path, table(id='"retry"') + table(id='"extra"')), "any")
    found = specs(OWN, users)
    assert [spec.id for spec in found] == ["resume", "retry", "extra", "archive", "restore"]
    assert (found[1].argv, found[1].key) == (("true",), "t")
    assert clashes(OWN, users) == ()


def test_a_taken_key_stays_where_it_was_and_that_is_told(tmp_path: Path) -> None:
    users = specs_for(declared(tmp_path, table(id='"extra"', key='"r"') + table(id='"more"', key='"m"')), "any")
    found = {spec.id: spec.key for spec in specs(OWN, users)}
    assert (found["resume"], found["extra"], found["more"]) == ("r", None, "m")
    assert clashes(OWN, users) == ("actions.extra.key: r already belongs to resume; not taken",)
    # A key that its action gives up by being replaced is free.
    moved = specs_for(declared(tmp_path, table(id='"resume"', key='"z"') + table(id='"extra"', key='"r"')), "any")
    assert {spec.id: spec.key for spec in specs(OWN, moved)}["extra"] == "r"
    assert clashes(OWN, moved) == ()


def test_no_action_can_be_hidden_by_a_verb() -> None:
    assert set(VERBS) - {"resume", "retry"} <= RESERVED, "a new verb must be reserved in cockpit/verbs.py"
    assert {"resume", "retry"} <= set(ACTIONS)
    sources = (REPOSITORY / "cockpit" / "sources").rglob("*.py")
    named = {name for path in sources for name in re.findall(r'\bid="([a-z-]+)",\n\s+title=', path.read_text())}
    assert {"retry", "validate", "hold", "release"} <= named
    assert named & RESERVED <= BUILT_IN_ACTIONS, "an action of a source that a verb hides"
    assert registry.load().problems == ()
