"""Where the cockpit keeps things: one function a directory, none of which creates anything.

Configuration, state and cache live apart (XDG). The state of a root (journal, jobs, archives) is kept beside the
runs in `<root>/.cockpit/`, so that several operators of one host share it; where the root is not writable it goes to
the user's own state directory, in a folder named after the root.
"""

import hashlib
import os
from pathlib import Path

import platformdirs

STATE_FOLDER = ".cockpit"
"""The folder made inside a root; sources never look into it."""
JOURNAL_FILE = "journal.jsonl"
"""The journal's name in a state directory."""


ROOT_FILE = ".cockpit.toml"
"""What a root asks for itself (`cockpit.root_file`)."""


def config_file() -> Path:
    """`COCKPIT_CONFIG`, else the user's `cockpit/config.toml`."""
    given = os.environ.get("COCKPIT_CONFIG")
    return Path(given) if given else platformdirs.user_config_path("cockpit") / "config.toml"


def config_dir() -> Path:
    """The directory of the user's configuration: playbooks and themes live beside the file."""
    return config_file().parent


def user_state_dir() -> Path:
    """State that belongs to the user rather than to a root: tracebacks, sessions, clips."""
    return platformdirs.user_state_path("cockpit")


def cache_dir() -> Path:
    """What may be deleted at any time: the index of run summaries."""
    return platformdirs.user_cache_path("cockpit")


def root_slug(root: Path) -> str:
    """A file name that stands for a root: readable, and unique by a hash of the whole path."""
    text = str(root)
    digest = hashlib.sha256(os.fsencode(text)).hexdigest()[:12]
    name = "".join(ch if ch.isalnum() and ch.isascii() else "-" for ch in root.name)[:40].strip("-")
    return f"{name or 'root'}-{digest}"


def index_path(root: Path) -> Path:
    """Where the index of a root is kept."""
    return cache_dir() / f"index-{root_slug(root)}.db"


def state_dir(root: Path, override: Path | None = None) -> Path:
    """The state directory of `root`.

    Args:
        root: An existing root directory.
        override: `--state-dir`, used as it is.
    """
    if override is not None:
        return override
    inside = root / STATE_FOLDER
    probe = inside if inside.is_dir() else root
    if os.access(probe, os.W_OK | os.X_OK):
        return inside
    return user_state_dir() / "roots" / root_slug(root)
