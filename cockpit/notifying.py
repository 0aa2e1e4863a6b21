"""Notifications on their way: the channel that may carry one, its delivery, and the record of it. Starts a program."""

from cockpit.actions.delivery import Delivery, deliver
from cockpit.errors import CockpitError, UsageError
from cockpit.incident_desk import IncidentDesk
from cockpit.incidents import records
from cockpit.models.incident import Incident
from cockpit.notify_settings import Channel
from cockpit.reports.notices import Notice
from cockpit.reports.redact import Redactor
from cockpit.sanitize import clean
from cockpit.session import Session

_MAX_SAID = 300


def channel_for(session: Session, incident: Incident, template: str, name: str) -> Channel:
    """The channel that is named, where it may carry this.

    Raises:
        UsageError: There is none, it may not, or the notification would say what is not so.
    """
    channels = session.settings.notify
    channel = channels.get(name)
    if channel is None:
        known = f"there are: {', '.join(sorted(channels))}" if channels else "the configuration has no [notify.<name>]"
        raise UsageError(f"no channel {clean(name, 40)!r}; {known}")
    if channel.templates and template not in channel.templates:
        raise UsageError(f"the channel {name} carries only: {', '.join(map(clean, channel.templates))}")
    if template == "resolution" and incident.resolved_at is None:
        raise UsageError(f"{incident.id} is not resolved: its phase verify was not passed; nothing was sent")
    return channel


def send(desk: IncidentDesk, incident: Incident, notice: Notice, name: str, channel: Channel) -> Delivery:
    """Hand a notification to the program of a channel, and put what came of it on record.

    Raises:
        CockpitError: What came of it could not be recorded; the message says whether it was sent.
    """
    facts = {
        "subject": notice.subject,
        "incident": incident.id,
        "severity": incident.severity.value,
        "template": notice.template,
    }
    sent = deliver(channel.argv(facts), notice.text, timeout_s=channel.timeout)
    try:
        desk.amend(
            incident.id,
            lambda one: records.notified(
                one, notice.template, name, delivered=sent.delivered, outcome=outcome(sent), exit_code=sent.exit_code,
                sha256=notice.sha256,
            ),
        )  # fmt: skip
    except CockpitError as error:
        word = "was sent" if sent.delivered else "was not sent"
        raise CockpitError(f"the notification {word} through {name} ({sent.outcome}), but that is not on record: "
                           f"{error}") from error  # fmt: skip
    return sent


def outcome(sent: Delivery) -> str:
    """What came of a delivery, with the channel's last word."""
    last = said(sent)
    return f"{sent.outcome}: {last}" if last else sent.outcome


def said(sent: Delivery) -> str:
    """The last line a channel wrote, clean and without secrets."""
    lines = [line for line in Redactor().text(sent.output, "channel").splitlines() if line.strip()]
    return clean(lines[-1].strip(), _MAX_SAID) if lines else ""
