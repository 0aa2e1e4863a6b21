"""The protocol every source follows, in this tree and in third-party packages (entry points `cockpit.sources`)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pydantic import Field

from cockpit.models.action import ActionSpec, Plan
from cockpit.models.base import Model
from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.run import RunRef


@runtime_checkable
class Source(Protocol):
    """Reads the runs of one system. Stateless: one instance serves every root and thread.

    No method raises for bad data and none blocks on a FIFO, socket or device; what cannot be read becomes a
    `Problem`. `OSError` of the root itself (gone, unreadable) is the one exception callers must expect from `scan`.
    """

    id: str
    title: str

    def detect(self, root: Path) -> bool:
        """Whether `root` looks like a place where this system keeps runs. Cheap: a few directory listings."""
        ...

    def scan(self, root: Path) -> Iterator[RunRef]:
        """Every run under `root`, in any order. Lists directories, opens no files.

        Raises:
            OSError: The root is gone or cannot be listed.
        """
        ...

    def owner(self, root: Path, path: Path) -> RunRef | None:
        """The run a changed file or directory belongs to, or `None`.

        Looks at names first, at the disk only to confirm; this turns a watcher's hint into a dirty run.
        """
        ...

    def fingerprint(self, ref: RunRef) -> str:
        """A short text that changes whenever a file of the run is added, removed or modified. Stats, never reads."""
        ...

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        """All facts of a run. With `previous`, only files whose (inode, size, mtime) changed are read again."""
        ...

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        """What this system's own commands can do to the run; `archive` is the cockpit's and not listed here."""
        ...

    def watch_paths(self, ref: RunRef) -> Sequence[Path]:
        """Directories and files worth watching while the run is active."""
        ...


@runtime_checkable
class ManyOwner(Protocol):
    """Optional: a source of which one file may hold many runs (a database)."""

    def owners(self, root: Path, path: Path) -> Sequence[RunRef]:
        """Every run that a changed file changed; empty where `owner` knows better."""
        ...


@runtime_checkable
class Configurable(Protocol):
    """Optional: a source that takes something from the operator's settings."""

    def configure(self, options: Sequence[Any]) -> None:
        """Replace what was set before; called before the source is asked anything, and again by another session."""
        ...


class Review(Model):
    """What a source has to say about the plan of one of its own actions.

    Attributes:
        warnings: What must be known before saying yes, of what was chosen and of this host.
        env: Changes to the environment that follow from what was chosen.
        refused: Why what was chosen cannot work, or `None`.
    """

    warnings: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    refused: str | None = None


@runtime_checkable
class Reviewer(Protocol):
    """Optional: a source that looks at a plan of its own actions once everything is chosen, before it is shown."""

    def review(self, ref: RunRef, plan: Plan) -> Review:
        """What is to be added to a plan. Depends on the plan, the run and this host only; never raises."""
        ...


@runtime_checkable
class RootReader(Protocol):
    """Optional: a source that has something to say about a root itself."""

    def root_problems(self, root: Path) -> Sequence[Problem]:
        """What is wrong with the root, beyond any one run."""
        ...
