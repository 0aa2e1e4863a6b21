"""Arguments of `metrics`, `handoff` and `notify`."""

import argparse
from collections.abc import Callable

VERBS: dict[str, str] = {
    "metrics": "what incidents cost: time to detect, acknowledge, contain and resolve, SLA, recurrence",
    "handoff": "the hand-off of a shift: open incidents, runs, jobs, what was done, what waits for a decision",
    "notify": "the text of a notification about an incident; --send hands it to a configured channel",
}

_METRICS = """\
Times count from the moment an incident was noticed, the time to detect up to it.
What is not over yet is left out, and said so; --json names the incidents and
journal entries behind every number. SLA compliance is by the response times of
[incidents] in the configuration."""
_NOTIFY = """\
Templates: initial, update, escalation, security, resolution, and your own as
templates/notify-ID.txt.j2 beside the configuration file, which also replace the
shipped ones. Without --send nothing leaves this host. --send shows the text,
asks, hands it to the program of [notify.CHANNEL] on its standard input, and
puts the result on record. --set says what the record does not know: eta,
impact, details, review, reason, kind, exposed, exposed_from, exposed_to ..."""


def add(verb: Callable[[str], argparse.ArgumentParser]) -> None:
    """Add the verbs.

    Args:
        verb: Makes the parser of a verb.
    """
    metrics = verb("metrics")
    _explain(metrics, _METRICS)
    metrics.add_argument("--since", metavar="T", help="declared at or after: ISO time, or an age such as 30d")
    metrics.add_argument("--until", metavar="T", help="declared before: likewise")
    handoff = verb("handoff")
    handoff.add_argument("-o", "--output", metavar="FILE", help="write it there instead of printing it")
    handoff.add_argument("--force", action="store_true", help="replace a file that is there")
    handoff.add_argument("--since", metavar="T", default="12h", help="when the shift began: ISO time or age; 12h")
    notify = verb("notify")
    _explain(notify, _NOTIFY)
    notify.add_argument("incident", metavar="INC", help="its id, or the end of it")
    notify.add_argument("--template", metavar="ID", required=True, help="which notification")
    notify.add_argument("--set", metavar="NAME=TEXT", action="append", default=[], help="fill this in (repeatable)")
    notify.add_argument("--send", metavar="CHANNEL", help="deliver it through [notify.CHANNEL]")
    notify.add_argument("--yes", action="store_true", help="do not ask")


def _explain(parser: argparse.ArgumentParser, text: str) -> None:
    parser.description = f"{parser.description}\n\n{text}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
