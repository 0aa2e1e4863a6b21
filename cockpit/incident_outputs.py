"""What the commands of an incident printed, as evidence for its timeline. Reads the state directory."""

import os
from collections.abc import Iterable
from pathlib import Path

from cockpit.actions.jobs import JOBS
from cockpit.actions.names import why_not_plain
from cockpit.actions.supervisor import OUTPUT as JOB_OUTPUT
from cockpit.incidents.events import words
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.journal import Entry
from cockpit.sources.recordings import OUTPUT, RECORDINGS, last_lines_of

_FOLDERS = {"job": (JOBS, JOB_OUTPUT), "recording": (RECORDINGS, OUTPUT)}


def outputs(state_dir: Path, root: Path, entries: Iterable[Entry]) -> dict[str, Evidence]:
    """The output of each job and recording that entries speak of, by its id, quoted with its last line.

    What printed nothing is left out, and all of it where the state is kept elsewhere than below the root: evidence is
    a path relative to that.

    Args:
        state_dir: Where jobs and recordings are kept.
        root: Absolute path of the root.
        entries: Entries about commands.
    """
    try:
        inside = state_dir.absolute().relative_to(root)
    except ValueError:
        return {}
    found: dict[str, Evidence] = {}
    for entry in entries:
        for key, (folder, name) in _FOLDERS.items():
            made = words(entry.data, key)
            if made is None or made in found or why_not_plain(made):
                continue
            place = inside / folder / made / name
            if last := last_lines_of(root / place, 1):
                found[made] = Evidence(rank=Rank.RECEIPT, path=os.fspath(place), quote=last[0])
    return found
