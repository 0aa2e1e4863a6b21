"""One of several processes that plan and perform actions on the same runs: `python -m tests.faults.racer BASE NAME N`.

Prints one JSON document: what became of every attempt. Nothing is retried and nothing waits, so that as many attempts
as possible meet somebody else's job.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cockpit.actions.desk import ActionDesk
from cockpit.actions.launcher import JobContext
from cockpit.clock import system_clock
from cockpit.errors import CockpitError
from cockpit.journal.log import Journal
from cockpit.models.action import ActionSpec, Reach
from cockpit.models.detail import RunDetail
from cockpit.models.journal import Actor
from cockpit.models.records import RunRecord
from cockpit.models.run import Run, RunRef, RunState

RUNS = ("run-1", "run-2", "run-3")
WORK = Path(__file__).with_name("guarded_work.py")


class Source:
    """Runs are directories; what their jobs do in them counts for their fingerprint."""

    id = "plain"
    title = "Plain"

    def detect(self, root: Path) -> bool:
        return root.is_dir()

    def scan(self, root: Path) -> Iterator[RunRef]:
        yield from (self.ref(root, name) for name in RUNS)

    def ref(self, root: Path, name: str) -> RunRef:
        return RunRef(source=self.id, root=str(root), path=name, id=name)

    def owner(self, root: Path, path: Path) -> RunRef | None:
        return None

    def fingerprint(self, ref: RunRef) -> str:
        done = Path(ref.root) / ref.path / "done"
        return str(done.stat().st_size) if done.exists() else ""

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        return RunDetail(ref=ref, record=RunRecord(), fingerprint=self.fingerprint(ref))

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        work = (sys.executable, "-S", "-E", str(WORK))
        place = str(Path(ref.root) / ref.path)
        return [
            ActionSpec(id="work", title="Work", argv=(*work, place, place)),
            ActionSpec(id="shift", title="Shift", argv=(*work, ref.root, place), reach=Reach.SYSTEM),
        ]

    def watch_paths(self, ref: RunRef) -> Sequence[Path]:
        return ()


def desk(base: Path, name: str) -> ActionDesk:
    """The desk of one operator."""
    (base / "refused").touch()
    actor = Actor(user=name, real_user=name, tty=None, ssh_peer=None)
    journal = Journal(base / "state" / "journal.jsonl", actor, system_clock)
    context = JobContext(base / "state", journal, system_clock, actor, journal.path)
    return ActionDesk(base / "runs", context, lambda _: Source())


def main(base: Path, name: str, attempts: int) -> None:
    """Attempt actions one after the other, on one run after the other."""
    mine = desk(base, name)
    told = []
    for number in range(attempts):
        ref = Source().ref(base / "runs", RUNS[number % len(RUNS)])
        run = Run(ref=ref, state=RunState.FAILED)
        action = "shift" if number % 4 == 3 else "work"
        about = {"by": name, "action": action, "run": ref.id}
        try:
            plan = mine.plan(action, run)
            job = mine.perform(plan, ref)
        except CockpitError as error:
            told.append({**about, "refused": str(error), "as": type(error).__name__})
            with (base / "refused").open("a") as file:
                file.write("x")
        else:
            told.append({**about, "job": job.id})
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
