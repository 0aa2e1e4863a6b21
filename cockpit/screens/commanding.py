"""Carries out commands by id, from keys, help, palette and command line alike, and says which are possible now."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from cockpit.commands import BY_ID, COMMANDS, Command, Group, Scope, show_keys
from cockpit.filtering import EVERYTHING
from cockpit.models.run import RunState
from cockpit.presenters import words
from cockpit.screens import asking
from cockpit.screens.moving import move
from cockpit.screens.view import PANES
from widgets.footer import Footer
from widgets.line_list import LineList
from widgets.rows import KeyHint, Level, MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

_HUNTS = {
    "error": frozenset({Level.ERROR}),
    "warning": frozenset({Level.WARN, Level.ERROR}),
}


class Commanding:
    """The table from command ids to what they do."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    @cached_property
    def _table(self) -> dict[str, Callable[[], object]]:
        """Made with the first command: the first frame needs nothing of what commands do."""
        screen = self._screen
        table: dict[str, Callable[[], object]] = {f"pane.{name}": partial(screen.focus_pane, name) for name in PANES}
        table |= {
            "pane.detail": self._detail,
            "go.back": self._back,
            "go.last": lambda: screen.focus_pane(screen.view.previous or "runs"),
            "pane.next": lambda: self._cycle(1),
            "pane.previous": lambda: self._cycle(-1),
            "go.older": lambda: screen.jumps.go(-1),
            "go.newer": lambda: screen.jumps.go(1),
            "tab.next": lambda: screen.logfiles.turn(1),
            "tab.previous": lambda: screen.logfiles.turn(-1),
            "view.zoom": self._zoom,
            "find.filter": screen.palette.open_filter,
            "find.command": screen.palette.open_command,
            "find.error": lambda: self._hunt("error", 1),
            "find.warning": lambda: self._hunt("warning", 1),
            "find.next": lambda: self._hunt(screen.view.hunt, 1),
            "find.previous": lambda: self._hunt(screen.view.hunt, -1),
            "view.follow": self._follow,
            "view.times": lambda: self.change(times=screen.view.times.next),
            "view.sort": self._sort,
            "view.cluster": self._cluster,
            "view.freeze": self._freeze,
            "view.anchor": self._anchor,
            "view.monitor": self._monitor,
            "view.rescan": self._rescan,
            "view.redraw": lambda: screen.app.refresh(repaint=True, layout=True),
            "view.diagnose": screen.scoping.diagnose,
            "view.diff": screen.comparing.show,
            "view.open": screen.logfiles.open_elsewhere,
            "view.audit": self._audit,
            "view.theme": screen.host.next_theme,
            "view.net": screen.measuring.toggle,
            "copy.menu": screen.copying.menu,
            "record.comment": screen.recording.comment,
            "checklist.open": screen.recording.open_playbook,
            "checklist.read": screen.recording.read_playbook,
            "checklist.verify": screen.items.verify,
            "run.resume": lambda: screen.acting.act("resume"),
            "run.retry": lambda: screen.acting.act("retry"),
            "run.archive": lambda: screen.acting.act("archive"),
            "run.menu": screen.acting.menu,
            "incident.declare": screen.responding.declare,
            "incident.by_hand": screen.responding.declare_by_hand,
            "incident.next": screen.responding.next,
            "incident.pin": screen.responding.pin,
            "incident.postmortem": lambda: screen.responding.review("postmortem"),
            "incident.bundle": lambda: screen.responding.review("bundle"),
            "incident.handoff": screen.responding.handoff,
            "incident.metrics": screen.responding.metrics,
            **{
                f"incident.{what}": partial(screen.responding.act, what)
                for what in ("severity", "phase", "own", "update")
            },
            "job.list": screen.acting.jobs,
            "act.undo": screen.taking_back.undo,
            "run.restore": screen.acting.restore,
            "job.cancel": screen.acting.cancel,
            "app.readonly": self._read_only,
            "app.help": screen.palette.help,
            "app.palette": screen.palette.palette,
            "app.suspend": screen.app.action_suspend_process,
            "view.root": self._every_root,
            "app.leave": screen.app.exit,
            "app.close": lambda: screen.run_worker(self._close(), group="dialog", exit_on_error=False),
            "app.quit": screen.host.interrupted,
        }
        return table

    def run(self, command_id: str) -> None:
        """Carry out a command, or say why that is not possible."""
        screen, command = self._screen, BY_ID[command_id]
        reason = self.disabled(command)
        if reason is not None and self._refused(command, reason):
            self._screen.recording.refuse(command.id.partition(".")[2], command.title)
            return
        if reason is not None:
            self._screen.app.notify(reason, title=command.title, severity="warning", markup=False)
            return
        if command.needs:
            self._screen.palette.ask_for(command)
        elif command_id in self._table:
            self._table[command_id]()
        else:
            move(screen.pane(screen.deck.state.active), command_id)
        self.hints()

    def argue(self, command: Command, argument: str) -> None:
        """Carry out a command with what stands behind its name.

        Raises:
            UsageError: That means nothing here.
        """
        self._screen.arguments.carry_out(command, argument)

    @staticmethod
    def knows(_command: Command) -> bool:
        """Whether a command means anything here: on the panes each does, though perhaps not now."""
        return True

    @staticmethod
    def choices(_command: Command) -> None:
        """What may stand behind a command's name: see `Arguments.choices`."""

    def later(self, act: Callable[[str], object], what: str) -> None:
        """After the command line has closed: a command that opens a dialog or moves the focus finds the panes."""
        self._screen.call_after_refresh(act, what)

    def own(self, action: str) -> None:
        """Open the plan of one of the user's own actions."""
        self._screen.own_actions.act(action)

    def _refused(self, command: Command, reason: str) -> bool:
        """Whether a command that acts or records is refused because nothing may be written: that goes on record."""
        refusal = self._refusal()
        if command.group is Group.ACT:
            return refusal is not None
        return (command.acts or command.id == "incident.pin") and reason == refusal

    # -- what is possible

    def disabled(self, command: Command) -> str | None:
        """Why a command cannot be carried out now, or `None`."""
        screen = self._screen
        if command.group is Group.INCIDENT:
            return self._no_response(command)
        if command.group is Group.ACT:
            return self._no_action(command)
        if command.group is Group.RECORD and command.id != "copy.menu":
            if screen.scope.run is None:
                return self._no_run()
            if command.scope is Scope.CHECKLIST and screen.deck.state.active != "checklist":
                return "only in the Checklist pane (4)"
        return self._no_look(command)

    def _no_response(self, command: Command) -> str | None:
        """Why a command about an incident is not possible."""
        if command.id in ("incident.next", "incident.metrics", "incident.handoff"):
            return None
        if command.id in ("incident.postmortem", "incident.bundle"):
            if self._screen.responding.last_of_run(self._screen.scope.run) is not None:
                return None
            return f"this run is in no incident: {self._key('incident.declare')} declares one"
        if command.id not in ("incident.declare", "incident.by_hand"):
            if self._screen.scope.run is None:
                return self._no_run()
            if self._screen.responding.of_run(self._screen.scope.run) is None:
                return f"this run is in no open incident: {self._key('incident.declare')} declares one"
        return self._refusal()

    def _no_run(self) -> str:
        """Why there is no run to do it to: on a cold start the panes fill a moment after the first keys arrive."""
        finished = self._screen.latest.progress.finished
        return "no run in scope" if finished else "still looking for runs: again in a moment"

    def _key(self, command_id: str) -> str:
        """How the key of a command is read."""
        return show_keys(self._screen.host.keymap_of(BY_ID[command_id])[:1]) or f":{command_id}"

    def _no_action(self, command: Command) -> str | None:
        """Why an action is not possible on the run in scope."""
        screen = self._screen
        if marked := screen.marking.runs:
            # What a run itself has against it stands in its own plan.
            reasons = (screen.session.refusal(screen.session.root_of(each.ref)) for each in marked)
            return next((reason for reason in reasons if reason is not None), None)
        run = screen.scope.run
        refusal = self._refusal()
        if run is None:
            return refusal if command.id in ("run.restore", "act.undo") else self._no_run()
        if refusal is not None or command.id not in ("run.resume", "run.retry"):
            return refusal
        action = command.id.partition(".")[2]
        if screen.scope.offers is not None and action not in screen.scope.offers:
            return f"{run.ref.source} has no {action} for this run"
        if not screen.scope.flow_and_step[1]:
            return "no step to start from: point at one in Receipts"
        return "the run is running" if run.state is RunState.RUNNING else None

    def hindered(self, command: Command) -> str | None:
        """Why a command has a dim key: it is disabled, or the run has something against it that its dialog will tell.

        The key still opens that dialog: who tries is told why, and the refusal is on record.
        """
        scope = self._screen.scope
        reason = self.disabled(command)
        if reason is not None or self._screen.marking.runs or scope.run is None or scope.offers is None:
            return reason
        action = command.id.removeprefix("run.")
        here = scope.step in (None, (scope.run.flow, scope.run.step))
        return scope.offers.get(action) if here or action == "archive" else None

    def _refusal(self) -> str | None:
        """Why nothing may be done to the run in scope, or, without one, to any."""
        screen = self._screen
        if screen.scope.run is not None:
            return screen.session.refusal(screen.session.root_of(screen.scope.run.ref))
        reasons = [screen.session.refusal(root) for root in screen.session.roots]
        return reasons[0] if reasons and all(reasons) else None

    def _no_look(self, command: Command) -> str | None:
        screen = self._screen
        if command.id == "app.readonly" and screen.session.pinned_read_only:
            return "started with --read-only; that stands"
        if command.id in ("find.next", "find.previous") and screen.view.hunt is None:
            return "nothing hunted yet: e or w"
        if command.id == "view.monitor" and screen.scope.run is None:
            return self._no_run()
        if command.id in ("view.diff", "view.diagnose") and screen.scope.run is None:
            return self._no_run()
        if command.id == "view.follow" and not self._followable():
            return "this pane has no end to follow"
        return None

    def _followable(self) -> bool:
        return self._screen.pane(self._screen.deck.state.active).FOLLOWS

    def hints(self) -> None:
        """The footer: the keys worth knowing in the pane that has the focus."""
        screen = self._screen
        active = screen.deck.state.active
        shown = sorted((c for c in COMMANDS if c.footer and self.fits(c, active)), key=lambda c: (c.footer, c.id))
        screen.query_one("#footer", Footer).hints = (
            *(KeyHint(show_keys(screen.host.keymap_of(c)[:1]), c.title, self.hindered(c)) for c in shown),
            *screen.own_actions.hints(),
        )

    @staticmethod
    def fits(command: Command, active: str) -> bool:
        """Whether a command is for the pane that is active."""
        return command.scope.reaches(active)

    # -- looking

    def change(self, **changes: object) -> None:
        """Look at things in another way."""
        screen = self._screen
        screen.view = replace(screen.view, **changes)  # type: ignore[arg-type]
        screen.painter.everything()

    def _back(self) -> None:
        """Zoom, step, pane, filter: whatever was entered last is left first."""
        screen = self._screen
        if screen.deck.state.active == "log" and screen.logfiles.filtered:
            screen.logfiles.reader.filter("")
        elif screen.deck.state.zoomed:
            self._zoom()
        elif screen.painter.shows_line and screen.deck.state.active == "detail":
            screen.focus_pane("log")
        elif screen.deck.state.active != "runs":
            screen.focus_pane("receipts" if screen.deck.state.active == "log" and screen.scope.step else "runs")
            if screen.deck.state.active == "runs" and screen.scope.step is not None:
                screen.scoping.point_at(None)
        elif screen.view.filter.text:
            self.change(filter=EVERYTHING)
        else:
            screen.marking.clear()

    def _sort(self) -> None:
        """Runs in another order; where a record of a log is shown, its keys."""
        screen = self._screen
        if screen.deck.state.active == "log" or screen.painter.shows_line:
            screen.logfiles.turn_keys()
            screen.painter.step()
        else:
            self.change(sort=screen.view.sort.next)

    def _every_root(self) -> None:
        """The runs of all roots again."""
        if self._screen.view.filter.text.startswith("root:"):
            self.change(filter=EVERYTHING)

    def _cluster(self) -> None:
        """Runs that failed alike on one line, and back. No mark falls to a run that the operator did not see."""
        screen = self._screen
        if screen.view.clustered:
            screen.marking.spread()
        else:
            screen.marking.clear()
        self.change(clustered=not screen.view.clustered)

    def _detail(self) -> None:
        """To Detail; there, from a line of the log to the run."""
        screen = self._screen
        if screen.deck.state.active == "detail" and screen.painter.shows_line:
            screen.painter.shows_line = False
            screen.painter.step()
        else:
            screen.focus_pane("detail")

    def _cycle(self, step: int) -> None:
        place = PANES.index(self._screen.deck.state.active)
        self._screen.focus_pane(PANES[(place + step) % len(PANES)])

    def _zoom(self) -> None:
        deck = self._screen.deck
        deck.state = replace(deck.state, zoomed=not deck.state.zoomed)
        self._screen.painter.focus()

    def _hunt(self, what: str | None, step: int) -> None:
        screen = self._screen
        if what is None:
            return
        screen.view = replace(screen.view, hunt=what)
        screen.jumps.start()
        if screen.deck.state.active == "log":
            screen.logfiles.hunt(what, _HUNTS[what], step)
        elif not screen.pane(screen.deck.state.active).hunt(_HUNTS[what], step):
            self.tell(f"no {what} {'below' if step > 0 else 'above'}")

    def tell(self, text: str) -> None:
        """Say something in passing, where the keys are explained."""
        self._screen.query_one("#footer", Footer).notice = words.text(text)
        self._screen.set_timer(2.0, self._clear_notice)

    def _clear_notice(self) -> None:
        self._screen.query_one("#footer", Footer).notice = words.text("")

    def _follow(self) -> None:
        screen = self._screen
        pane: LineList = screen.pane(screen.deck.state.active)  # type: ignore[type-arg]
        pane.following = not pane.following
        if screen.deck.state.active == "log":
            screen.logfiles.moved()

    def _freeze(self) -> None:
        screen = self._screen
        if screen.view.frozen_at is None:
            screen.painter.freeze(screen.session.now())
            screen.painter.header()
        else:
            screen.painter.freeze(None)
            screen.thaw()

    def _anchor(self) -> None:
        screen = self._screen
        screen.scoping.scope = screen.scope.anchor(not screen.scope.anchored)
        if not screen.scope.anchored:
            screen.scoping.follow_cursor()
        screen.painter.header()

    def _monitor(self) -> None:
        """The run in scope on a screen of its own."""
        from cockpit.screens.monitor import MonitorScreen

        screen = self._screen
        if screen.scope.run is not None:
            screen.app.push_screen(
                MonitorScreen(
                    screen.session,
                    screen.scope.run,
                    screen.scope.detail,
                    job_of=screen.acting.job_of,
                    unicode=screen.view.unicode,
                )
            )

    def _rescan(self) -> None:
        self._screen.session.board.refresh()
        self._screen.refresh_ledgers()

    def _audit(self) -> None:
        screen = self._screen
        self.change(audit=not screen.view.audit)
        screen.focus_pane("timeline")

    # -- the program

    def _read_only(self) -> None:
        session = self._screen.session
        session.read_only = not session.read_only
        self._screen.painter.header()

    async def _close(self) -> None:
        screen = self._screen
        if screen.deck.state.zoomed or screen.deck.state.active != "runs" or screen.view.filter.text:
            self._back()
            return
        items = [MenuItem("quit", "quit; jobs go on without the cockpit", "y"), MenuItem("stay", "stay", "n")]
        if await asking.menu(screen.app, "Quit?", items) == "quit":
            screen.app.exit()
