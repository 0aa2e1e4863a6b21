"""A tiny system for tests of the runtime: a run is a directory that holds `status`, and every file of it counts.

The first line of `status` is the state; a line `stuck=ISO` says when silence makes it stuck. An empty `status` is
half-written. `boom` in it makes the source raise, as a third-party source may.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cockpit.models.action import ActionSpec
from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.records import RunRecord
from cockpit.models.run import Becomes, Reason, Run, RunRef, RunState


class FakeSource:
    """Counts what it is asked, so that tests can tell reading from looking."""

    title = "Fake"

    def __init__(self, source_id: str = "fake") -> None:
        self.id = source_id
        self.details: Counter[str] = Counter()
        self.fingerprints: Counter[str] = Counter()
        self.scans = 0
        self.before_detail: Callable[[RunRef], None] = lambda _: None

    def detect(self, root: Path) -> bool:
        return root.is_dir()

    def scan(self, root: Path) -> Iterator[RunRef]:
        self.scans += 1
        for entry in os.scandir(root):
            if entry.is_dir() and (Path(entry.path) / "status").exists():
                yield self.ref(root, entry.name)

    def owner(self, root: Path, path: Path) -> RunRef | None:
        parts = path.relative_to(root).parts
        if parts and (root / parts[0] / "status").exists():
            return self.ref(root, parts[0])
        return None

    def ref(self, root: Path, name: str) -> RunRef:
        return RunRef(source=self.id, root=str(root), path=name, id=name)

    def fingerprint(self, ref: RunRef) -> str:
        self.fingerprints[ref.id] += 1
        return self._fingerprint(ref)

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        self.details[ref.id] += 1
        self.before_detail(ref)
        fingerprint = self._fingerprint(ref)
        status = Path(ref.root) / ref.path / "status"
        text = status.read_text()
        if "boom" in text:
            raise ValueError("boom")
        problems = () if text else (Problem(path=f"{ref.path}/status", reason="empty", fatal=True),)
        lines = text.split("\n")
        return RunDetail(
            ref=ref,
            record=RunRecord(claimed=lines[0] or None),
            problems=problems,
            updated_at=datetime.fromtimestamp(status.stat().st_mtime, UTC),
            fingerprint=fingerprint,
            cache={"lines": tuple(lines), "previous": previous is not None},
        )

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        return ()

    def watch_paths(self, ref: RunRef) -> Sequence[Path]:
        return (Path(ref.root) / ref.path,)

    def _fingerprint(self, ref: RunRef) -> str:
        seen = []
        for folder, _, names in os.walk(Path(ref.root) / ref.path):
            for name in names:
                status = (Path(folder) / name).stat()
                seen.append(f"{name}:{status.st_ino}:{status.st_size}:{status.st_mtime_ns}")
        return ";".join(sorted(seen))


def judge(detail: RunDetail, now: datetime) -> Run:
    """The state is what the status file says; `stuck=ISO` says when silence makes it stuck."""
    becomes = None
    for line in detail.cache["lines"]:
        if line.startswith("stuck="):
            reason = Reason(text="silent for too long")
            becomes = Becomes(at=datetime.fromisoformat(line[6:]), state=RunState.STUCK, reason=reason)
    claimed = detail.record.claimed
    run = Run(
        ref=detail.ref,
        state=RunState(claimed) if claimed else RunState.UNREADABLE,
        claimed=claimed,
        updated_at=detail.updated_at,
        problems=len(detail.problems),
        becomes=becomes,
        fingerprint=detail.fingerprint,
    )
    return run.at(now)


def make_run(root: Path, name: str, status: str = "running", *, mtime: float | None = None) -> Path:
    """A run on disk; its status appears in one piece."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "status.tmp"
    temporary.write_text(status)
    if mtime is not None:
        os.utime(temporary, (mtime, mtime))
    temporary.rename(folder / "status")
    if mtime is not None:
        os.utime(folder, (mtime, mtime))
    return folder
