"""The terminal UI, and the demo that opens it."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from cockpit.cli.context import make_session, the_clock
from cockpit.errors import CockpitError
from cockpit.filtering import parse_filter
from cockpit.sanitize import clean
from cockpit.terminal import no_screen
from cockpit.view_settings import find_view


def view(options: argparse.Namespace) -> int:
    """Open the terminal UI; without a terminal print the status."""
    if not _terminal():
        return _status(options)
    reason = no_screen(os.environ)
    if reason is not None:
        sys.stderr.write(f"cockpit: {clean(reason)}; what follows is: cockpit status\n")
        return _status(options)
    wanted = parse_filter(options.filter)
    session = make_session(options)
    given = {"glyphs": options.glyphs, "fps": options.fps}
    session.settings = session.settings.model_copy(update={name: value for name, value in given.items() if value})
    from cockpit.app import come_back, run_app

    named = find_view(options.view, session.settings.views) if options.view else None
    app = come_back(session, given=wanted, fresh=options.fresh, theme=options.theme, named=named)
    try:
        return run_app(app, mouse=options.mouse or session.settings.mouse)
    except CockpitError:
        raise
    except Exception as error:  # a crash of the UI: the terminal is restored
        from cockpit.crash import crashed

        raise crashed(error, session) from error


def demo(options: argparse.Namespace) -> int:
    """Make a workspace with live producers and open it; `--headless` prints its status."""
    from cockpit.demo.launch import start_live
    from cockpit.demo.systems import PROGRAMS
    from cockpit.demo.workspace import make_workspace

    directory = Path(options.directory) if options.directory else Path(tempfile.mkdtemp(prefix="cockpit-demo-"))
    workspace = make_workspace(
        directory,
        the_clock(options)(),
        incident=True,
        state_dir=Path(options.state_dir).absolute() if options.state_dir else None,
    )
    headless = options.headless or not _terminal()
    # What the checkouts' commands need and this host may lack.
    os.environ["PATH"] = os.pathsep.join((str(workspace / PROGRAMS), os.environ.get("PATH", os.defpath)))
    producer = start_live(workspace)
    try:
        if not options.json:
            sys.stderr.write(f"cockpit: demo workspace: {clean(workspace)}\n")
        shown = argparse.Namespace(**{**vars(options), "root": [str(workspace)], "directory": None})
        shown.verb = "status" if headless else "view"
        if headless:
            return _status(shown)
        shown.filter, shown.mouse, shown.fresh = "", False, False
        shown.theme = shown.glyphs = shown.fps = shown.view = None
        return view(shown)
    finally:
        producer.terminate()
        producer.wait(timeout=10)


def _status(options: argparse.Namespace) -> int:
    # Only here: the first frame needs neither tables nor documents.
    from cockpit.cli.runs import status

    return status(options)


def _terminal() -> bool:
    """Whether there is a terminal to draw on."""
    return sys.stdin.isatty() and sys.stdout.isatty()
