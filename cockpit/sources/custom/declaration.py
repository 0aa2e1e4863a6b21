"""What a `[[custom]]` table of the settings may say (docs/custom-sources.md)."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

from cockpit.sources.custom.paths import check_glob, field_path

STATES = (
    "pending", "idle", "running", "paused", "waiting", "blocked", "stopped", "interrupted", "failed", "succeeded",
)  # fmt: skip
"""What a word of a run can mean. `idle`: it waits to be started; `waiting`: it waits for a person."""
STEP_STATES = ("succeeded", "failed", "interrupted", "timeout", "skipped", "partial", "running")
"""What a word of a step can mean."""


def _path(text: str) -> str:
    field_path(text)
    return text


def _expand(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _one_of(known: Sequence[str]) -> AfterValidator:
    def check(meaning: str) -> str:
        if meaning not in known:
            raise ValueError(f"{meaning!r} is none of {', '.join(known)}")
        return meaning

    return AfterValidator(check)


def _any_case(words: dict[str, str]) -> dict[str, str]:
    return {word.strip().lower(): meaning for word, meaning in words.items()}


FieldPath = Annotated[str, AfterValidator(_path)]
Glob = Annotated[str, AfterValidator(check_glob)]
Globs = Annotated[tuple[Glob, ...], BeforeValidator(_listed)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StepsDeclaration(_Section):
    """Where the steps of a run are: in files of their own, or in a list of the record."""

    files: Globs = ()
    """Files with one step each, below the run's directory; `{id}` stands for the run's id."""
    within: FieldPath | None = None
    """Field of the record that holds a list of steps, or an object of them by name."""
    name: FieldPath | None = None
    """Default: the name of the file, the key in the object, or the place in the list."""
    status: FieldPath | None = None
    """Field with its status word."""
    exit_code: FieldPath | None = None
    """What is not 0 failed, whatever the status says."""
    error: FieldPath | None = None
    """Field with what went wrong."""
    agent: FieldPath | None = None
    """Field with who did it."""
    flow: FieldPath | None = None
    """Field with the flow it belongs to."""
    started: FieldPath | None = None
    """Field with the time it began."""
    ended: FieldPath | None = None
    """Field with the time it ended."""
    words: Annotated[dict[str, Annotated[str, _one_of(STEP_STATES)]], AfterValidator(_any_case)] = Field(
        default_factory=dict
    )
    """The system's words to the cockpit's; what is not listed is taken as the cockpit spells it."""

    @model_validator(mode="after")
    def _one_place(self) -> "StepsDeclaration":
        if bool(self.files) == (self.within is not None):
            raise ValueError("say where the steps are: either files or within")
        return self


class Declaration(_Section):
    """A system that is declared instead of programmed (docs/custom-sources.md)."""

    name: str = Field(min_length=1, max_length=60)
    """Shown as what runs it."""
    runs: Globs = Field(min_length=1)
    """Patterns, below the root, of the record files, or with `record` of the runs' directories."""
    record: Annotated[str, AfterValidator(check_glob)] | None = None
    """The record's path within the run's directory; a directory without it is no run."""
    roots: tuple[Annotated[Path, AfterValidator(_expand)], ...] = ()
    """Only these roots; default: every root where a pattern finds something."""
    id: FieldPath | None = None
    """Field of the record with the run's id; default: the name of the directory or file."""
    title: FieldPath | None = None
    """Field with a title for people."""
    status: FieldPath | None = None
    """Field with the status word."""
    error: FieldPath | None = None
    """Field with what went wrong."""
    created: FieldPath | None = None
    """Field with the time it was made."""
    started: FieldPath | None = None
    """Field with the time it began."""
    updated: FieldPath | None = None
    """Field with the time of its last sign of life."""
    ended: FieldPath | None = None
    """Field with the time it ended."""
    time: Literal["auto", "iso", "epoch", "epoch_ms"] = "auto"
    """How times are written; `auto` takes ISO 8601 and tells seconds from milliseconds by their size."""
    flow: str = Field(default="main", min_length=1, max_length=60)
    """What the flow of steps is called that name none."""
    plan: tuple[str, ...] = ()
    """Steps a run is expected to do, in order: a run that ends well without one of them is partial."""
    words: Annotated[dict[str, Annotated[str, _one_of(STATES)]], AfterValidator(_any_case)] = Field(
        default_factory=dict
    )
    """The system's status words to the cockpit's; what is not listed is taken as the cockpit spells it."""
    steps: StepsDeclaration | None = None
    """Where its steps are: `[custom.steps]`."""
    logs: Globs = ()
    """Log files, below the run's directory; `{id}` stands for the run's id."""

    @property
    def digest(self) -> str:
        """Changes with every word of the declaration: what was read with another one must be read again."""
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=6).hexdigest()


_ALL: TypeAdapter[tuple[Declaration, ...]] = TypeAdapter(tuple[Declaration, ...])


def validate(tables: Sequence[Any]) -> tuple[Declaration, ...]:
    """The declarations of the settings' `[[custom]]` tables.

    Raises:
        pydantic.ValidationError: One is not valid; locations begin with its number, from 0.
    """
    return _ALL.validate_python(tuple(tables))
