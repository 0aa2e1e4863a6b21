"""What is done to an incident from the keyboard: the questions, then the same calls as the headless verbs make."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.incidents import lifecycle, records, words
from cockpit.incidents.lifecycle import GateError
from cockpit.incidents.sections import SECTIONS
from cockpit.journal.log import Draft
from cockpit.models.incident import Gate, Incident, Level, Phase, Role, TaskStatus
from cockpit.presenters import incidents as rows
from cockpit.presenters import words as shown
from cockpit.screens import asking
from cockpit.screens.incident_record import Recorder
from cockpit.screens.recording import backdated
from cockpit.screens.responding import severity_picture
from cockpit.screens.reviewing import Reviewing
from widgets.rows import FormField, MenuItem, TextRow

if TYPE_CHECKING:
    from cockpit.screens.incident import IncidentScreen

Decide = Callable[[Incident], Sequence[Draft]]


class IncidentActs(Recorder):
    """Asks, records, and has the screen look again. One thing at a time (worker group `dialog`)."""

    def __init__(self, screen: "IncidentScreen") -> None:
        super().__init__(screen)
        self._table: dict[str, Callable[[Incident], Coroutine[object, object, None]]] = {
            "phase": self._phase,
            "severity": self._severity,
            "own": self._own,
            "update": self._update,
            "note": self._note,
            "menu": self._menu,
            "task": self._task,
            "task-done": self._task_done,
            "decide": self._decide,
            "section": self._section,
            "escalate": self._escalate,
            "notify": self._notify,
            "playbook": screen.ticks.playbook,
            "close": partial(self._phase, to=Phase.CLOSED),
            "reopen": self._reopen,
        }

    def start(self, what: str) -> None:
        """Do one of the things of the table to the incident on the screen."""
        self.run(self._act(what))

    async def _act(self, what: str) -> None:
        # As it is now: what is on the screen may be older than what this or another operator did last.
        _, incident = await asyncio.to_thread(self._screen.index.find, self._screen.name_of)
        await self._table[what](incident)

    # -- phases

    async def _phase(self, incident: Incident, to: Phase | None = None) -> None:
        """The gate of the phase, and the way on: when it is met, or over it with a reason."""
        if to is None:
            lifecycle.require_open(incident)
            following = [phase for phase in Phase if phase.place == incident.phase.place + 1]
            to = following[0] if following else Phase.CLOSED
        screen = self._screen
        gates = await asyncio.to_thread(self._gates, incident, to)
        met = all(gate.met for gate in gates)
        lines = [row for gate in gates for row in self._gate_rows(gate)]
        title = f"{incident.id}: {incident.phase.value} -> {to.value}"
        if met:
            if await asking.plan(screen.app, title, lines, yes=f"yes, on to {to.value}", copyable=False) != "confirm":
                return
            reason = None
        else:
            told = TextRow(key="told", spans=(shown.text("The gate is not met. Going on needs a reason, on record."),))
            yes = "go on all the same"
            if await asking.plan(screen.app, title, [*lines, told], yes=yes, copyable=False) != "confirm":
                return
            reason = await asking.text(screen.app, f"Override the gate of {incident.phase.value}", "Why?")
            if not reason:
                return
        try:
            await self.record("change the phase", lambda desk: desk.move(incident.id, to, override=reason))
        except GateError as error:
            # It was met when it was shown; the evidence has changed meanwhile.
            await asking.tell(screen.app, shown.text(error).text, [r for g in error.gates for r in self._gate_rows(g)])

    def _gates(self, incident: Incident, to: Phase) -> list[Gate]:
        desk = self._screen.desk
        situation = desk.situation(incident)
        return [desk.gate_of(situation, phase) for phase in lifecycle.gated(incident, to)]

    @staticmethod
    def _gate_rows(gate: Gate) -> list[TextRow]:
        return rows.gate_lines(gate) or [TextRow(key=gate.phase.value, spans=(shown.text("Nothing has to hold."),))]

    async def _reopen(self, incident: Incident) -> None:
        reason = await asking.text(self._screen.app, f"Reopen {incident.id}", "What came back, or was not fixed?")
        if reason:
            await self.amend("reopen an incident", lambda one: lifecycle.reopen(one, reason))

    async def _severity(self, incident: Incident) -> None:
        """Another severity: by the questions, with the reason."""
        app = self._screen.app
        answers = await asking.walk(
            app, f"{incident.id} is {incident.severity.value}. How bad is it now?", severity_picture
        )
        if answers is None:
            return
        reason = await asking.text(app, "Change the severity", "Why?")
        if reason:
            await self.amend(
                "change the severity", lambda one: lifecycle.change_severity(one, reason=reason, answers=answers)
            )

    # -- people

    async def _own(self, incident: Incident) -> None:
        """Take a role, or give or offer it to somebody."""
        holder = incident.commander
        fields = (
            FormField("role", "Role", Role.COMMANDER.value, choices=tuple(role.value for role in Role)),
            FormField("person", "Person", "me", required=True, hint="me, or a name; command is offered and accepted"),
            FormField("override", "Without the other side", hint="why command changes hands without the other side"),
        )
        told = f"command: {holder}" if holder else "nobody has the command"
        answers = await asking.form(
            self._screen.app, f"{incident.id}: {shown.text(told).text}", fields, None, "record it"
        )
        if answers is not None:
            await self.record(
                "change a role",
                lambda desk: desk.assign(
                    incident.id, Role(answers["role"]), answers["person"], override=answers["override"] or None
                ),
            )

    # -- the record

    async def _update(self, incident: Incident) -> None:
        fields = (
            FormField("text", "Status", required=True, hint="what is known, what is being done"),
            FormField("next", "Next update", "30m", hint="due in 30m, 2h, at 16:00, an ISO time; empty: none promised"),
        )
        now = self._screen.session.now
        title = f"Update on {incident.id}"
        answers = await asking.form(self._screen.app, title, fields, self._due("next"), "record it")
        if answers is not None:
            due = words.future("next update", answers["next"], now()) if answers["next"] else None
            await self.amend("write an update", lambda one: records.update(one, answers["text"], due))

    def _due(self, name: str) -> Callable[..., str | None]:
        """Checks the moment that stands in a form."""

        def problem(answers: dict[str, str]) -> str | None:
            if not answers[name]:
                return None
            try:
                words.future(name, answers[name], self._screen.session.now())
            except CockpitError as error:
                return shown.text(error).text
            return None

        return problem

    async def _note(self, incident: Incident) -> None:
        text = await asking.text(self._screen.app, f"Note on {incident.id}", "@14:02 in front back-dates it (UTC)")
        if text:
            body, at = backdated(text, self._screen.session.now())
            await self.amend("write a note", lambda one: records.note(one, body, at))

    async def _task(self, incident: Incident) -> None:
        fields = (
            FormField("action", "Action", required=True, hint="one specific thing to do"),
            FormField("owner", "Owner", required=True, hint="who answers for it"),
            FormField("due", "Deadline", required=True, hint="2d, 16:00, 2026-12-01"),
            FormField("verify", "Verified by", required=True, hint="how it will be known to be done"),
        )
        answers = await asking.form(self._screen.app, f"Task of {incident.id}", fields, self._due("due"), "record it")
        if answers is not None:
            due = words.future("deadline", answers["due"], self._screen.session.now())
            await self.amend(
                "write down a task",
                lambda one: records.task(
                    one, answers["action"], owner=answers["owner"], deadline=due, verification=answers["verify"]
                ),
            )

    async def _task_done(self, incident: Incident) -> None:
        left = [task for task in incident.tasks if task.status is not TaskStatus.COMPLETE]
        items = [MenuItem(task.id, shown.text(f"{task.id}  {task.action}", limit=70).text) for task in left]
        name = await asking.menu(self._screen.app, "Which task is done?", items)
        if name is None:
            return
        outcome = await asking.text(self._screen.app, f"{name} is done", "What did its verification show?")
        if outcome:
            await self.amend("complete a task", lambda one: records.task_done(one, name, outcome))

    async def _decide(self, incident: Incident) -> None:
        fields = (
            FormField("text", "Decision", required=True),
            FormField("because", "Because", required=True, hint="the rationale"),
            FormField("instead", "Instead of", hint="the alternative that was considered"),
        )
        answers = await asking.form(self._screen.app, f"Decision in {incident.id}", fields, None, "record it")
        if answers is not None:
            await self.amend(
                "record a decision",
                lambda one: records.decision(one, answers["text"], answers["because"], answers["instead"] or None),
            )

    async def _section(self, incident: Incident) -> None:
        """A text of the post-mortem."""
        app = self._screen.app
        items = [
            MenuItem(each.key, f"{'[x]' if incident.sections.get(each.key) else '[ ]'} {each.title}: {each.asks}")
            for each in SECTIONS
        ]
        key = await asking.search(app, f"Post-mortem of {incident.id}", items)
        section = next((each for each in SECTIONS if each.key == key), None)
        if section is None:
            return
        text = await asking.text(app, section.title, section.asks, incident.sections.get(section.key, ""))
        if text:
            await self.amend("write a section", lambda one: records.section(one, section.key, text))

    async def _escalate(self, incident: Incident) -> None:
        fields = (
            FormField("level", "Level", Level.L2.value, choices=tuple(level.value for level in Level)),
            FormField("to", "To", hint="who is called"),
            FormField("reason", "Reason", required=True),
        )
        answers = await asking.form(self._screen.app, f"Escalate {incident.id}", fields, None, "record it")
        if answers is not None:
            await self.amend(
                "escalate",
                lambda one: records.escalate(one, Level(answers["level"]), answers["reason"], answers["to"] or None),
            )

    async def _notify(self, incident: Incident) -> None:
        screen = self._screen
        await Reviewing(screen, screen.session, screen.index).notify(incident.id)

    async def _menu(self, incident: Incident) -> None:
        """Everything that can be done to it."""
        closed = None if incident.is_open else "it is closed"
        tasks = any(task.status is not TaskStatus.COMPLETE for task in incident.tasks)
        items = [
            MenuItem("phase", "next phase (shows the gate)", "p", disabled=closed),
            MenuItem("update", "status update", "u", disabled=closed),
            MenuItem("task", "new task: action, owner, deadline, verification", "t", disabled=closed),
            MenuItem("task-done", "a task is done", "d", disabled=None if tasks else "no task is open"),
            MenuItem("decide", "decision, with its rationale", "r", disabled=closed),
            MenuItem("section", "write a section of the post-mortem", "w"),
            MenuItem("own", "take or hand over a role", "o", disabled=closed),
            MenuItem("severity", "change the severity", "s", disabled=closed),
            MenuItem("escalate", "escalate", "e", disabled=closed),
            MenuItem("notify", "notification: look at it, send it", "m"),
            MenuItem("playbook", "start a playbook's checklist", "b", disabled=closed),
            MenuItem("note", "note on the timeline", "n", disabled=closed),
            MenuItem("close", "close it (shows the gates)", "c", disabled=closed),
            MenuItem("reopen", "open it again", "g", disabled="it is open" if incident.is_open else None),
        ]
        title = shown.text(f"{incident.id}  {incident.title}", limit=80).text
        choice = await asking.menu(self._screen.app, title, items)
        if choice is not None:
            await self._table[choice](incident)
