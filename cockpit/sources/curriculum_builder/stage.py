"""The stage of a run, from its files and their times: read-only twin of the system's own inference.

formats/curriculum-builder.md 1, "stage = function of files + mtimes" (`stage.py`). run.json only says what the stage
was when the last command ran; asking the system (`status`, `next`) would write to the run.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cockpit.sources.curriculum_builder.layout import CURRICULUM, DIFF, PASSED, PLAN, PREVIOUS, REPORT, SPEC

STAGES = ("initialized", "spec_ready", "generated", "validated", "planned", "iterated")
"""In order; there is none for running, failed or archived."""
GENERATED, LAST = STAGES[2], STAGES[-1]
STEPS = ("spec", "generate", "validate", "plan", "iterate")
"""What leads from each stage to the next, named after the commands that do it."""
Times = Mapping[str, int]
"""Modification times (ns since the epoch) of the run's ordinary files, by path relative to the run."""

_NEEDS = {
    "validate": (PASSED, (SPEC, CURRICULUM, REPORT)),
    "plan": (PLAN, (SPEC, CURRICULUM)),
    "iterate": (DIFF, (CURRICULUM,)),
}
_PRODUCTS = {"validate": REPORT, "plan": PLAN, "iterate": DIFF}


class Stale(NamedTuple):
    """A file that is older than one it speaks of.

    Attributes:
        step: The step that wrote it.
        file: The older one.
        newer: The file changed since; `None` where the file's own mark of success is missing.
    """

    step: str
    file: str
    newer: str | None


class Staging(NamedTuple):
    """What the files say.

    Attributes:
        stage: One of `STAGES`.
        stale: Every file that is older than one it speaks of, in the order of the steps.
        regenerating: Whether the curriculum was set aside for a new one that is not there (yet): `run` does that
            first, and a `run` that fails leaves it so (formats 3.7).
    """

    stage: str
    stale: tuple[Stale, ...] = ()
    regenerating: bool = False

    @property
    def rank(self) -> int:
        """Position in `STAGES`."""
        return STAGES.index(self.stage)

    @property
    def next_step(self) -> str | None:
        """The step that would lead on, or `None` after the last."""
        return STEPS[self.rank] if self.rank < len(STEPS) else None


def infer(times: Times, *, spec_ok: bool) -> Staging:
    """The stage of a run with these files.

    Args:
        times: Its files.
        spec_ok: Whether its topic specification keeps the contract.
    """
    stale = tuple(one for step in _NEEDS if (one := _stale(step, times)) is not None)
    regenerating = _newer(times, PREVIOUS, CURRICULUM)
    return Staging(_stage(times, spec_ok=spec_ok), stale, regenerating)


def _stage(times: Times, *, spec_ok: bool) -> str:
    if not spec_ok:
        return STAGES[0]
    if CURRICULUM not in times:
        return STAGES[1]
    reached = 2
    for step in _NEEDS:
        if not _current(step, times):
            break
        reached += 1
    return STAGES[reached]


def _current(step: str, times: Times) -> bool:
    file, needs = _NEEDS[step]
    if step == "iterate" and PREVIOUS in times:
        needs = (*needs, PREVIOUS)
    # A file it depends on that is missing makes it as worthless as one that is newer.
    return file in times and all(need in times and times[file] >= times[need] for need in needs)


def _stale(step: str, times: Times) -> Stale | None:
    product = _PRODUCTS[step]
    if product not in times or _current(step, times):
        return None
    sources = [name for name in (SPEC, CURRICULUM, PREVIOUS) if _newer(times, name, product)]
    if step != "iterate":
        sources = [name for name in sources if name != PREVIOUS]
    else:
        sources = [name for name in sources if name != SPEC]
    return Stale(step, product, max(sources, key=lambda name: times[name]) if sources else None)


def _newer(times: Times, one: str, other: str) -> bool:
    return one in times and other in times and times[one] > times[other]
