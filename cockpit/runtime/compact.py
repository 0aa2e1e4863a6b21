"""Keeping ten thousand summaries small, and loading them fast."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cockpit.models.base import Model
from cockpit.models.run import Run

_SETS: dict[frozenset[str], set[str]] = {}


def compact(run: Run) -> Run:
    """The same summary, in about half of the memory.

    Every pydantic model carries a set of the names of the fields it was given, which outweighs most of the fields.
    Summaries with the same fields share one; nothing changes it, as models are frozen and copies get their own.
    """
    _share(run)
    _share(run.ref)
    _share(run.steps)
    for reason in run.reasons:
        _share(reason)
        for evidence in reason.evidence:
            _share(evidence)
    return run


def _share(model: Model) -> None:
    own = model.__pydantic_fields_set__
    shared = _SETS.setdefault(frozenset(own), own)
    object.__setattr__(model, "__pydantic_fields_set__", shared)


@contextmanager
def without_gc(*, stays: bool = False) -> Iterator[None]:
    """Put garbage collection off while many objects are made that are there to stay.

    Each full collection walks over everything that was loaded before: parsing takes a third of the time without.

    Args:
        stays: Whether later collections leave alone what is there now. What became garbage meanwhile is taken away
            first, which costs no more than what was made; whatever is let go of later is freed as ever, unless it is
            part of a cycle: for the few great loads of a session only.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if stays:
            gc.collect(1)
            gc.freeze()
        if was:
            gc.enable()


def give_back() -> None:
    """Return to the system what the C library holds of memory that was let go of; does nothing where it cannot.

    A first scan reads each file into a buffer of its own; the holes they leave are given away by nobody else.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
