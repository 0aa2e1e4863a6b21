"""Arguments of `bundle` and `postmortem`."""

import argparse
from collections.abc import Callable

VERBS: dict[str, str] = {
    "bundle": "the escalation bundle of an incident, redacted; bundle verify FILE looks into one",
    "postmortem": "the post-mortem of an incident; --check tells whether FILE still matches the evidence",
}
_BUNDLE = """\
cockpit bundle INC [-o FILE]     what the next level needs in one tar.gz: command, run, provider mode and names of the
                                 environment, exact error, artifacts; timeline, checklist, evidence, manifest.
                                 Secrets are taken out; the same inputs give the same bytes.
cockpit bundle verify FILE       whether a bundle is whole and unchanged; extracts nothing. Exit 1 where it is not.
Without -o it goes to STATE/reports/. A file that is there is not replaced without --force."""
_POSTMORTEM = """\
cockpit postmortem INC                the post-mortem as Markdown
cockpit postmortem INC -o FILE        written to FILE. What people wrote between the generated parts of a FILE that is
                                      there stays; only the generated parts are made anew.
cockpit postmortem INC --check FILE   exit 1 where a generated part of FILE no longer matches the evidence, a mandatory
                                      element says nothing, or a sentence blames people"""


def add(verb: Callable[[str], argparse.ArgumentParser]) -> None:
    """Add the verbs."""
    bundle = _described(verb("bundle"), _BUNDLE)
    bundle.usage = "cockpit bundle (INC [-o FILE] [--force] | verify FILE)"
    bundle.add_argument("words", metavar="INC|verify FILE", nargs="+", help="an incident's id, or the end of it")
    _file(bundle)
    postmortem = _described(verb("postmortem"), _POSTMORTEM)
    postmortem.add_argument("incident", metavar="INC", help="its id, or the end of it")
    _file(postmortem)
    postmortem.add_argument("--check", metavar="FILE", help="compare FILE with the evidence; writes nothing")


def _described(parser: argparse.ArgumentParser, text: str) -> argparse.ArgumentParser:
    parser.description = text
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    return parser


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
