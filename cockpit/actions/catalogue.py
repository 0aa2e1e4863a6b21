"""The plan of any action of a run, and the actions that are the cockpit's own: archiving and restoring."""

import itertools
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cockpit.actions.archive import ARCHIVES, MANIFEST_SUFFIX, SUFFIX, origin, sidecar
from cockpit.actions.archive_job import create_argv, restore_argv
from cockpit.actions.basis import basis_of
from cockpit.actions.checks import Context, check_allowed, check_not_running, check_run, run_directory
from cockpit.actions.foresight import foreseen
from cockpit.actions.inputs import choose
from cockpit.actions.manifest import ArchiveError, Manifest
from cockpit.actions.names import check_name
from cockpit.actions.occupied import Occupied, occupied
from cockpit.actions.plan import make_plan, sealed
from cockpit.actions.restore import aside_places
from cockpit.actions.storage import read_object
from cockpit.errors import UsageError
from cockpit.models.action import ActionInput, ActionSpec, Confirm, InputKind, Plan
from cockpit.models.run import Run, RunRef
from cockpit.sanitize import clean

REMOVE = "remove"
"""Option of `archive` (`yes`): move the run's directory aside once its archive is verified."""

ARCHIVE = ActionSpec(
    id="archive",
    title="Archive the run",
    inputs=(
        ActionInput(
            name=REMOVE,
            title="move the original aside once its archive is verified",
            kind=InputKind.FLAG,
            default="no",
        ),
    ),
    confirm=Confirm.TYPED,
    undo="restore the archive",
    undone_by="restore",
)
RESTORE = ActionSpec(
    id="restore",
    title="Restore an archived run",
    undo="archive it again",
    undone_by="archive",
)
BUILT_IN = (ARCHIVE, RESTORE)


@dataclass(frozen=True, slots=True)
class Archived:
    """An archive in the state directory.

    Attributes:
        path: The tar.gz.
        ref: The run it holds, where it belongs.
        size: Bytes of the tar.gz.
        made_at: When it was finished.
    """

    path: Path
    ref: RunRef
    size: int
    made_at: datetime


def plan_for(spec: ActionSpec, run: Run, context: Context) -> Plan:
    """The plan of any action; never raises for what the run or the operator got wrong."""
    if spec.id == ARCHIVE.id:
        return _plan_archive(spec, run, context)
    if spec.id == RESTORE.id:
        return _plan_restore_present(run, context)
    plan = make_plan(spec, run, context)
    return plan if context.offering else foreseen(plan)


def list_archives(state_dir: Path, root: Path) -> tuple[Archived, ...]:
    """The finished archives of a root, newest first; unreadable ones are left out.

    Of a state directory that several roots share, only those of this root; one inside the root is the root's own,
    wherever that was moved.
    """
    found = []
    shared = not state_dir.resolve().is_relative_to(root.resolve())
    for beside in (state_dir / ARCHIVES).glob(f"*{MANIFEST_SUFFIX}"):
        path = beside.with_name(beside.name.removesuffix(MANIFEST_SUFFIX) + SUFFIX)
        try:
            if shared and (read_object(origin(path)) or {}).get("root", str(root)) != str(root):
                continue
            manifest = Manifest.from_bytes(beside.read_bytes())
            entry = path.stat()
            ref = RunRef(source=manifest.source, root=str(root), path=manifest.path, id=manifest.run)
        except (OSError, ArchiveError, ValueError):
            continue
        found.append(Archived(path, ref, entry.st_size, datetime.fromtimestamp(entry.st_mtime, UTC)))
    return tuple(sorted(found, key=lambda each: (each.made_at, each.path.name), reverse=True))


def archive_fingerprint(path: Path) -> str:
    """Changes whenever the archive file does; empty when it is gone."""
    try:
        entry = path.stat()
    except OSError:
        return ""
    return f"{entry.st_ino}-{entry.st_size}-{entry.st_mtime_ns}"


def archive_basis(path: Path, fingerprint: str) -> dict[str, str]:
    """The facts the plan of a restore rests on."""
    return basis_of(None, None, fingerprint) | {"archive": clean(path) if fingerprint else "gone"}


def plan_restore(archived: Archived, refused: str | None = None) -> Plan:
    """What restoring an archive would do.

    Args:
        archived: One of `list_archives`.
        refused: Why nothing may be done at all, if so.
    """
    root = Path(archived.ref.root)
    target = root / archived.ref.path
    reason = refused
    if reason is None and target.exists():
        reason = f"{clean(target)} exists; there is nothing to restore"
    fingerprint = archive_fingerprint(archived.path)
    kept = [place for place in aside_places(archived.path, root) if place.is_dir()]
    way = f"moves {clean(kept[0])} back, if it still is what was archived" if kept else "unpacks it"
    return sealed(
        Plan(
            action=RESTORE.id,
            title=RESTORE.title,
            run=archived.ref.id,
            run_key=archived.ref.key,
            lock_key=archived.ref.key,
            hash="",
            argv=None if reason else restore_argv(archived.path, root),
            cwd=None if reason else str(root),
            effects=() if reason else (f"verifies {clean(archived.path)}", way, f"makes {clean(target)}"),
            undo=RESTORE.undo,
            undone_by=RESTORE.undone_by,
            confirm=RESTORE.confirm,
            options={"archive": str(archived.path)},
            fingerprint=fingerprint,
            basis=archive_basis(archived.path, fingerprint),
            refused=reason,
        )
    )


def _plan_archive(spec: ActionSpec, run: Run, context: Context) -> Plan:
    base = Plan(
        action=ARCHIVE.id,
        title=ARCHIVE.title,
        run=run.id,
        run_key=run.key,
        lock_key=run.key,
        hash="",
        undo=ARCHIVE.undo,
        confirm=ARCHIVE.confirm,
        options=dict(context.options),
        fingerprint=context.fingerprint,
        basis=basis_of(context.judged or run.at(context.now), context.detail, context.fingerprint),
    )
    try:
        chosen = choose(ARCHIVE.inputs, context.options, Path(run.ref.root))
        removes = chosen[REMOVE] == "yes"
        undo = f"cockpit restore {run.id}" if removes else "delete the archive; the run itself is not touched"
        content = _archive_command(run, context, removes=removes)
        return sealed(
            base.model_copy(
                update={
                    "options": {name: value for name, value in chosen.items() if value is not None},
                    "undo": undo,
                    "undone_by": RESTORE.id if removes else None,
                    **content,
                    "warnings": (*content["warnings"], *spec.warnings),
                    "effects": (*content["effects"], *spec.expects),
                }
            )
        )
    except UsageError as error:
        return sealed(base.model_copy(update={"refused": str(error)}))


def _archive_command(run: Run, context: Context, *, removes: bool) -> dict[str, Any]:
    """The parts of an archive's plan that need everything to be right.

    Raises:
        UsageError: Something is not.
    """
    check_allowed(ARCHIVE, run, context)
    check_run(run, context)
    check_not_running(run, context, forcible=False)
    directory, root = run_directory(run), Path(run.ref.root)
    if run.ref.path == ".":
        raise UsageError("the run is the root itself, which also holds the cockpit's state: it cannot be archived here")
    if not directory.is_dir():
        raise UsageError(f"{clean(directory)} is a file; only a run with a directory of its own is archived")
    if directory.is_symlink():
        raise UsageError(f"{clean(directory)} is a symbolic link; archive what it points to")
    # Looking at all processes is for a plan, not for every line of a menu.
    around = Occupied() if context.offering else occupied(run.ref, context.state_dir, run=run)
    if around.holders:
        raise UsageError(f"the run {clean(run.id)} is held: {around.holders[0]}; wait for its end, or end it")
    target = _free_name(check_name("run id", run.id), run.updated_at or context.now, context.state_dir, root)
    effects = [
        f"writes {clean(target)} and reads it back",
        f"writes {clean(sidecar(target))} with the sha256 of every file",
    ]
    if removes:
        effects.append(f"moves {clean(directory)} to {clean(aside_places(target, root)[0])}")
    else:
        effects.append(f"leaves {clean(directory)} where it is")
    return {
        "argv": create_argv(run.ref, target, aside=removes),
        "cwd": str(root),
        "effects": tuple(effects),
        "warnings": around.doubts,
    }


def _free_name(run_id: str, at: datetime, state_dir: Path, root: Path) -> Path:
    """`<run>-<last sign of life>.tar.gz`, with a number where that is taken.

    Depends on the state only, not on the moment: a plan made again of the same state is the same plan.
    """
    stem = f"{run_id}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    folder = state_dir.absolute() / ARCHIVES
    for number in itertools.count(1):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{SUFFIX}"
        if not any(map(os.path.lexists, (path, sidecar(path), *aside_places(path, root)))):
            return path
    raise AssertionError("counting came to an end")


def _plan_restore_present(run: Run, context: Context) -> Plan:
    """Restoring is for runs that are not there; a run that is has nothing to restore."""
    reason = f"the run {clean(run.id)} is in its place; there is nothing to restore"
    try:
        check_allowed(RESTORE, run, context)
    except UsageError as error:
        reason = str(error)
    return sealed(
        Plan(
            action=RESTORE.id,
            title=RESTORE.title,
            run=run.id,
            run_key=run.key,
            lock_key=run.key,
            hash="",
            undo=RESTORE.undo,
            fingerprint=context.fingerprint,
            refused=reason,
        )
    )
