"""`notify`: the text of a notification, and its way through a configured channel."""

import argparse
import sys
from typing import Any

from cockpit.actions.delivery import Delivery, deliver
from cockpit.cli import output
from cockpit.cli.actions import on_terminal
from cockpit.cli.incident_room import Room, open_room
from cockpit.errors import CockpitError, ExitCode, UsageError
from cockpit.incidents import records
from cockpit.notify_settings import Channel
from cockpit.reporting import templates_dir
from cockpit.reports.notices import Notice, compose
from cockpit.reports.redact import Redactor
from cockpit.sanitize import clean

_MAX_SAID = 300


def notify(options: argparse.Namespace) -> int:
    """Print a notification; with `--send` ask, deliver it, and put that on record. Exit 1 where it did not go out."""
    what = "send a notification" if options.send is not None else None
    with open_room(options, runs=True, writes=what) as room:
        desk, one = room.desk, room.incident
        notice = compose(
            one,
            options.template,
            clocks=desk.clocks(one),
            timeline=desk.timeline(one),
            given=_given(options.set),
            own=templates_dir(),
        )
        channel = _channel(room, notice, options.send) if options.send is not None else None
        if not options.json:
            sys.stdout.write("".join(f"{clean(line)}\n" for line in notice.text.splitlines()))
            sys.stdout.flush()
        sent = None if channel is None else _send(room, notice, options.send, channel, asked=options.yes)
        if options.json:
            output.emit(_document(room, notice, options.send, sent))
    return int(ExitCode.OK if sent is None or sent.delivered else ExitCode.BAD)


def _given(pairs: list[str]) -> dict[str, str]:
    made = {}
    for pair in pairs:
        name, found, value = pair.partition("=")
        if not found or not name:
            raise UsageError(f"--set {clean(pair, 60)}: write NAME=TEXT")
        made[name] = value
    return made


def _channel(room: Room, notice: Notice, name: str) -> Channel:
    """The channel that is named, where it may carry this.

    Raises:
        UsageError: There is none, it may not, or the notification would say what is not so.
    """
    channels = room.session.settings.notify
    channel = channels.get(name)
    if channel is None:
        known = f"there are: {', '.join(sorted(channels))}" if channels else "the configuration has no [notify.<name>]"
        raise UsageError(f"no channel {clean(name, 40)!r}; {known}")
    if channel.templates and notice.template not in channel.templates:
        raise UsageError(f"the channel {name} carries only: {', '.join(map(clean, channel.templates))}")
    if notice.template == "resolution" and room.incident.resolved_at is None:
        raise UsageError(f"{room.incident.id} is not resolved: its phase verify was not passed; nothing was sent")
    return channel


def _send(room: Room, notice: Notice, name: str, channel: Channel, *, asked: bool) -> Delivery:
    if not asked:
        _confirm(name, channel)
    argv = channel.argv(
        {
            "subject": notice.subject,
            "incident": room.incident.id,
            "severity": room.incident.severity.value,
            "template": notice.template,
        }
    )
    sent = deliver(argv, notice.text, timeout_s=channel.timeout)
    said = _said(sent)
    outcome = f"{sent.outcome}: {said}" if said else sent.outcome
    try:
        room.desk.amend(
            room.incident.id,
            lambda one: records.notified(
                one, notice.template, name, delivered=sent.delivered, outcome=outcome, exit_code=sent.exit_code,
                sha256=notice.sha256,
            ),
        )  # fmt: skip
    except CockpitError as error:
        word = "was sent" if sent.delivered else "was not sent"
        raise CockpitError(f"the notification {word} through {name} ({sent.outcome}), but that is not on record: "
                           f"{error}") from error  # fmt: skip
    output.tell(f"{'sent' if sent.delivered else 'NOT sent'} through {name}: {outcome}")
    return sent


def _confirm(name: str, channel: Channel) -> None:
    if not on_terminal():
        raise UsageError("nothing was sent: confirm with --yes (there is no terminal to ask on)")
    # Arguments may hold tokens: the program is enough to know which way it goes.
    sys.stderr.write(f"send this through {clean(name)} ({clean(channel.command[0])})? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "y":
        raise UsageError("nothing was sent")


def _said(sent: Delivery) -> str:
    """The last line a channel wrote, clean and without secrets."""
    lines = [line for line in Redactor().text(sent.output, "channel").splitlines() if line.strip()]
    return clean(lines[-1].strip(), _MAX_SAID) if lines else ""


def _document(room: Room, notice: Notice, name: str | None, sent: Delivery | None) -> dict[str, Any]:
    return {
        "incident": room.incident.id,
        "template": notice.template,
        "subject": notice.subject,
        "text": notice.text,
        "sha256": notice.sha256,
        "redactions": notice.redactions,
        "sent": None
        if sent is None
        else {
            "channel": name,
            "delivered": sent.delivered,
            "exit_code": sent.exit_code,
            "outcome": sent.outcome,
            "said": _said(sent) or None,
            "unread": sent.unread,
        },
    }
