"""A session: settings, roots, board, ledgers and action desks wired together once, for keys and verbs alike.

Nothing here decides anything; both front ends ask the same session the same questions.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit import __version__, locations
from cockpit.clock import Clock
from cockpit.config_live import EXCEPT
from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.pace import Pace, pace_of
from cockpit.errors import CockpitError, RootError, UsageError
from cockpit.journal.actor import current_actor
from cockpit.models.detail import RunDetail
from cockpit.models.run import Run, RunRef
from cockpit.models.snapshot import Snapshot
from cockpit.runtime.board import Board
from cockpit.runtime.history import History, history_path
from cockpit.sanitize import clean
from cockpit.settings import RootSettings, Settings
from cockpit.sources import registry
from cockpit.sources.base import Source
from cockpit.sources.paths import encode
from cockpit.sources.recordings import use_state_dir

if TYPE_CHECKING:
    from cockpit.actions.desk import ActionDesk
    from cockpit.diagnosis.rulebook import Rules
    from cockpit.ledger import Ledger
    from cockpit.models.action import Job, Plan
    from cockpit.models.finding import Finding
    from cockpit.models.physics import Physics
    from cockpit.playbooks.loader import Library
    from cockpit.root_file import Bounds
    from cockpit.runtime.evidence import EvidenceReader
    from cockpit.runtime.vigil import PhysicsSetup


class Session:
    """Everything one run of the program works with. Close it at the end."""

    def __init__(
        self,
        settings: Settings,
        roots: Sequence[RootSettings],
        clock: Clock,
        *,
        source: str | None = None,
        state_dir: Path | None = None,
        read_only: bool = False,
        config: Path | None = None,
    ) -> None:
        """Touches nothing on disk.

        Args:
            settings: As validated.
            roots: Absolute paths.
            clock: What time it is.
            source: Read with this source only.
            state_dir: Keep the state of all roots here.
            read_only: Refuse every action, whatever the settings say.
            config: The file the settings are from, for those who go on when this process ends.
        """
        self.settings = settings
        self.loaded = settings
        """As the file has them, without what options of the command line say."""
        registry.configure(settings.for_sources)
        self.roots = {Path(root.path): root for root in roots}
        self.now = clock
        self.actor = current_actor()
        self.limits = Limits(stuck_after_s=settings.limits.stuck_after)
        self._started_read_only = read_only
        self._pinned_by = self._pin(settings)
        self.pinned_read_only = self._pinned_by is not None
        self.read_only = self.pinned_read_only
        self._source = source
        self._state_dir = state_dir
        self.config = config
        for root in self.roots:
            use_state_dir(root, self.state_dir(root))
        self._desks: dict[tuple[Path, str | None], ActionDesk] = {}
        self._ledgers: dict[Path, Ledger] = {}
        self._bounds: dict[Path, Bounds] = {}

    @cached_property
    def board(self) -> Board:
        """The picture of all runs."""
        return Board(
            list(self.roots),
            self.sources_for,
            self._judge,
            judged_by=self._judged_by(),
            clock=self.now,
            labels={path: label for path in self.roots if (label := self.label(path))},
            history=self.history,
            physics=self._physics,
        )

    def _judged_by(self) -> str:
        """Whatever the verdicts depend on besides the runs."""
        return f"{__version__} {_code_stamp()} {self.limits.model_dump_json()} {self._source or ''}"

    @cached_property
    def history(self) -> History:
        """How long the steps of past runs took."""
        return History({str(root): history_path(root) for root in self.roots})

    @cached_property
    def library(self) -> "Library":
        """The playbooks, shipped and the user's own."""
        from cockpit.playbooks.loader import load_library

        return load_library(locations.config_dir() / "playbooks")

    @cached_property
    def rules(self) -> "Rules":
        """The rules of the diagnosis, shipped and the user's own."""
        from cockpit.diagnosis.rulebook import load_rules

        return load_rules(locations.config_dir() / "rules")

    def _pin(self, settings: Settings) -> str | None:
        """Why nothing may be done in this session, whatever W says."""
        pins = ("started with --read-only", self._started_read_only), ("the configuration says so", settings.read_only)
        return next((why for why, pinned in pins if pinned), None)

    def adopt(self, settings: Settings) -> tuple[str, ...]:
        """Take up a configuration that was changed while the program runs, as far as that is possible.

        What is watched and how it is read is settled at the start. What the file says as before is left as options
        of the command line and keys have it.

        Args:
            settings: As the file has them now.

        Returns:
            Keys at the top whose values are others now.
        """
        before, self.loaded = self.loaded, settings
        names = [name for name in Settings.model_fields if getattr(before, name) != getattr(settings, name)]
        self.settings = self.settings.model_copy(update={name: getattr(settings, name) for name in names})
        pinned, self._pinned_by = self._pinned_by, self._pin(self.settings)
        self.pinned_read_only = self._pinned_by is not None
        if self.pinned_read_only or pinned is not None:
            self.read_only = self.pinned_read_only
        given = {root.path.resolve(): root for root in settings.roots}
        for path, root in self.roots.items():
            if path in given:
                self.roots[path] = root.model_copy(update={name: getattr(given[path], name) for name in EXCEPT})
        self._desks.clear()
        self.look_at_bounds()
        limits = Limits(stuck_after_s=self.settings.limits.stuck_after)
        if limits != self.limits:
            self.limits = limits
            self.board.judge_anew(self._judged_by())
        return tuple(names)

    def sources_for(self, root: Path) -> Sequence[Source]:
        """The sources that read a root: the one that was named, else all that recognise it."""
        settings = self.roots.get(root)
        name = self._source or (settings.source if settings else None)
        if name is None:
            return registry.detect(root)
        source = registry.source_by_id(name)
        if source is None:
            raise UsageError(f"no source {name!r}")
        return [source]

    def load(self) -> Snapshot:
        """Look at everything once, for a verb without a terminal.

        Raises:
            RootError: No root can be read.
        """
        snapshot = self.board.scan_once()
        broken = [root for root in snapshot.roots if root.error]
        if broken and len(broken) == len(snapshot.roots):
            raise RootError("\n".join(f"{root.path}: {root.error}" for root in broken))
        return snapshot

    def find(self, text: str, among: Sequence[Run] | None = None) -> Run:
        """The run an operator means: by id, else by its path relative to its root, else by key.

        Args:
            text: As it was typed.
            among: Runs that were loaded already.

        Raises:
            UsageError: There is none, or there are several.
            RootError: No root can be read.
        """
        runs = self.load().runs if among is None else among
        # A name that is not UTF-8 is typed as it is on disk and carried escaped (cockpit.sources.paths).
        names = (text, encode(text))
        found = [run for run in runs if run.id in names]
        found = found or [run for run in runs if run.ref.path in names or run.key in names]
        if len(found) == 1:
            return found[0]
        if found:
            places = "\n".join(f"  {clean(_unmistakable(run, found))}" for run in found)
            raise UsageError(f"{len(found)} runs are called {clean(text)!r}; name the one you mean:\n{places}")
        import difflib

        close = difflib.get_close_matches(text, [run.id for run in runs], n=3)
        hint = f"; did you mean {' or '.join(map(clean, close))}?" if close else ""
        raise UsageError(f"no run {clean(text)!r}{hint}")

    def detail(self, run: Run) -> RunDetail:
        """All facts of a run.

        Raises:
            CockpitError: It has vanished meanwhile.
        """
        detail = self.board.detail(run.key)
        if detail is None:
            raise CockpitError(f"the run {clean(run.id)} has vanished")
        return detail

    def judge(self, detail: RunDetail) -> Run:
        """The verdict on facts, as of now."""
        return self._judge(detail, self.now())

    def _judge(self, detail: RunDetail, now: datetime) -> Run:
        # Rules are not needed before something is read: the first frame comes from the index.
        from cockpit.diagnosis.verdict import judge

        return judge(detail, now, self._limits_for(detail), self.rules)

    def _limits_for(self, detail: RunDetail) -> Limits:
        """The limits, with the moment of stuck that this run's step has by its own past."""
        from cockpit.diagnosis.silence import in_progress

        if detail.record.finished:
            return self.limits
        flow, step, _ = in_progress(detail)
        return self.pace(detail.ref.source, flow, step).limits(self.limits)

    def pace(self, source: str, flow: str | None, step: str | None) -> Pace:
        """What is normal for a step."""
        return pace_of(self.history.durations(source, flow, step), self.limits)

    def _physics(self) -> "PhysicsSetup":
        """What looking at the processes of runs rests on."""
        from cockpit.producers import recorded_producers
        from cockpit.runtime.mounts import is_silent
        from cockpit.runtime.physics import Prober
        from cockpit.runtime.processes import HostProcesses
        from cockpit.runtime.vigil import PhysicsSetup

        return PhysicsSetup(
            # Where inotify is silent, other hosts may write.
            Prober(HostProcesses(), self.now, remote=lambda path: is_silent(Path(path))),
            self.pace,
            lambda ref: recorded_producers(self.state_dir(self.root_of(ref)), ref),
        )

    def findings(
        self,
        run: Run,
        detail: RunDetail,
        physics: "Physics | None" = None,
        offers: Mapping[str, str | None] | None = None,
    ) -> tuple["Finding", ...]:
        """What is probably wrong with a run, best first. Reads its files: not for the event loop.

        Args:
            run: Its verdict as of now.
            detail: Its facts.
            physics: Its processes, where they were looked at.
            offers: See `offers`; only actions that can be carried out now are suggested.
        """
        from cockpit.runtime.examine import examine

        return examine(
            self.evidence(self.root_of(run.ref)),
            run,
            detail,
            self.now(),
            rules=self.rules,
            physics=physics,
            others=[other for other in self.board.snapshot.runs if other.key != run.key],
            playbooks={playbook.id for playbook in self.library.playbooks},
            actions=None if offers is None else {action for action, refused in offers.items() if refused is None},
        )

    def offers(self, run: Run, detail: RunDetail) -> dict[str, str | None] | None:
        """Every action of a run with the reason why not; `None` where nothing can be planned here. Reads the disk."""
        with suppress(CockpitError, OSError):
            found = self.desk(self.root_of(run.ref)).offers(run, detail)
            return {offer.spec.id: offer.refused for offer in found}
        return None

    def root_of(self, ref: RunRef) -> Path:
        """The root a run belongs to."""
        return Path(ref.root)

    def state_dir(self, root: Path) -> Path:
        """Where the state of a root is kept."""
        return locations.state_dir(root, self._state_dir)

    def ledger(self, root: Path) -> "Ledger":
        """The record of a root; roots that share a state directory share it."""
        directory = self.state_dir(root)
        if directory not in self._ledgers:
            from cockpit.journal.log import Journal
            from cockpit.ledger import Ledger

            journal = Journal(directory / locations.JOURNAL_FILE, self.actor, self.now)
            self._ledgers[directory] = Ledger(journal, self.library)
        return self._ledgers[directory]

    def ledgers(self) -> "list[Ledger]":
        """The records of all roots."""
        return list(dict.fromkeys(self.ledger(root) for root in self.roots))

    def journal_paths(self) -> list[Path]:
        """The journals of all roots; those that share a state directory share one."""
        return list(dict.fromkeys(self.state_dir(root) / locations.JOURNAL_FILE for root in self.roots))

    def refusal(self, root: Path) -> str | None:
        """Why nothing may be done to runs of a root, or `None`."""
        if self.read_only:
            return f"read-only: {self._pinned_by or 'W allows actions again'}"
        settings = self.roots.get(root)
        if settings is not None and settings.read_only:
            return "read-only: the configuration of this root says so"
        asked = self._asked(root)
        return None if asked is None or asked.refused is None else f"read-only: {asked.refused}"

    def bounds(self, root: Path) -> "Bounds":
        """What a root asks for itself, read once; see `look_at_bounds`."""
        if root not in self._bounds:
            from cockpit.root_file import FILE, Bounds, read_bounds

            allowed = self.settings.root_files
            self._bounds[root] = read_bounds(root) if allowed else Bounds(root / FILE)
        return self._bounds[root]

    def _asked(self, root: Path) -> "Bounds | None":
        """The same, or `None` where there is no such file, which costs the first frame nothing."""
        if root not in self._bounds and not os.path.lexists(root / locations.ROOT_FILE):
            return None
        return self.bounds(root)

    def configuration_files(self) -> list[Path]:
        """What is taken up while the program runs: the configuration, and the files of the roots."""
        files = [root / locations.ROOT_FILE for root in self.roots]
        return files if self.config is None else [self.config, *files]

    def look_at_bounds(self) -> None:
        """The file of a root may have changed: it is read again when it is asked for."""
        self._bounds.clear()

    def label(self, root: Path) -> str | None:
        """The short name of a root: the operator's own, else the one it has for itself."""
        settings = self.roots.get(root)
        asked = self._asked(root)
        return (settings.label if settings else None) or (asked.told.label if asked else None)

    def colour(self, root: Path) -> str | None:
        """The colour of a root, the operator's own choice alone: a root must not make itself look harmless."""
        settings = self.roots.get(root)
        return settings.colour if settings else None

    def require_writable(
        self,
        what: str,
        root: Path,
        run: Run | None = None,
        *,
        runs: Sequence[str] = (),
        incident: str | None = None,
    ) -> None:
        """Refuse, and record the refusal, where nothing may be written. Blocks on the disk then.

        Args:
            what: What was to be done.
            root: The root it concerns.
            run: The run it concerns.
            runs: Ids of the runs, where they are several.
            incident: Id of the incident it concerns.

        Raises:
            UsageError: Nothing may be done to runs of this root.
        """
        reason = self.refusal(root)
        if reason is None:
            return
        from cockpit.actions.launcher import REFUSED

        about: dict[str, object] = {"runs": list(runs)} if runs else {}
        if run is not None:
            about = {"run": run.id, "run_key": run.key}
        # A state directory that cannot be written is a good reason to be read-only: it changes nothing here.
        with suppress(CockpitError):
            self.ledger(root).journal.append(REFUSED, {"action": what, **about, "reason": reason}, incident)
        raise UsageError(f"cannot {what}: {reason}")

    def desk(self, root: Path) -> "ActionDesk":
        """The actions of the runs of a root."""
        refused = self.refusal(root)
        if (root, refused) not in self._desks:
            from cockpit.actions.desk import ActionDesk
            from cockpit.actions.launcher import JobContext
            from cockpit.actions.limits import JobLimits

            journal = self.ledger(root).journal
            settings = self.roots.get(root)
            jobs = self.settings.jobs
            limits = JobLimits(jobs.grace, jobs.timeout, jobs.timeouts, jobs.output_cap)
            self._desks[root, refused] = ActionDesk(
                root,
                JobContext(self.state_dir(root), journal, self.now, self.actor, journal.path, self.config, limits),
                self.source_of,
                overrides=settings.commands if settings else {},
                declared=self.settings.actions,
                judge=self.judge,
                past=self.history,
                service_of=self.settings.service,
                read_only=refused,
            )
        return self._desks[root, refused]

    def source_of(self, ref: RunRef) -> Source:
        """The source that reads a run.

        Raises:
            UsageError: It is not installed any more.
        """
        source = registry.source_by_id(ref.source)
        if source is None:
            raise UsageError(f"no source {ref.source!r}")
        return source

    def plan(
        self, action: str, run: Run, flow: str | None, step: str | None, options: Mapping[str, str] | None = None
    ) -> "Plan":
        """What an action would do to a run as it is on disk now. Raises as `ActionDesk.plan`."""
        return self.guarded(self.desk(self.root_of(run.ref)).plan(action, run, flow=flow, step=step, options=options))

    def plan_restore(self, root: Path, name: str) -> "Plan":
        """What restoring an archive of a root would do. Raises as `ActionDesk.plan_restore`."""
        return self.guarded(self.desk(root).plan_restore(name))

    def guarded(self, plan: "Plan") -> "Plan":
        """The plan as it is confirmed while a SEV1 has its run: by typing the run's id. Reads the journals."""
        if plan.refused is not None:
            return plan
        plan = self._bounded(plan)
        for ledger in self.ledgers():
            ledger.refresh()
            if ledger.incident_names():
                from cockpit.incidents.caution import cautious

                plan = cautious(plan, ledger.incidents())
        return plan

    def _bounded(self, plan: "Plan") -> "Plan":
        """The plan as its root has it confirmed."""
        root = next((root for root in self.roots if plan.run_key.partition(":")[2].startswith(f"{root}/")), None)
        if root is None:
            return plan
        own = "the configuration of this root has every plan typed" if self.roots[root].confirm == "typed" else None
        asked = self._asked(root)
        why = own or (asked.typed if asked else None)
        if why is None:
            return plan
        from cockpit.actions.plan import sealed
        from cockpit.models.action import Confirm

        told = f"{why}: type the run's id to confirm"
        return sealed(plan.model_copy(update={"confirm": Confirm.TYPED, "warnings": (*plan.warnings, told)}))

    def perform(
        self,
        plan: "Plan",
        ref: RunRef,
        *,
        expected: str | None = None,
        rested_on: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> "Job":
        """Carry out a confirmed plan. Raises as `ActionDesk.perform`."""
        desk = self.desk(self.root_of(ref))
        return desk.perform(plan, ref, expected=expected, rested_on=rested_on, timeout_s=timeout_s)

    def settle(self) -> int:
        """Record the ends of jobs that nobody recorded because their supervisor was killed; returns how many.

        Where nothing may be written this is left to another session.
        """
        settled = 0
        for root in self.roots:
            if not any((self.state_dir(root) / name).is_dir() for name in ("jobs", "bulks")):
                continue
            with suppress(CockpitError, OSError):
                settled += self.desk(root).settle()
        return settled

    def evidence(self, root: Path) -> "EvidenceReader":
        """The reader of files under a root, or under a state directory."""
        from cockpit.runtime.evidence import EvidenceReader

        return EvidenceReader(root)

    def close(self) -> None:
        """Stop what runs in the background."""
        if "board" in self.__dict__:
            self.board.stop()


def _unmistakable(run: Run, namesakes: Sequence[Run]) -> str:
    """What names this run and none of its namesakes: its path, or its key where that is another one's path or id."""
    path = run.ref.path
    taken = path == run.id or any(path == other.ref.path for other in namesakes if other is not run)
    return run.key if taken else path


def _code_stamp() -> int:
    """Changes with the code that reads and judges, so that no summary outlives the code that made it."""
    here = Path(__file__).parent
    folders = [here / name for name in ("diagnosis", "models", "sources")]
    paths = [path for folder in folders for path in folder.rglob("*.*") if path.suffix in (".py", ".toml")]
    own = locations.config_dir() / "rules"
    with suppress(OSError):
        paths += [own, *own.glob("*.toml")] if own.is_dir() else []
    return max(path.stat().st_mtime_ns for path in paths)
