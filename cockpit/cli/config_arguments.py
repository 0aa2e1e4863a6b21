"""Arguments of `config`."""

import argparse
from collections.abc import Callable

VERBS: dict[str, str] = {
    "config": "the configuration: what is in force and where it came from, what is wrong with it",
}
WORDS: dict[str, str] = {
    "show": "every setting and where it came from: default, file and line, environment or option",
    "check": "what is wrong with it, each mistake with file, line and key; exit 2 where something is",
    "path": "where the file is",
    "edit": "open it in $VISUAL or $EDITOR, then check it; a new file has every key commented out",
    "reference": "every key as Markdown (docs/configuration.md)",
    "template": "a file with every key commented out",
    "schema": "its JSON schema, for editors that complete TOML",
}


def add(verb: Callable[[str], argparse.ArgumentParser], shared: argparse.ArgumentParser) -> None:
    """Add the verb.

    Args:
        verb: Makes the parser of a verb.
        shared: The options every word takes.
    """
    config = verb("config")
    config.set_defaults(what="show", names=[], changed=False)
    words = config.add_subparsers(dest="what", metavar="WORD", title="words (default: show)")
    made = {
        name: words.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", parents=[shared],
                               allow_abbrev=False)
        for name, text in WORDS.items()
    }  # fmt: skip
    made["show"].add_argument("names", metavar="KEY", nargs="*", help="only these and what is below them")
    made["show"].add_argument("--changed", action="store_true", help="only what is no default")
    made["check"].add_argument("names", metavar="FILE", nargs="*", help="default: the file in force")
