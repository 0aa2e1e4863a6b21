"""Arguments of `completion`."""

import argparse
from collections.abc import Callable

VERBS: dict[str, str] = {
    "completion": "what makes bash, zsh or fish complete verbs, options, runs, incidents and jobs",
}
SHELLS = ("bash", "zsh", "fish")

_HELP = """\
Prints a script for the shell. Runs come from the index of the last look at the roots, incidents from the record;
nothing is scanned.
  eval "$(cockpit completion bash)"                                        in ~/.bashrc
  cockpit completion zsh > ~/.zsh/completions/_cockpit                     a directory of $fpath
  cockpit completion fish > ~/.config/fish/completions/cockpit.fish"""


def add(verb: Callable[[str], argparse.ArgumentParser]) -> None:
    """Add the verb.

    Args:
        verb: Makes the parser of a verb.
    """
    completion = verb("completion")
    completion.epilog = _HELP
    completion.formatter_class = argparse.RawDescriptionHelpFormatter
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help="bash, zsh or fish")
