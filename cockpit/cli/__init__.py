"""The command line: parses arguments, dispatches to one module per group of verbs, turns errors into exit codes.

Nothing beyond argparse is imported until a verb needs it: `--version` and `--help` answer at once.
"""

import io
import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit code of the headless contract."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _prepare_streams()
    if arguments in (["--version"], ["-V"]):
        from cockpit import __version__

        sys.stdout.write(f"cockpit {__version__}\n")
        return 0
    if arguments[:1] == ["completion-words"]:
        from cockpit.cli.completing import main as complete

        return complete(arguments[2:])
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Python would complain again when it flushes at exit.
        _discard_output()
        return 0
    except OSError as error:
        _discard_output()
        sys.stderr.write(f"cockpit: the output cannot be written: {error.strerror or error}\n")
        return 70
    except KeyboardInterrupt:
        return 130
    return code


def _prepare_streams() -> None:
    """A closed stream swallows what is written, and no character is too foreign for the locale's encoding."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: list[str]) -> int:
    from cockpit.cli.parser import parse

    options = parse(arguments)
    from cockpit.cli.dispatch import dispatch

    return dispatch(options)
