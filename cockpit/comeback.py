"""Where the operator left, so that the next session begins there: one small file per user and set of roots.

    <user's state directory>/sessions/<name of the first root>-<hash of all roots>.json

What it holds only ever decides what is looked at. No dialog is in it, and nothing in it acts. Two cockpits of one user
on the same roots do not fight: the last one that writes wins, with its whole file.
"""

import hashlib
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from cockpit import locations
from cockpit.models.base import Model
from cockpit.private_files import ForeignFileError, read_private, set_aside, write_private

MOST_MARKS = 2_000
"""Marks that are remembered; more than that nobody has set by hand."""

Text = Annotated[str, Field(max_length=4_096)]
PaneName = Literal["runs", "receipts", "routing", "checklist", "timeline", "log", "detail"]


class Spot(Model):
    """Where the cursor of a pane stands.

    Attributes:
        key: The row's key, or `None` where the pane has no rows.
        line: How many lines below the first one in view.
        following: Whether the pane follows its end.
    """

    key: Text | None = None
    line: int = Field(default=0, ge=0, le=10_000)
    following: bool = False


class FilePlace(Model):
    """A line of a file in the Log pane.

    Attributes:
        title: What the pane calls it.
        path: Relative to the root, or the whole path of a job's output.
        job: Id of the job whose output it is, or `None`.
        line: 1-based; `None` for the end, which is followed.
        chosen: Whether the operator chose it, rather than the step in scope.
    """

    title: Text
    path: Text
    job: Text | None = None
    line: int | None = Field(default=None, ge=1)
    chosen: bool = True


class Place(Model):
    """Somewhere in the panes: what one comes back to, and what a jump started from.

    Attributes:
        pane: The pane that has the focus.
        run: Key of the run in scope, or `None`.
        step: Flow and step the operator points at.
        spots: Where the cursors of the panes stand, by pane.
        file: What the Log pane shows.
    """

    pane: PaneName = "runs"
    run: Text | None = None
    step: tuple[Text, Text] | None = None
    spots: dict[PaneName, Spot] = Field(default_factory=dict)
    file: FilePlace | None = None


class Remembered(Model):
    """Everything a session begins with.

    Attributes:
        version: Of this format.
        saved_at: When it was written.
        filter: The filter's text.
        sort: Order of the runs.
        times: How times are shown, where a key has changed that.
        clustered: Whether runs that failed alike share a line.
        audit: Whether the timeline shows everything.
        frozen: Whether live updates were stopped.
        anchored: Whether the panes kept their run while the cursor moved on.
        zoomed: Whether one pane filled the screen.
        recent: Panes, most recently focused first.
        previous: The pane before, for `-`.
        marked: Keys of the marked runs.
        place: Where the operator was.
        screen: What stood before the panes.
        incident: The incident on that screen.
    """

    version: Literal[1] = 1
    saved_at: datetime
    filter: Text = ""
    sort: Literal["attention", "changed", "age", "name"] = "attention"
    times: Literal["relative", "utc", "local"] | None = None
    clustered: bool = False
    audit: bool = False
    frozen: bool = False
    anchored: bool = False
    zoomed: bool = False
    recent: tuple[PaneName, ...] = Field(default=(), max_length=16)
    previous: PaneName | None = None
    marked: tuple[Text, ...] = Field(default=(), max_length=MOST_MARKS)
    place: Place = Place()
    screen: Literal["panes", "monitor", "incident"] = "panes"
    incident: Text | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Runs whose rows the first frame needs."""
        spot = self.place.spots.get("runs")
        return tuple(dict.fromkeys(key for key in (self.place.run, spot.key if spot else None) if key))


def session_path(roots: Iterable[Path]) -> Path:
    """The file of a set of roots, whatever their order."""
    ordered = sorted(map(str, roots))
    digest = hashlib.sha256("\0".join(ordered).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    name = locations.root_slug(Path(ordered[0])).rpartition("-")[0] if ordered else "none"
    return locations.user_state_dir() / "sessions" / f"{name}-{digest}.json"


class Comeback:
    """Reads and writes the file of one set of roots. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Touches nothing."""
        self.path = path
        self.problem: str | None = None
        """What is wrong with the file that was there, or with writing it, for people."""
        self._lock = threading.Lock()
        self._told: Remembered | None = None

    def load(self) -> Remembered | None:
        """What was remembered; `None` where nothing was. A broken or foreign file is set aside, see `problem`."""
        try:
            data = read_private(self.path)
            if data is None:
                return None
            return Remembered.model_validate_json(data)
        except ForeignFileError as error:
            self._aside(str(error))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            self._aside(f"{where}: {first['msg']}" if where else first["msg"])
        except OSError as error:
            self.problem = f"{self.path} cannot be read: {error.strerror}"
        return None

    def _aside(self, why: str) -> None:
        aside = set_aside(self.path)
        kept = f"it is now {aside}" if aside is not None else "it could not be moved away"
        self.problem = f"{self.path} does not say where you left ({why}); {kept}"

    def keep(self, remembered: Remembered) -> bool:
        """Write where the operator is, unless that is written already or something newer was; whether it was written.

        A failure is remembered in `problem`: the session itself goes on.
        """
        with self._lock:
            if self._told is not None and remembered.saved_at < self._told.saved_at:
                return False
            same = self._told is not None and self._told == remembered.model_copy(
                update={"saved_at": self._told.saved_at}
            )
            if same:
                return False
            from cockpit.actions.storage import pretty

            try:
                write_private(self.path, pretty(remembered.model_dump(mode="json")))
            except (OSError, ValueError) as error:
                self.problem = f"{self.path} cannot be written: {getattr(error, 'strerror', None) or error}"
                return False
            self._told = remembered
            return True
