"""The physics of runs on this host: is the producer alive, since when, doing anything?

Computed for the runs that are asked about only, all of them in one pass over the processes. Between two looks the last
sample of each producer is kept, so that CPU and I/O are those of the time in between and nobody waits for a sample.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cockpit.clock import Clock
from cockpit.models.physics import HostFacts, LostProducer, Physics, ProcessFact, Pulse
from cockpit.runtime.arguments import without_secrets
from cockpit.runtime.host import host_facts
from cockpit.runtime.matching import Match, Target, inside, match, onlooker
from cockpit.runtime.processes import Card, Listing, ProcessTable, Vitals, ancestors, family

WORKING_CPU = 1.0
"""Percent of a core, over a producer and all it started, from which on it works."""
WORKING_IO = 4_096
"""Bytes read and written since the look before from which on it works."""
MOST_PRODUCERS = 8
_STOPPED = ("stopped", "tracing-stop")
_DEAD = ("zombie", "dead")


@dataclass(frozen=True, slots=True)
class _Sample:
    """What a producer and all it started had used up at one look."""

    at: datetime
    cpu_s: float
    io: int
    children: frozenset[int]


@dataclass(slots=True)
class _Memory:
    """What is remembered of a run between two looks."""

    samples: dict[tuple[int, float], _Sample] = field(default_factory=dict)
    seen: dict[tuple[int, float], tuple[Card, datetime]] = field(default_factory=dict)
    worked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Producer:
    """One producer as measured in this look."""

    fact: ProcessFact
    match: Match
    card: Card
    worked: bool
    """Since the look before; false where there was none."""
    status: str


class Prober:
    """Looks at the processes of this host for runs. Used by one thread.

    Args:
        table: The processes.
        clock: The present moment.
        host: Facts about the host, given a folder.
        remote: Whether a path is on a filesystem that other hosts write to.
        own: Process id of this program.
    """

    def __init__(
        self,
        table: ProcessTable,
        clock: Clock,
        *,
        host: Callable[[str], HostFacts] = host_facts,
        remote: Callable[[str], bool] = lambda _: False,
        own: int | None = None,
    ) -> None:
        self._table = table
        self._clock = clock
        self._host = host
        self._remote = remote
        self._own = os.getpid() if own is None else own
        self._memory: dict[str, _Memory] = {}

    def look(self, targets: Sequence[Target]) -> dict[str, Physics]:
        """The physics of these runs, by key. Never raises for what the processes of this host are or hide."""
        if not targets:
            return {}
        listing = self._table.list()
        above = ancestors(listing, self._own)
        foreign = [card for card in listing.cards if card.pid not in above]
        hosts = {root: self._host(root) for root in {target.root for target in targets}}
        files: dict[int, tuple[str, ...] | None] = {}
        return {
            target.key: self._look_at(target, listing, foreign, files).model_copy(update={"host": hosts[target.root]})
            for target in targets
        }

    def forget(self, keep: Iterable[str]) -> None:
        """Remember only these runs."""
        kept = set(keep)
        self._memory = {key: memory for key, memory in self._memory.items() if key in kept}

    def _look_at(
        self, target: Target, listing: Listing, cards: Sequence[Card], files: dict[int, tuple[str, ...] | None]
    ) -> Physics:
        now = self._clock()
        memory = self._memory.setdefault(target.key, _Memory())
        found, hidden = self._matches(target, cards, files)
        below = family(listing, [card.pid for card, _ in found])
        producers: list[_Producer] = []
        undone: list[Card] = []
        for card, why in _topmost(found, below):
            vitals = self._table.vitals(card)
            if vitals is None or vitals.status in _DEAD:
                undone.append(card)
                continue
            producers.append(self._measure(target, card, why, vitals, below[card.pid], memory, now, files))
        self._remember(memory, producers, now)
        sure = [one for one in producers if one.match.sure]
        facts = tuple(one.fact for one in sure[:MOST_PRODUCERS])
        maybe = tuple(one.fact for one in producers if not one.match.sure)[:MOST_PRODUCERS]
        lost = None if sure else self._lost(target, memory, listing, undone)
        pulse, note = self._pulse(target, sure, maybe, lost, listing, hidden)
        return Physics(
            at=now, pulse=pulse, processes=facts, candidates=maybe, note=note, worked_at=memory.worked_at, lost=lost
        )

    def _matches(
        self, target: Target, cards: Sequence[Card], files: dict[int, tuple[str, ...] | None]
    ) -> tuple[list[tuple[Card, Match]], int]:
        """Who belongs to the run, and how many of its owner's processes could not be looked into.

        What a process has open costs the most to ask: only of those that belong to the run anyway, or, where nobody
        surely does, of all that could have written it.
        """
        found = {card.identity: (card, why) for card in cards if (why := match(card, target)) is not None}
        certain = any(why.sure and why.binding for _, why in found.values())
        hidden = 0
        for card in cards:
            known = found.get(card.identity)
            if known is None:
                mine = target.owner is None or card.uid is None or card.uid == target.owner
                if certain or not mine or onlooker(card):
                    continue
            if card.pid not in files:
                files[card.pid] = self._table.open_files(card)
            opened = files[card.pid]
            hidden += known is None and (opened is None or card.cwd is None)
            why = match(card, target, opened or ())
            if why is not None and (known is None or not known[1].binding):
                found[card.identity] = (card, why)
        return list(found.values()), hidden

    def _measure(
        self,
        target: Target,
        card: Card,
        why: Match,
        vitals: Vitals,
        below: Sequence[Card],
        memory: _Memory,
        now: datetime,
        files: dict[int, tuple[str, ...] | None],
    ) -> _Producer:
        cpu, io = vitals.cpu_s or 0.0, vitals.io or 0
        rss = vitals.rss
        status = vitals.status
        for child in below if why.sure else ():
            inner = self._table.vitals(child)
            if inner is not None and inner.status not in _DEAD:
                cpu, io = cpu + (inner.cpu_s or 0.0), io + (inner.io or 0)
                rss = None if rss is None else rss + (inner.rss or 0)
        sample = _Sample(now, cpu, io, frozenset(child.pid for child in below))
        before = memory.samples.get(card.identity)
        percent: float | None = None
        worked = False
        if before is not None and (seconds := (now - before.at).total_seconds()) > 0:
            # Children that ended take their share with them; what they used meanwhile is not to be had.
            percent = max(0.0, 100.0 * (cpu - before.cpu_s) / seconds) if vitals.cpu_s is not None else None
            grew = io - before.io >= WORKING_IO
            worked = bool(percent and percent >= WORKING_CPU) or grew or bool(sample.children - before.children)
        memory.samples[card.identity] = sample
        opened = files.get(card.pid) or ()
        own = [path for path in opened if inside(path, target.path) and path != target.path]
        fact = ProcessFact(
            pid=card.pid,
            name=card.name,
            cmdline=without_secrets(card.cmdline),
            cwd=card.cwd,
            user=vitals.user,
            started_at=datetime.fromtimestamp(card.created, UTC),
            status=status,
            cpu_percent=percent,
            rss_bytes=rss,
            children=len(below),
            open_files=tuple(dict.fromkeys(path.removeprefix(f"{target.root}/") for path in own)),
            waiting_on=self._table.waiting_on(card) if why.sure and status not in ("running", *_STOPPED) else None,
            matched_by=why.why,
            sure=why.sure,
        )
        return _Producer(fact, why, card, worked, status)

    @staticmethod
    def _remember(memory: _Memory, producers: Sequence[_Producer], now: datetime) -> None:
        there = {one.card.identity for one in producers}
        memory.samples = {key: sample for key, sample in memory.samples.items() if key in there}
        for one in producers:
            if one.match.sure and one.match.binding:
                memory.seen[one.card.identity] = (one.card, now)
            if one.match.sure and one.worked:
                memory.worked_at = now

    @staticmethod
    def _lost(target: Target, memory: _Memory, listing: Listing, undone: Sequence[Card]) -> LostProducer | None:
        """The producer that was there and is no more: seen here, a zombie, or known by a record."""
        last = max(memory.seen.values(), key=lambda one: one[1], default=None)
        # Whoever is still listed and does not live has ended, and its parent has not asked how.
        listed = {card.identity for card in listing.cards}
        if last is not None:
            card, at = last
            told = target.updated_at
            # It had its hand in the run only if the run lived while it did; and whoever wrote since is another one.
            took_part = told is None or card.created <= told.timestamp() + 1
            went_on = told is not None and told > at + timedelta(seconds=1)
            if took_part and not went_on:
                return LostProducer(pid=card.pid, name=card.name, seen_at=at, zombie=card.identity in listed)
        for recorded in sorted(target.recorded, key=lambda one: one.at, reverse=True)[:1]:
            at = recorded.ended_at or recorded.at
            told = target.updated_at
            if recorded.ended_at is None or told is None or told <= recorded.ended_at + timedelta(seconds=1):
                zombie = any(card.pid == recorded.pid for card in undone)
                return LostProducer(
                    pid=recorded.pid, name=recorded.name, known_by=recorded.known_by, seen_at=at, zombie=zombie
                )
        for card in undone:
            at = datetime.fromtimestamp(card.created, UTC)
            return LostProducer(pid=card.pid, name=card.name, seen_at=at, zombie=True)
        return None

    def _pulse(
        self,
        target: Target,
        sure: Sequence[_Producer],
        maybe: Sequence[ProcessFact],
        lost: LostProducer | None,
        listing: Listing,
        hidden: int,
    ) -> tuple[Pulse, str]:
        if sure:
            if all(one.status in _STOPPED for one in sure):
                return Pulse.STOPPED, ""
            return (Pulse.ALIVE if any(one.worked for one in sure) else Pulse.IDLE), ""
        if lost is not None and not any(fact.started_at >= lost.seen_at for fact in maybe):
            return Pulse.GONE, ""
        return _without_producer(target, maybe, listing, hidden, remote=self._remote(target.root))


def _without_producer(
    target: Target, maybe: Sequence[ProcessFact], listing: Listing, hidden: int, *, remote: bool
) -> tuple[Pulse, str]:
    """No producer was found: whether that means that there is none."""
    if maybe:
        first = maybe[0]
        others = f" and {len(maybe) - 1} more" if len(maybe) > 1 else ""
        return Pulse.UNKNOWN, f"{first.name} (pid {first.pid}{others}) {first.matched_by} and may be its producer"
    if remote:
        return Pulse.UNKNOWN, "the root is on a network filesystem: its producer may be on another host"
    if not listing.cards:
        return Pulse.UNKNOWN, "the processes of this host cannot be seen"
    if not listing.complete:
        return Pulse.UNKNOWN, "there are too many processes to look at all of them in one go"
    if target.owner is not None and hidden:
        processes = f"{hidden} processes" if hidden > 1 else "a process"
        return Pulse.UNKNOWN, f"{processes} of the run's owner (uid {target.owner}) may not be looked into"
    if target.owner is None:
        return Pulse.UNKNOWN, "the run's directory cannot be looked at"
    return Pulse.GONE, "no process on this host names the run, works in it or has one of its files open"


def _topmost(found: Sequence[tuple[Card, Match]], below: dict[int, list[Card]]) -> list[tuple[Card, Match]]:
    """Producers without those they started themselves: `make`, its shell and its command are one."""
    sure = {card.pid for card, why in found if why.sure}
    inner = {child.pid for pid in sure for child in below[pid]}
    return [(card, why) for card, why in found if card.pid not in inner]
