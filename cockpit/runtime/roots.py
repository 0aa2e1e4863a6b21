"""Looking at a root: which sources know it and which runs it holds, without opening a file."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cockpit.errors import CockpitError
from cockpit.models.problem import Problem
from cockpit.models.run import RunRef
from cockpit.models.snapshot import RootStatus
from cockpit.sources.base import RootReader, Source
from cockpit.sources.paths import on_disk

logger = logging.getLogger(__name__)

SourcesFor = Callable[[Path], Sequence[Source]]
"""The sources that recognise a root, such as `cockpit.sources.registry.detect`."""

Identity = tuple[int, int]
"""Device and inode: tells a root that was made again from the one that was watched."""


class Found(NamedTuple):
    """A run that was listed, the path of its directory, and its modification time as a hint at how new it is."""

    ref: RunRef
    path: str
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What one look at a root gave.

    Attributes:
        root: The root.
        sources: The sources that recognise it.
        found: Its runs by key.
        containers: Modification times (ns) of the directories that hold its runs, the root among them.
        error: Why it could not be looked at, or `None`.
        gone: Whether that is because the root does not exist.
        broken: Ids of sources whose listing failed; what they knew before still stands.
        problems: What is wrong with the root beyond any one run.
    """

    root: Path
    sources: tuple[Source, ...] = ()
    found: dict[str, Found] = field(default_factory=dict)
    containers: dict[str, int] = field(default_factory=dict)
    error: str | None = None
    gone: bool = False
    broken: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()

    def status(self, label: str | None = None) -> RootStatus:
        """The listing as a snapshot shows it."""
        return RootStatus(str(self.root), tuple(source.id for source in self.sources), self.error, label)


def identity(path: Path) -> Identity | None:
    """Device and inode of `path`, or `None` where there is nothing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def mtime_ns(path: str | os.PathLike[str]) -> int:
    """Modification time in nanoseconds, 0 where there is nothing."""
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 -- called for every run there is
    except OSError:
        return 0


def run_path(ref: RunRef) -> str:
    """The directory of a run, as `cockpit.sources.paths.run_dir` gives it; pathlib is slow where all runs are asked."""
    return on_disk(ref.root, ref.path)


def list_root(root: Path, sources_for: SourcesFor) -> Listing:
    """List the runs of a root. Never raises: what goes wrong is in the listing."""
    # Times are taken before the directories are listed: a run that appears meanwhile is seen by the next look.
    containers = {str(root): mtime_ns(root)}
    try:
        with os.scandir(root):
            pass
        sources = tuple(sources_for(root))
    except (FileNotFoundError, NotADirectoryError) as error:
        return Listing(root, error=_reason(error), gone=True)
    except Exception as error:
        if not isinstance(error, OSError | CockpitError):
            logger.exception("looking for sources of %s", root)
        return Listing(root, error=_reason(error))
    found: dict[str, Found] = {}
    problems: list[Problem] = []
    broken: set[str] = set()
    for source in sources:
        try:
            for ref in source.scan(root):
                path = run_path(ref)
                found[ref.key] = Found(ref, path, mtime_ns(path))
                parent = path.rpartition("/")[0]
                if parent not in containers and ref.path != ".":
                    containers[parent] = mtime_ns(parent)
            if isinstance(source, RootReader):
                problems.extend(source.root_problems(root))
        except Exception as error:
            # A source may be anyone's package: what it does wrong must not take the others' runs away.
            logger.exception("listing %s with %s", root, source.id)
            broken.add(source.id)
            reason = f"{source.id} cannot list this root: {_reason(error)}"
            problems.append(Problem(path=".", reason=reason, fatal=True))
    return Listing(root, sources, found, containers, broken=frozenset(broken), problems=tuple(problems))


def _reason(error: BaseException) -> str:
    if isinstance(error, CockpitError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"{type(error).__name__}: {error}"
