"""The checklist in scope, held against the evidence as things change, and who else has it open.

Looked at in a thread: when the run's facts were read, a journal grew, a file that items were settled against changed,
or somebody came or went. In between, what is recorded is shown by the last look: a tick is on the screen as soon as it
is on disk.
"""

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.models.detail import RunDetail
from cockpit.models.playbook import Checklist
from cockpit.models.run import Run
from cockpit.playbooks.states import Look, stamps_of
from cockpit.presence import Person
from cockpit.screens.neighbours import Neighbours
from cockpit.screens.stood import Stirred, Stood
from cockpit.sources.paths import on_disk
from cockpit.standing import Standing

if TYPE_CHECKING:
    from cockpit.checking import Checklists
    from cockpit.screens.cockpit import CockpitScreen

_WATCHED = 64
"""Files watched for the checklist on the screen."""


class Checking:
    """How the checklist of the run in scope stands, and who is here."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._here: tuple[Person, ...] = ()
        self._key: str | None = None
        self._look = Look()
        self._busy = self._again = False
        self._files: dict[Path, Callable[[], None]] = {}
        self._neighbours = Neighbours(screen.session, self._stir)

    @cached_property
    def lists(self) -> "Checklists":
        """The checklists of the session; loaded with all checks when the first one is looked at."""
        from cockpit.checking import Checklists

        return Checklists(self._screen.session)

    def start(self) -> None:
        """Listen for people who come and go."""
        self._neighbours.start()

    def stop(self) -> None:
        """Stop listening, and be gone for the others."""
        for leave in self._files.values():
            leave()
        self._neighbours.stop()

    def current(self, run: Run) -> Checklist:
        """A run's checklist, by the record of now and the last look at the evidence."""
        recorded = self._screen.recording.checklist(run)
        return self._look.stand(recorded) if self._key == run.key else recorded

    def here_on(self, run: Run) -> tuple[Person, ...]:
        """Who else has a run's checklist open."""
        return self._here if self._key == run.key else ()

    def look(self) -> None:
        """Hold the checklist in scope against the evidence; the answer comes by itself."""
        scope = self._screen.scope
        if self._busy:
            self._again = True
        elif scope.run is not None and scope.detail is not None:
            self._busy, self._again = True, False
            read = partial(self._read, scope.run, scope.detail)
            self._screen.run_worker(read, thread=True, group="standing", exit_on_error=False)

    def stood(self, event: Stood) -> None:
        """The answer."""
        self._busy = False
        screen = self._screen
        if event.key == screen.scope.key:
            self._key, self._look, self._here = event.key, event.standing.look, event.here
            self._watch(event.standing)
            screen.painter.checklist()
        else:
            self._again = True
        if self._again:
            self.look()

    # -- in a thread

    def _read(self, run: Run, detail: RunDetail) -> None:
        target = self.lists.of_run(run)
        standing = self.lists.stand(target, details={run.key: detail})
        here = self._neighbours.meet(target.root, target.id, here=bool(standing.recorded.items))
        self._screen.post_message(Stood(run.key, standing, here))

    def _stir(self) -> None:
        if self._screen.is_running:
            self._screen.post_message(Stirred())

    # -- what the answer rests on

    def _watch(self, standing: Standing) -> None:
        """Be told when a file changes that items were settled against, wherever below the root it is."""
        screen = self._screen
        run = screen.scope.run
        own = screen.session.root_of(run.ref) if run is not None else None
        wanted = {
            Path(on_disk(stamp.root or str(own), stamp.path)) for stamp in stamps_of(standing.recorded.items)[:_WATCHED]
        }
        for path in set(self._files) - wanted:
            self._files.pop(path)()
        for path in wanted - set(self._files):
            self._files[path] = screen.session.board.watch_file(path, self._stir)
