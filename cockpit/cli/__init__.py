"""The command line: parses arguments, dispatches to one module per group of verbs, turns errors into exit codes.

Nothing beyond argparse is imported until a verb needs it: `--version` and `--help` answer at once.
"""

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit code of the headless contract."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments in (["--version"], ["-V"]):
        from cockpit import __version__

        sys.stdout.write(f"cockpit {__version__}\n")
        return 0
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return code


def _run(arguments: list[str]) -> int:
    from cockpit.cli.parser import parse

    options = parse(arguments)
    from cockpit.cli.dispatch import dispatch

    return dispatch(options)
