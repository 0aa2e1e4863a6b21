"""How long steps took and what they used: a few samples of every step, so that "slow" has something to compare with.

Fed by whoever reads a run, kept in a small file beside the index, safe to delete. Bounded: the newest `KEEP` durations
of a step, one for each run, and `MOST_STEPS` steps of a root. A stub's step is over at once and says nothing.
"""

import logging
import os
import threading
import time
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cockpit
from cockpit.locations import cache_dir, root_slug
from cockpit.models.detail import RunDetail
from cockpit.models.records import StepStatus

logger = logging.getLogger(__name__)

KEEP = 32
MOST_STEPS = 1_024
_EVERY_S = 30.0
_DONE = (StepStatus.SUCCEEDED, StepStatus.PARTIAL)

Step = tuple[str, str, str]
"""Source, flow, step."""


@dataclass(slots=True)
class _Samples:
    """Past durations of one step.

    Attributes:
        runs: By run: when the step ended (seconds since the epoch), how long it took (seconds), and how many tokens
            it used (0: nothing tells).
        oldest: An end from which on a run is one of the newest.
    """

    runs: dict[int, tuple[float, float, int]] = field(default_factory=dict)
    oldest: float = float("-inf")


def history_path(root: Path) -> Path:
    """Where the history of a root is kept."""
    return cache_dir() / f"history-{root_slug(root)}.json"


class History:
    """Past durations of the steps of all roots. Safe to use from several threads.

    Args:
        paths: Root to the file its history is kept in; roots that are not in it are remembered for this session.
    """

    def __init__(self, paths: Mapping[str, Path] | None = None) -> None:
        self._paths = dict(paths or {})
        self._guard = threading.Lock()
        self._roots: dict[str, dict[Step, _Samples]] = {}
        self._dirty: set[str] = set()
        self._written_at = time.monotonic()

    def learn(self, detail: RunDetail) -> None:
        """Take in the steps of a run that ended well."""
        found = list(_durations(detail))
        if not found:
            return
        ref = detail.ref
        run = zlib.crc32(ref.path.encode(errors="surrogatepass"))
        with self._guard:
            steps = self._of(ref.root)
            for flow, step, ended, seconds, used in found:
                if _take(steps, (ref.source, flow, step), run, (ended, seconds, used)):
                    self._dirty.add(ref.root)

    def durations(self, source: str, flow: str | None, step: str | None) -> tuple[float, ...]:
        """Past durations of a step over all roots, in seconds, in no order."""
        return tuple(seconds for _, seconds, _ in self._samples(source, flow, step))

    def tokens(self, source: str, flow: str | None, step: str | None) -> tuple[int, ...]:
        """Tokens a step used over all roots, of the times it told, in no order."""
        return tuple(tokens for _, _, tokens in self._samples(source, flow, step) if tokens > 0)

    def _samples(self, source: str, flow: str | None, step: str | None) -> list[tuple[float, float, int]]:
        if flow is None or step is None:
            return []
        wanted = (source, flow, step)
        with self._guard:
            for root in self._paths:
                self._of(root)
            found = [steps[wanted] for steps in self._roots.values() if wanted in steps]
            return [sample for samples in found for sample in samples.runs.values()]

    def flush(self, *, lazily: bool = False) -> None:
        """Write what is new; `lazily` only now and then."""
        with self._guard:
            if not self._dirty or (lazily and time.monotonic() < self._written_at + _EVERY_S):
                return
            self._written_at = time.monotonic()
            texts = {root: _text(self._roots[root]) for root in self._dirty if root in self._paths}
            self._dirty.clear()
        for root, text in texts.items():
            _write(self._paths[root], text)

    def _of(self, root: str) -> dict[Step, _Samples]:
        known = self._roots.get(root)
        if known is None:
            known = self._roots[root] = _read(self._paths[root]) if root in self._paths else {}
        return known


def _durations(detail: RunDetail) -> Iterable[tuple[str, str, float, float, int]]:
    """Flow, step, end, duration and tokens of the steps that ended well; a receipt's own word first."""
    told: set[tuple[str, str]] = set()
    for receipt in detail.receipts:
        told.add((receipt.flow, receipt.step))
        stub = (receipt.mode or "").lower() == "stub"
        if receipt.status in _DONE and receipt.duration_ms and receipt.ended_at and not stub:
            used = receipt.tokens.total if receipt.tokens else 0
            yield receipt.flow, receipt.step, receipt.ended_at.timestamp(), receipt.duration_ms / 1000, used
    for step in detail.steps:
        # Of a step that was repeated the first start and the last end are known: that is no duration.
        if (step.flow, step.step) in told or step.status not in _DONE or step.attempts != 1:
            continue
        if step.started_at is not None and step.ended_at is not None:
            seconds = (step.ended_at - step.started_at).total_seconds()
            if seconds > 0:
                yield step.flow, step.step, step.ended_at.timestamp(), seconds, 0


def _take(steps: dict[Step, _Samples], key: Step, run: int, sample: tuple[float, float, int]) -> bool:
    samples = steps.get(key)
    if samples is None:
        if len(steps) >= MOST_STEPS:
            return False
        samples = steps[key] = _Samples()
    runs = samples.runs
    if sample[0] < samples.oldest or runs.get(run) == sample:
        return False
    runs[run] = sample
    if len(runs) > KEEP:
        del runs[min(runs, key=lambda one: runs[one][0])]
    if len(runs) == KEEP:
        # A first scan reads the newest runs first: all after them are turned away here, at the cost of a comparison.
        samples.oldest = min(end for end, _, _ in runs.values())
    return True


def _text(steps: Mapping[Step, _Samples]) -> bytes:
    import orjson

    body = [[*key, [[run, *value] for run, value in samples.runs.items()]] for key, samples in steps.items()]
    return orjson.dumps({"version": cockpit.__version__, "steps": body})


def _read(path: Path) -> dict[Step, _Samples]:
    """What was written last; nothing where it cannot be read or was written by another version."""
    import orjson

    try:
        document: Any = orjson.loads(path.read_bytes())
        if document["version"] != cockpit.__version__:
            return {}
        return {
            (str(source), str(flow), str(step)): _Samples(
                {int(run): (float(ended), float(took), int(used)) for run, ended, took, used in samples[:KEEP]}
            )
            for source, flow, step, samples in document["steps"][:MOST_STEPS]
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        logger.info("history %s is not used: %s", path, error)
        return {}


def _write(path: Path, text: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with temporary.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # It can be learnt again.
        logger.info("history %s cannot be written: %s", path, error)
        with suppress(OSError):
            temporary.unlink()
