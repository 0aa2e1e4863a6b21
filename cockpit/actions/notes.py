"""What plans rested on, kept for a while, so that a plan confirmed by its hash later can be told from what is now.

A plan printed by one process and confirmed in another (`cockpit plan ...`, then `cockpit ACTION RUN --plan HASH`)
leaves nothing but its hash. Its facts are noted in the user's cache directory, which may be deleted at any time: all
that is lost then is the list of what changed. Nothing is written beside the runs.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shlex import join

from cockpit.actions.basis import changes
from cockpit.actions.storage import pretty, read_object, write_atomic
from cockpit.errors import MovedError, UsageError
from cockpit.models.action import Plan
from cockpit.sanitize import clean

FOLDER = "plans"
KEEP = 200
"""Notes kept; the oldest go first."""
SHORTEST = 12
"""Characters of a hash that stand for it: as many as are printed."""

_HASH = re.compile(rf"[0-9a-f]{{{SHORTEST},64}}")
_LONGEST = 300


def is_hash_of(text: str, plan: Plan) -> bool:
    """Whether `text` is the hash of a plan, or the beginning of it that is printed."""
    return _HASH.fullmatch(text) is not None and plan.hash.startswith(text)


def check_hash(text: str) -> str:
    """`text`, if it can be the hash of a plan.

    Raises:
        UsageError: It cannot.
    """
    if _HASH.fullmatch(text) is None:
        raise UsageError(f"{clean(text, 80)!r} is no hash of a plan; `cockpit plan ACTION RUN` prints it")
    return text


def facts_of(plan: Plan) -> dict[str, str]:
    """What a plan rests on and what it would do, short and by name, for comparing two of them."""
    request = plan.request
    facts = {
        **plan.basis,
        "flow and step": " › ".join(part for part in (plan.flow, plan.step) if part),
        "choices": " ".join(f"{name}={value}" for name, value in sorted(plan.options.items())),
        "command": join(plan.argv) if plan.argv else "",
        "request": "" if request is None else f"{request.method} {request.url}",
        "directory": plan.cwd or "",
        "possible": "no" if plan.refused else "yes",
    }
    return {name: clean(value, _LONGEST) for name, value in facts.items() if value}


def remember(cache: Path, plan: Plan) -> None:
    """Note what a plan rests on. Where that cannot be written nothing is lost but a list of changes."""
    folder = cache / FOLDER
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(folder / f"{plan.hash}.json", pretty(facts_of(plan)))
        notes = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for old in notes[KEEP:]:
            old.unlink(missing_ok=True)


def recall(cache: Path, text: str) -> dict[str, str] | None:
    """What the plan of a hash (or of its beginning) rested on; `None` where that is not known."""
    if not _HASH.fullmatch(text):
        return None
    for path in sorted((cache / FOLDER).glob(f"{text}*.json")):
        found = read_object(path)
        if found is not None:
            return {clean(name, 60): clean(value, _LONGEST) for name, value in found.items()}
    return None


def not_that_plan(plan: Plan, expected: str, before: Mapping[str, str] | None) -> MovedError:
    """The refusal of a plan that is another one than the one that was confirmed.

    Args:
        plan: As it is now.
        expected: Hash of the one that was confirmed.
        before: What that one rested on, where it is known.
    """
    start = f"the plan {clean(expected[:SHORTEST])} of {clean(plan.action)} on {clean(plan.run)} does not hold any more"
    if before is not None:
        found = changes(before, facts_of(plan))
        if found:
            return MovedError(f"{start}: {'; '.join(map(str, found))}; nothing was done", found)
    now = "; ".join(f"{name} {value}" for name, value in plan.basis.items() if name != "files")
    told = "it was not made on this host, or not by this user" if before is None else "something else of it changed"
    return MovedError(f"{start}, and {told}; now: {now}; nothing was done")
