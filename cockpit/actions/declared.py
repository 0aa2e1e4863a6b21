"""Actions that users declare in their settings: `[[actions]]` tables (seed 002, Contain).

A team has commands of its own for what the four systems lack: purge a cache, page a lead, drain a queue. What is
declared here is offered, planned, confirmed, locked and journaled like an action of a source.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from cockpit.actions.checks import FORCE
from cockpit.actions.inputs import input_problem
from cockpit.actions.requests import check_request
from cockpit.actions.templates import FIELDS, check_command
from cockpit.errors import UsageError
from cockpit.models.action import ActionInput, ActionSpec, Confirm, OutcomeRule, Reach
from cockpit.models.request import RequestSpec
from cockpit.models.run import RunState
from cockpit.verbs import BUILT_IN_ACTIONS, RESERVED

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_INPUT = re.compile(r"[a-z][a-z0-9_]*")
_KEY = re.compile(r"[A-Za-z0-9]")


def _id(text: str) -> str:
    if not _ID.fullmatch(text) or len(text) > 40:
        raise ValueError("an id is made of lower-case letters, digits and single '-', and begins with a letter")
    if text in BUILT_IN_ACTIONS:
        raise ValueError(f"{text!r} is the cockpit's own action and cannot be replaced")
    if text in RESERVED:
        raise ValueError(f"{text!r} is a verb of the command line")
    return text


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError("a key of the action menu is one letter or digit")
    return text


def _marker(text: str) -> str:
    path = PurePosixPath(text)
    if not path.parts or path.is_absolute() or ".." in path.parts or not text.isprintable():
        raise ValueError("write the name of a file, such as Makefile, that lies in the directory to run in")
    return text


def _words(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("write one line of text")
    return text


class Declared(BaseModel):
    """An action of your own (docs/actions.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, AfterValidator(_id)]
    """The verb: `cockpit ID RUN`."""
    title: Annotated[str, AfterValidator(_words)]
    """One line for people: what the menu and the plan call it."""
    sources: tuple[str, ...] = ()
    """Ids of the sources whose runs it is for; none means all. It takes the place of their action of the same id."""
    states: tuple[RunState, ...] = ()
    """Run states it is for; none means all but running and archived."""
    reach: Reach = Reach.RUN
    """`run`, or `system`: what its lock covers. One action on the system at a time."""
    needs: tuple[Literal["flow", "step"], ...] = ()
    """Which of flow and step must be known before it can be planned."""
    inputs: tuple[ActionInput, ...] = ()
    """What is asked before there is a plan: `[[actions.inputs]]`."""
    argv: tuple[str, ...] = ()
    """Argument list; never a shell line. `{run}`, `{flow}`, `{step}` and inputs are filled in."""
    request: RequestSpec | None = None
    """An HTTP request instead of a command."""
    cwd: Annotated[str, AfterValidator(_marker)] | None = None
    """A file that marks the directory to run in: the nearest one at or above the run that holds it."""
    env: dict[str, str] = Field(default_factory=dict)
    """Changes to the environment of the command; values are templates."""
    dry_run: tuple[str, ...] = ()
    """Argument list of a command that shows what `argv` would do and changes nothing."""
    confirm: Confirm = Confirm.YES
    """`yes`: with `y`; `typed`: by typing the run's id."""
    danger: bool = False
    """Whether it cannot be taken back, or reaches beyond this host."""
    key: Annotated[str, AfterValidator(_key)] | None = None
    """A letter or digit: its key in the action menu; a CAPITAL that no command has works in the panes too."""
    undo: str = ""
    """How to take it back, for people."""
    undone_by: str | None = None
    """The action that takes it back."""
    expects: tuple[str, ...] = ()
    """What a person should see happen."""
    warnings: tuple[str, ...] = ()
    """What they must know before saying yes."""
    outcome: tuple[OutcomeRule, ...] = ()
    """How its output tells what became of it, where the exit code does not: `[[actions.outcome]]`."""

    @field_validator("inputs")
    @classmethod
    def _inputs(cls, value: tuple[ActionInput, ...]) -> tuple[ActionInput, ...]:
        seen: set[str] = set()
        for each in value:
            if not _INPUT.fullmatch(each.name) or each.name in (*FIELDS, FORCE):
                raise ValueError(f"{each.name!r} cannot be the name of an input")
            if each.name in seen:
                raise ValueError(f"the input {each.name} is declared twice")
            seen.add(each.name)
            problem = input_problem(each)
            if problem is not None:
                raise ValueError(problem)
        return value

    @field_validator("argv", "dry_run")
    @classmethod
    def _command(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value:
            _sound(lambda: check_command(value, {}, _inputs_of(info)))
        return value

    @field_validator("env")
    @classmethod
    def _env(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        _sound(lambda: check_command(info.data.get("argv") or ("true",), value, _inputs_of(info)))
        return value

    @field_validator("request")
    @classmethod
    def _request(cls, value: RequestSpec | None, info: ValidationInfo) -> RequestSpec | None:
        if value is not None:
            _sound(lambda: check_request(value, _inputs_of(info)))
        return value

    @field_validator("outcome")
    @classmethod
    def _patterns(cls, value: tuple[OutcomeRule, ...]) -> tuple[OutcomeRule, ...]:
        for rule in value:
            try:
                re.compile(rule.pattern)
            except (re.error, RecursionError, OverflowError) as error:
                raise ValueError(f"{rule.pattern!r} is no regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _one_way(self) -> "Declared":
        if bool(self.argv) == (self.request is not None):
            raise ValueError("it must have either argv or request")
        if self.request is not None and (self.dry_run or self.env or self.cwd):
            raise ValueError("dry_run, env and cwd are for commands; it is a request")
        return self

    def applies_to(self, source: str) -> bool:
        """Whether it is for runs of a source."""
        return not self.sources or source in self.sources

    def overlaps(self, other: "Declared") -> bool:
        """Whether there are runs that both are for."""
        return not self.sources or not other.sources or bool({*self.sources} & {*other.sources})

    @property
    def spec(self) -> ActionSpec:
        """As every action is planned from."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name not in ("sources", "cwd")}
        return ActionSpec(cwd_marker=self.cwd, **given)


_ALL = TypeAdapter(tuple[Declared, ...])


def validate(tables: Sequence[Any]) -> tuple[Declared, ...]:
    """The actions of the settings' `[[actions]]` tables.

    Raises:
        pydantic.ValidationError: One is not valid; locations begin with its number, from 0.
    """
    found = _ALL.validate_python(tuple(tables))
    mistakes = list(_collisions(found))
    if mistakes:
        raise ValidationError.from_exception_data("actions", mistakes)
    return found


def specs_for(declared: Sequence[Declared], source: str) -> tuple[ActionSpec, ...]:
    """The declared actions of a source's runs."""
    return tuple(each.spec for each in declared if each.applies_to(source))


def unknown_sources(declared: Sequence[Declared], known: Sequence[str]) -> list[tuple[str, str]]:
    """Ids of declared actions, each with a source it names that does not exist."""
    return [(each.id, name) for each in declared for name in each.sources if name not in known]


def _collisions(found: Sequence[Declared]) -> Iterator[InitErrorDetails]:
    """Two actions of one id, or of one key, that the same run would have."""
    for index, each in enumerate(found):
        for other in found[:index]:
            if not each.overlaps(other):
                continue
            if each.id == other.id:
                yield _mistake(index, "id", f"the action {each.id!r} is declared twice")
            elif each.key is not None and each.key == other.key:
                yield _mistake(index, "key", f"the key {each.key!r} already belongs to the action {other.id!r}")


def _mistake(index: int, key: str, told: str) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError("collision", "{told}", {"told": told}), loc=(index, key), input="")


def _inputs_of(info: ValidationInfo) -> tuple[ActionInput, ...]:
    return info.data.get("inputs") or ()


def _sound(check: Callable[[], None]) -> None:
    """A refusal as pydantic takes it.

    Raises:
        ValueError: The check refused.
    """
    try:
        check()
    except UsageError as error:
        raise ValueError(str(error)) from error
