"""From global options, environment and configuration to a session."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit import locations
from cockpit.clock import Clock, fixed_clock, parse_iso, system_clock
from cockpit.errors import RootError, UsageError
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings, load_settings
from cockpit.sources import registry


def read_settings(options: argparse.Namespace) -> Settings:
    """The configuration file that applies.

    Raises:
        UsageError: It is not valid.
    """
    if options.config is not None:
        return load_settings(Path(options.config), required=True)
    return load_settings(locations.config_file(), required="COCKPIT_CONFIG" in os.environ)


def the_clock(options: argparse.Namespace) -> Clock:
    """The host's clock, or the moment that `--now` or `COCKPIT_NOW` names.

    Raises:
        UsageError: It is no time.
    """
    text = options.now or os.environ.get("COCKPIT_NOW")
    if not text:
        return system_clock
    moment = parse_iso(text)
    if moment is None:
        raise UsageError(f"--now {text}: not an ISO 8601 time")
    return fixed_clock(moment)


def the_roots(options: argparse.Namespace, settings: Settings) -> list[RootSettings]:
    """The roots: command line, `COCKPIT_ROOT`, configuration, else the current directory if a source knows it.

    Raises:
        RootError: There is none.
    """
    named: list[str] = list(options.root or ())
    directory = getattr(options, "directory", None)
    if directory is not None and options.verb == "view":
        named.insert(0, directory)
    if not named and os.environ.get("COCKPIT_ROOT"):
        named = [part for part in os.environ["COCKPIT_ROOT"].split(os.pathsep) if part]
    known = {_absolute(root.path): root for root in settings.roots}
    if named:
        paths = [_absolute(Path(name).expanduser()) for name in named]
    elif known:
        paths = list(known)
    else:
        here = Path.cwd()
        if not registry.detect(here):
            raise RootError(
                f"{here} holds no runs of a known system; name a directory: cockpit ROOT, or try: cockpit demo"
            )
        paths = [here]
    return [
        known[path].model_copy(update={"path": path}) if path in known else RootSettings(path=path)
        for path in dict.fromkeys(paths)
    ]


def make_session(options: argparse.Namespace, *, need_root: bool = True) -> Session:
    """A session for the options. Raises as its parts do."""
    settings = read_settings(options)
    registry.configure(settings.for_sources)
    check_source(options.source)
    roots = the_roots(options, settings) if need_root else []
    for root in roots:
        check_source(root.source)
    check_actions(settings)
    return Session(
        settings,
        roots,
        the_clock(options),
        source=options.source,
        state_dir=_absolute(Path(options.state_dir)) if options.state_dir else None,
        read_only=options.read_only,
        config=_absolute(Path(options.config) if options.config is not None else locations.config_file()),
    )


def check_source(name: str | None) -> None:
    """A source by its id.

    Raises:
        UsageError: There is none.
    """
    if name is not None and registry.source_by_id(name) is None:
        known = ", ".join(source.id for source in registry.load().sources)
        raise UsageError(f"no source {name!r}; there are: {known}")


def check_actions(settings: Settings) -> None:
    """Actions are declared for sources that exist. Known only here: the settings know no sources.

    Raises:
        UsageError: One names a source that does not exist.
    """
    if not settings.actions:
        return
    from cockpit.actions.declared import unknown_sources

    known = [source.id for source in registry.load().sources]
    lines = [
        f"actions.{action}.sources: no source {name!r}; there are: {', '.join(known)}"
        for action, name in unknown_sources(settings.actions, known)
    ]
    if lines:
        raise UsageError("\n".join(lines))


@contextmanager
def open_session(options: argparse.Namespace, *, need_root: bool = True) -> Iterator[Session]:
    """A session that is closed at the end."""
    session = make_session(options, need_root=need_root)
    try:
        yield session
    finally:
        session.close()


def _absolute(path: Path) -> Path:
    """Absolute, with links resolved where that is possible: one root has one name."""
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        return path.absolute()
