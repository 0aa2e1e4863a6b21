"""Arguments of `bundle`."""

import argparse
from collections.abc import Callable

VERBS: dict[str, str] = {
    "bundle": "the escalation bundle of an incident, redacted; bundle verify FILE looks into one",
}
_BUNDLE = """\
cockpit bundle INC [-o FILE]     what the next level needs in one tar.gz: command, run, provider mode and names of the
                                 environment, exact error, artifacts; timeline, checklist, evidence, manifest.
                                 Secrets are taken out; the same inputs give the same bytes.
cockpit bundle verify FILE       whether a bundle is whole and unchanged; extracts nothing. Exit 1 where it is not.
Without -o it goes to STATE/reports/. A file that is there is not replaced without --force."""


def add(verb: Callable[[str], argparse.ArgumentParser]) -> None:
    """Add the verbs."""
    bundle = _described(verb("bundle"), _BUNDLE)
    bundle.usage = "cockpit bundle (INC [-o FILE] [--force] | verify FILE)"
    bundle.add_argument("words", metavar="INC|verify FILE", nargs="+", help="an incident's id, or the end of it")
    _file(bundle)


def _described(parser: argparse.ArgumentParser, text: str) -> argparse.ArgumentParser:
    parser.description = text
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    return parser


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
