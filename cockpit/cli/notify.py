"""`notify`: the text of a notification, and its way through a configured channel."""

import argparse
import sys
from typing import Any

from cockpit.actions.delivery import Delivery
from cockpit.cli import output
from cockpit.cli.actions import on_terminal
from cockpit.cli.incident_room import Room, open_room
from cockpit.errors import ExitCode, UsageError
from cockpit.notify_settings import Channel
from cockpit.notifying import channel_for, outcome, said, send
from cockpit.reporting import templates_dir
from cockpit.reports.notices import Notice, compose
from cockpit.sanitize import clean


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
        channel = channel_for(room.session, one, notice.template, options.send) if options.send is not None else None
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


def _send(room: Room, notice: Notice, name: str, channel: Channel, *, asked: bool) -> Delivery:
    if not asked:
        _confirm(name, channel)
    sent = send(room.desk, room.incident, notice, name, channel)
    output.tell(f"{'sent' if sent.delivered else 'NOT sent'} through {name}: {outcome(sent)}")
    return sent


def _confirm(name: str, channel: Channel) -> None:
    if not on_terminal():
        raise UsageError("nothing was sent: confirm with --yes (there is no terminal to ask on)")
    # Arguments may hold tokens: the program is enough to know which way it goes.
    sys.stderr.write(f"send this through {clean(name)} ({clean(channel.command[0])})? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "y":
        raise UsageError("nothing was sent")


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
            "said": said(sent) or None,
            "unread": sent.unread,
        },
    }
