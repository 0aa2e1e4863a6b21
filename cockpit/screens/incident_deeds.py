"""What the commands of the registry mean on an incident's screen."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from cockpit.errors import UsageError
from cockpit.presenters import words
from cockpit.presenters.times import TimeStyle
from cockpit.screens.side_commands import Deed

if TYPE_CHECKING:
    from cockpit.screens.incident import IncidentScreen


def incident_deeds(screen: "IncidentScreen") -> Mapping[str, Deed]:
    """By command id."""

    def closed() -> str | None:
        return screen.refusal or (None if screen.picture is None or screen.picture.incident.is_open else "it is closed")

    def on_steps() -> str | None:
        return closed() or (None if screen.pane_id == "steps" else "only in the Checklist pane (4)")

    def act(what: str, title: str = "", text: str = "", refused: Callable[[], str | None] = closed) -> Deed:
        return Deed(partial(screen.act, what), title, text, refused)

    return {
        "pane.next": Deed(partial(screen.turn, 1)),
        "pane.previous": Deed(partial(screen.turn, -1)),
        "pane.runs": Deed(partial(screen.go, "page"), "incident", "What it is: clocks, gate, people, tasks, evidence."),
        "pane.checklist": Deed(partial(screen.go, "steps"), help="Its checklists."),
        "pane.timeline": Deed(partial(screen.go, "story"), help="Its timeline, from the record and the evidence."),
        "incident.next": Deed(
            screen.next,
            "next",
            "The next open incident.",
            take=partial(_to, screen),
            offers=_others(screen),
        ),
        "incident.phase": act("phase", text="The next phase. Shows its gate first."),
        "incident.severity": act("severity", text="Another severity: the questions again, and the reason."),
        "incident.own": act("own", text="Take a role, hand one over, or accept the command."),
        "incident.update": act("update", text="Write a status update, and promise the next one."),
        "record.comment": act("note", "note", "Put a note on its timeline; @14:02 in front back-dates it."),
        "checklist.open": act("playbook", text="Start a playbook's checklist for it."),
        "checklist.tick": Deed(partial(_in_steps, screen, "tick"), hindered=on_steps),
        "checklist.menu": Deed(partial(_in_steps, screen, "menu"), hindered=on_steps),
        "checklist.verify": Deed(screen.verify, hindered=lambda: screen.refusal),
        "run.menu": act("menu", text="Everything that can be done to it.", refused=lambda: screen.refusal),
        "incident.postmortem": Deed(
            partial(screen.review, "postmortem"), help="Its post-mortem, to look through; y writes it."
        ),
        "incident.bundle": Deed(
            partial(screen.review, "bundle"), help="Its escalation bundle: what is in it, what is missing; y writes it."
        ),
        "incident.handoff": Deed(screen.handoff),
        "view.times": Deed(
            lambda: screen.restyle(screen.times.next),
            take=partial(_restyle, screen),
            offers=[(style.value, "") for style in TimeStyle],
        ),
        "view.rescan": Deed(screen.look, help="Read the incident again."),
    }


def _others(screen: "IncidentScreen") -> list[tuple[str, str]]:
    panes = screen.panes
    return [] if panes is None else [
        (each.id, f"{each.severity.value} {words.text(each.title, limit=60).text}")
        for each in panes.responding.everything
    ]  # fmt: skip


def _to(screen: "IncidentScreen", text: str) -> None:
    from cockpit.incidents.words import is_called

    found = [name for name, _ in _others(screen) if is_called(name, text)]
    found = [name for name in found if name == text.casefold()] or found
    if len(found) != 1:
        said = words.text(text, limit=40).text
        raise UsageError(f"{len(found)} incidents are called {said!r}" if found else f"no incident {said!r}")
    screen.show(found[0])


def _restyle(screen: "IncidentScreen", text: str) -> None:
    from cockpit.screens.arguments import one_of

    screen.restyle(TimeStyle(one_of(text, [style.value for style in TimeStyle], "style")))


def _in_steps(screen: "IncidentScreen", what: str) -> None:
    """What the checklist's own key does."""
    from widgets.checklist import Checklist

    steps = screen.query_one("#steps", Checklist)
    getattr(steps, f"action_{what}")()
