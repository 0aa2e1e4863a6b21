"""Processes that do not exist, for tests of what is made of them."""

from dataclasses import replace
from datetime import datetime

from cockpit.runtime.matching import Target
from cockpit.runtime.processes import Card, Listing, Vitals
from tests.builders import START

EPOCH = START.timestamp()
RUN = "run-20261121-040000-abc123"
ROOT = "/srv/tree"
PATH = f"{ROOT}/swarm/runs/{RUN}"
OWNER = 1000


class FakeTable:
    """A process table that says what it was told."""

    def __init__(self) -> None:
        self.cards: dict[int, Card] = {}
        self.states: dict[int, Vitals] = {}
        self.files: dict[int, tuple[str, ...] | None] = {}
        self.waits: dict[int, str] = {}
        self.complete = True
        self.asked_files: list[int] = []

    def spawn(
        self,
        pid: int,
        *cmdline: str,
        at: float = 0,
        ppid: int = 1,
        cwd: str | None = "/",
        uid: int | None = OWNER,
        status: str = "sleeping",
        files: tuple[str, ...] | None = (),
    ) -> Card:
        """A process; `at` is seconds after `START`."""
        card = Card(pid, EPOCH + at, ppid, cmdline[0].rpartition("/")[2] if cmdline else "", cmdline, cwd, uid)
        self.cards[pid] = card
        self.states[pid] = Vitals(status, cpu_s=0.0, rss=1_000_000, io=0, user="ann")
        self.files[pid] = files
        return card

    def work(self, pid: int, *, cpu: float = 0.0, io: int = 0) -> None:
        """Let it use up seconds of CPU, and bytes."""
        state = self.states[pid]
        self.states[pid] = replace(state, cpu_s=(state.cpu_s or 0) + cpu, io=(state.io or 0) + io)

    def turn(self, pid: int, status: str) -> None:
        """Let it be in another state."""
        self.states[pid] = replace(self.states[pid], status=status)

    def kill(self, pid: int) -> None:
        """Let it vanish."""
        del self.cards[pid], self.states[pid]

    def list(self) -> Listing:
        return Listing(tuple(self.cards.values()), self.complete)

    def vitals(self, card: Card) -> Vitals | None:
        return self.states.get(card.pid) if self.cards.get(card.pid) == card else None

    def open_files(self, card: Card) -> tuple[str, ...] | None:
        self.asked_files.append(card.pid)
        return self.files.get(card.pid, ())

    def waiting_on(self, card: Card) -> str | None:
        return self.waits.get(card.pid)


def target(
    key: str = "k",
    *,
    name: str = RUN,
    path: str = PATH,
    root: str = ROOT,
    owner: int | None = OWNER,
    started_at: datetime | None = START,
    updated_at: datetime | None = START,
    **more: object,
) -> Target:
    """A run that is looked for."""
    return Target(
        key=key,
        id=name,
        root=root,
        path=path,
        owner=owner,
        started_at=started_at,
        updated_at=updated_at,
        **more,  # type: ignore[arg-type]
    )
