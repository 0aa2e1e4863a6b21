"""Switching the model provider and back (seed 003, Model Provider Unavailable; formats/agents-orchestration.md 5.5)."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from cockpit.models.action import ActionInput, ActionSpec, InputKind, Reach
from cockpit.sources.agents_orchestration.checkout import free, stamp
from cockpit.sources.agents_orchestration.config import CONFIG
from cockpit.sources.fields import Obj, items, obj, word
from cockpit.sources.jsonfile import Unreadable, decode, read_bytes
from cockpit.sources.own_jobs import absent, literal, own_job

SWITCH, RESTORE = "provider-switch", "provider-restore"
BACKUP = ".bak"
_TITLES = {SWITCH: "Switch the model provider of every agent", RESTORE: "Go back to the provider of a backup"}
_ONLY = "defaultProvider and the model of each agent change together: the provider alone would fail for every agent"


class _File(NamedTuple):
    """A configuration as it is now."""

    path: Path
    data: Obj
    sha256: str
    stamp: str


def provider_actions(tree: Path, marker: str | None) -> tuple[ActionSpec, ...]:
    """The actions on the configuration of a checkout, planned from its bytes as they are now.

    Args:
        tree: The checkout.
        marker: The file by which it is found from the run, if it is.
    """
    try:
        known = _load(tree / CONFIG)
    except _UnusableError as error:
        return tuple(absent(id_, title, str(error)) for id_, title in _TITLES.items())
    return tuple(spec.model_copy(update={"cwd_marker": marker}) for spec in (_switch(known), _restore(known)))


class _UnusableError(Exception):
    """A configuration that cannot be changed."""


def _load(path: Path) -> _File:
    shown = path.name
    if path.is_symlink():
        raise _UnusableError(f"{shown} is a symbolic link: change what it points to")
    if not literal(os.fspath(path)):
        raise _UnusableError("the path of the checkout holds characters that cannot be part of a command")
    try:
        data = read_bytes(path)
        document, _ = decode(data)
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        raise _UnusableError(f"there is no {shown}") from None
    except Unreadable as trouble:
        raise _UnusableError(f"{shown} cannot be read: {trouble.reason}; mend it by hand") from None
    except OSError as error:
        raise _UnusableError(f"{shown} cannot be read: {error.strerror}") from None
    if not isinstance(document, dict):
        raise _UnusableError(f"{shown} holds no JSON object; mend it by hand")
    return _File(path, document, hashlib.sha256(data).hexdigest(), stamp(changed))


def _words(known: _File) -> tuple[str, str, str]:
    backup = free(known.path.with_name(f"{known.path.name}.{known.stamp}"), BACKUP)
    return f"--config={known.path}", f"--expect={known.sha256}", f"--backup={backup}"


def _switch(known: _File) -> ActionSpec:
    models = {name: obj(value) for name, value in obj(known.data.get("models")).items()}
    runtime = obj(known.data.get("runtime"))
    current = word(runtime.get("defaultProvider"))
    others = tuple(name for name, own in models.items() if name != current and own and name and literal(name))
    title = _TITLES[SWITCH]
    if not others:
        return absent(SWITCH, title, "the configuration has models of no other provider")
    fallbacks = [word(one) for one in items(runtime.get("fallbackProviders"))]
    choices = tuple(dict.fromkeys(model for name in others for model in models[name] if model and literal(model)))
    return ActionSpec(
        id=SWITCH,
        title=title,
        argv=own_job("provider_job", "switch", *_words(known), "--provider={provider}", "--model={model}"),
        inputs=(
            ActionInput(
                name="provider",
                title="Provider",
                kind=InputKind.CHOICE,
                choices=others,
                default=next((one for one in fallbacks if one in others), others[0]),
            ),
            ActionInput(
                name="model",
                title="Model of agents whose own it lacks",
                kind=InputKind.CHOICE,
                choices=choices,
                optional=True,
            ),
        ),
        reach=Reach.SYSTEM,
        undo="Go back to the backup with provider-restore.",
        undone_by=RESTORE,
        expects=(_ONLY,),
    )


def _restore(known: _File) -> ActionSpec:
    folder, name = known.path.parent, known.path.name
    found = [path.name for path in folder.glob(f"{name}.*{BACKUP}") if path.is_file() and literal(path.name)]
    title = _TITLES[RESTORE]
    if not found:
        return absent(RESTORE, title, f"there is no backup of {name} beside it: nothing was switched here")
    newest = sorted(found, key=lambda each: ((folder / each).stat().st_ctime_ns, each), reverse=True)
    return ActionSpec(
        id=RESTORE,
        title=title,
        argv=own_job("provider_job", "restore", *_words(known), f"--from={folder}/{{backup}}"),
        inputs=(
            ActionInput(name="backup", title="Backup", kind=InputKind.CHOICE, choices=tuple(newest), default=newest[0]),
        ),
        reach=Reach.SYSTEM,
        undo="Switch again.",
        undone_by=SWITCH,
        expects=("what else was changed since the backup, such as projects of the web interface, stays",),
    )
