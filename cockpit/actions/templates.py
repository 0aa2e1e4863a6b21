"""From the templates of an action to what is run and sent, and the directory it runs in. Never a shell.

A template names fields in braces: `{run}`, `{flow}`, `{step}`, and the inputs of the action. What they stand for is
put into the one argument, value or part of a URL that names them, which is never split or expanded afterwards:

- Run ids, flows, steps and inputs of the kind `name` are plain names (`cockpit.actions.names`).
- A `text` is anything a person may type on one line. In a command it may stand only where a program reads it as the
  value of an option: as an argument of its own after a long option (`--reason`, `{reason}`) or behind one
  (`--reason={reason}`). It may not be part of a command that reads its arguments once more (make, a shell, ssh), nor
  of the environment of one: make expands `$(...)` in both, and hands its variables to a shell. In a request it may
  stand in the query and in the body.
- An argument that does not begin with `-` in its template does not begin with `-` when it is filled in.
- An optional input that was not chosen takes the argument, variable or parameter that names it with it.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cockpit.actions.names import check_name
from cockpit.errors import UsageError
from cockpit.models.action import ActionInput, ActionSpec, InputKind
from cockpit.sanitize import clean

FIELDS: dict[str, str] = {"run": "run id", "flow": "flow", "step": "step"}
"""What every template may name, and what it is called in messages."""

FOREIGN_READERS = frozenset(
    {"make", "gmake", "bmake", "sh", "bash", "dash", "zsh", "ksh", "fish", "csh", "tcsh", "ssh", "su", "eval", "xargs"}
)
"""Programs that read their arguments a second time, as variables to expand or as a line of shell."""

_FIELD = re.compile(r"\{([^{}]*)\}")
_LONG_OPTION = re.compile(r"--[A-Za-z0-9][A-Za-z0-9_-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._@+,=:/-]+")


def template_of(spec: ActionSpec, overrides: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The argv template of an action: the one configured for this root, else the source's own."""
    return overrides.get(spec.id, spec.argv)


def dry_run_of(spec: ActionSpec, overrides: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The template of the command that shows what the action's own would do; empty where there is none.

    make needs no telling: `make -n` prints the recipes instead of running them.
    """
    template = template_of(spec, overrides)
    if spec.dry_run and template == spec.argv:
        return spec.dry_run
    return (template[0], "-n", *template[1:]) if template and os.path.basename(template[0]) == "make" else ()  # noqa: PTH119


def fields_of(template: Iterable[str], inputs: Iterable[ActionInput] = ()) -> tuple[str, ...]:
    """The fields a template names, in order of first use.

    Raises:
        UsageError: A field is neither one of `FIELDS` nor an input, or a brace has no partner.
    """
    known = (*FIELDS, *(each.name for each in inputs))
    names: dict[str, None] = {}
    for argument in template:
        for name in _FIELD.findall(argument):
            if name not in known:
                listed = " ".join(f"{{{each}}}" for each in known)
                raise UsageError(f"the template {clean(argument)!r} names {{{clean(name)}}}; known: {listed}")
            names[name] = None
        if set(_FIELD.sub("", argument)) & {"{", "}"}:
            raise UsageError(f"the template {clean(argument)!r} has a brace without its partner")
    return tuple(names)


def check_command(argv: Sequence[str], env: Mapping[str, str], inputs: Sequence[ActionInput]) -> None:
    """Whether the templates of a command keep the rules above, whatever is chosen.

    Raises:
        UsageError: They do not.
    """
    if not argv or not argv[0]:
        raise UsageError("the command template names no program")
    if any("\0" in part for part in (*argv, *env.values())):
        raise UsageError("the command template holds a NUL character")
    fields_of((*argv, *env.values()), inputs)
    strange = next((name for name in env if not _VARIABLE.fullmatch(name)), None)
    if strange is not None:
        raise UsageError(f"{clean(strange)!r} is no name of an environment variable")
    if any(each.name in _FIELD.findall(argv[0]) for each in inputs):
        raise UsageError("the program of a command is not for the operator to choose by an input")
    for each in inputs:
        _check_place(each, argv, env)


def _check_place(each: ActionInput, argv: Sequence[str], env: Mapping[str, str]) -> None:
    field = f"{{{each.name}}}"
    places = [index for index, argument in enumerate(argv) if field in argument]
    after = {index: _LONG_OPTION.fullmatch(argv[index - 1]) is not None for index in places}
    if each.optional and each.default is None and any(after[at] and argv[at] == field for at in places):
        raise UsageError(f"{field} may be left out, and its option would stay behind: write it as --option={field}")
    if each.kind is not InputKind.TEXT:
        return
    for at in places:
        option, found, value = argv[at].partition("=")
        if not (after[at] and argv[at] == field) and not (found and value == field and _LONG_OPTION.fullmatch(option)):
            raise UsageError(f"{field} is a text: it may only be the value of a long option, as in --option={field}")
    if (places or any(field in value for value in env.values())) and reads_again(argv):
        raise UsageError(f"{field} is a text and cannot be handed to {reads_again(argv)}, which would run parts of it")


def reads_again(argv: Sequence[str]) -> str | None:
    """The word of a command that reads other words a second time (`FOREIGN_READERS`), or `None`."""
    names = (argument.rpartition("/")[2] for argument in argv)
    return next((name for name in names if name in FOREIGN_READERS), None)


def fill(
    template: Sequence[str], values: Mapping[str, str | None], inputs: Sequence[ActionInput] = ()
) -> tuple[str, ...]:
    """The argv: every field replaced within its own argument.

    Args:
        template: At least the program; see `check_command`.
        values: What the fields stand for. Run, flow and step must be plain names where they are used; inputs are as
            `cockpit.actions.inputs.choose` gave them.
        inputs: The action's inputs.

    Raises:
        UsageError: No program, a NUL, an unknown field, a field without a value, or a value that must not stand there.
    """
    check_command(template, {}, inputs)
    optional = {each.name for each in inputs if each.optional}
    plain = reads_again(template) is not None
    filled = []
    for argument in template:
        text = fill_one(argument, values, optional)
        if text is None:
            continue
        if text.startswith("-") and not argument.startswith("-"):
            raise UsageError(f"the argument {clean(text, 60)!r} would be read as an option")
        filled.append(text)
    if plain:
        _check_paths(inputs, values)
    return tuple(filled)


def fill_env(env: Mapping[str, str], values: Mapping[str, str | None], inputs: Sequence[ActionInput]) -> dict[str, str]:
    """The changes to the environment; a variable of which an input was left out is not set.

    Raises:
        UsageError: As `fill`.
    """
    optional = {each.name for each in inputs if each.optional}
    filled = {name: fill_one(text, values, optional) for name, text in env.items()}
    return {name: text for name, text in filled.items() if text is not None}


def fill_one(template: str, values: Mapping[str, str | None], optional: Iterable[str] = ()) -> str | None:
    """One template filled in; `None` where it names an optional input that was not chosen.

    Raises:
        UsageError: A field has no value, or one that is no plain name.
    """
    names = _FIELD.findall(template)
    if any(name in optional and values.get(name) is None for name in names):
        return None
    checked: dict[str, str] = {}
    for name in names:
        value = values.get(name)
        if not value:
            raise UsageError(f"it needs a {FIELDS.get(name, name)} and none is known")
        checked[name] = check_name(FIELDS[name], value) if name in FIELDS else value
    return _FIELD.sub(lambda match: checked[match[1]], template)


def _check_paths(inputs: Sequence[ActionInput], values: Mapping[str, str | None]) -> None:
    """Paths handed to a program that reads its arguments again hold nothing it could expand."""
    for each in inputs:
        value = values.get(each.name)
        if each.kind is InputKind.PATH and value is not None and not _PLAIN_PATH.fullmatch(value):
            raise UsageError(f"{clean(value)} holds characters that the program of this action would read as its own")


def working_directory(run_dir: Path, marker: str | None, *, run_is_root: bool = False) -> Path:
    """The directory a command runs in: the nearest one above the run that holds `marker`.

    The run's own directory is not looked into, because what lies there is written by agents; only where the operator
    pointed at it as the root is it the first candidate.

    Args:
        run_dir: Absolute path of the run.
        marker: File name, such as `Makefile`; `None` for the first candidate itself.
        run_is_root: Whether the run is the root itself.

    Raises:
        UsageError: There is no such directory, or the file found could have been put there by anybody.
    """
    first = run_dir if run_is_root else run_dir.parent
    if marker is None:
        return first
    for directory in (first, *first.parents):
        candidate = directory / marker
        try:
            found = candidate.stat()
        except OSError:
            continue
        if not stat.S_ISREG(found.st_mode):
            continue
        _refuse_planted(candidate, found.st_uid)
        return directory
    raise UsageError(f"there is no {clean(marker)} in {clean(first)} or above it")


def _refuse_planted(path: Path, owner: int) -> None:
    """Refuse a file somebody else owns in a directory anyone may write to, as /tmp is."""
    if owner in (0, os.geteuid()):
        return
    if path.parent.stat().st_mode & stat.S_IWOTH:
        raise UsageError(f"{clean(path)} belongs to another user, in a directory anyone can write to")
