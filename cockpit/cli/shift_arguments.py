"""Arguments of `metrics`, `handoff` and `notify`."""

import argparse
from collections.abc import Callable

VERBS: dict[str, str] = {
    "metrics": "what incidents cost: time to detect, acknowledge, contain and resolve, SLA, recurrence",
}

_METRICS = """\
Times count from the moment an incident was noticed, the time to detect up to it.
What is not over yet is left out, and said so; --json names the incidents and
journal entries behind every number. SLA compliance is by the response times of
[incidents] in the configuration."""


def add(verb: Callable[[str], argparse.ArgumentParser]) -> None:
    """Add the verbs.

    Args:
        verb: Makes the parser of a verb.
    """
    metrics = verb("metrics")
    _explain(metrics, _METRICS)
    metrics.add_argument("--since", metavar="T", help="declared at or after: ISO time, or an age such as 30d")
    metrics.add_argument("--until", metavar="T", help="declared before: likewise")


def _explain(parser: argparse.ArgumentParser, text: str) -> None:
    parser.description = f"{parser.description}\n\n{text}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
