"""Archiving and restoring killed between any two system calls: the run is whole somewhere, and comes back."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

SCRIPT = """
import contextlib, io, json, os, random, shutil, signal, sys
from pathlib import Path
from cockpit.actions import archive_job
from cockpit.actions.archive import verify
from cockpit.actions.manifest import ArchiveError
from cockpit.actions.occupied import Occupied
from cockpit.actions.restore import matches, restore
from cockpit.models.run import RunRef
from tests.unit.test_archive import picture

base, scenario, seed, kills = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
CALLS = ("open", "rename", "replace", "link", "unlink", "fsync", "mkdir", "rmdir", "utime", "chmod", "symlink")
# Looking at processes changes nothing on disk; thousands of its calls would only thin out the moments that matter.
archive_job.occupied = lambda *_, **__: Occupied()


def counted(limit, work):
    "Do it in a child that is killed just before its call number `limit`; returns how many there were."
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        calls = 0

        def wrap(real):
            def call(*arguments, **named):
                nonlocal calls
                calls += 1
                if calls == limit:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **named)

            return call

        for name in CALLS:
            setattr(os, name, wrap(getattr(os, name)))
        code = 1
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                code = work()
        finally:
            os.write(writer, str(calls).encode())
            os._exit(code)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader) as told:
        return int(told.read() or 0), status


def fresh(number):
    root = base / str(number) / "runs"
    run = root / "run-1"
    for folder in ("build/receipts", "empty"):
        (run / folder).mkdir(parents=True)
    for name in range(6):
        (run / "build" / "receipts" / f"{name}.json").write_bytes(os.urandom(500))
    (run / "link").symlink_to("build")
    (run / "script").write_text("x")
    (run / "script").chmod(0o750)
    for path in sorted(run.rglob("*"), reverse=True):
        os.utime(path, ns=(0, 1_763_712_000_123_456_789), follow_symlinks=False)
    os.utime(run, ns=(0, 1_763_712_000_000_000_001))
    (root / ".cockpit" / "archives").mkdir(parents=True)
    return root


def argv(root, name):
    ref = RunRef(source="flow-studio", root=str(root), path="run-1", id="run-1")
    return list(archive_job.create_argv(ref, root / ".cockpit" / "archives" / name, aside=True))[4:]


def prepare(number):
    "A root, and the arguments of what is killed in it."
    root = fresh(number)
    before = picture(root / "run-1")
    archive = root / ".cockpit" / "archives" / "a.tar.gz"
    if scenario == "archive":
        return root, before, argv(root, "a.tar.gz")
    with contextlib.redirect_stdout(io.StringIO()):
        assert archive_job.main(argv(root, "a.tar.gz")) == 0
    if scenario == "unpack":
        shutil.rmtree(root / ".cockpit" / "archived-runs")
    return root, before, list(archive_job.restore_argv(archive, root))[4:]


def good(archive):
    try:
        return verify(archive).manifest if archive.exists() else None
    except ArchiveError:
        return None


dry = prepare("dry")[2]
total, status = counted(0, lambda: archive_job.main(dry))
assert status == 0, status
random.seed(seed)
for number, limit in enumerate(random.sample(range(1, total + 1), min(kills, total))):
    root, before, what = prepare(number)
    _, status = counted(limit, lambda: archive_job.main(what))
    killed = os.WIFSIGNALED(status)
    run, state = root / "run-1", root / ".cockpit"
    archive = state / "archives" / "a.tar.gz"
    manifest = good(archive)
    whole = run.exists() and picture(run) == before
    aside = state / "archived-runs" / "a"
    moved = manifest is not None and aside.exists() and matches(manifest, aside)
    kept = manifest is not None
    # Where there is a run, there is all of it: never half of its files, or some without their times.
    sound = whole or not run.exists()
    # Whatever happened, the next attempt comes to the end that was wanted.
    with contextlib.redirect_stdout(io.StringIO()) as said:
        if scenario == "archive" and run.exists():
            code = archive_job.main(argv(root, "b.tar.gz"))
            archive = state / "archives" / "b.tar.gz"
        else:
            code = 0
        if code == 0 and not run.exists():
            code = archive_job.main(list(archive_job.restore_argv(archive, root))[4:])
    leftovers = sorted(str(p.relative_to(state)) for p in state.rglob(".*") if p.is_file())
    leftovers += [str(p.relative_to(state)) for p in (state / "restoring").rglob("*")] if scenario != "archive" else []
    print(json.dumps({
        "limit": limit, "of": total, "killed": killed, "safe": whole or moved or kept, "sound": sound, "code": code,
        "back": run.exists() and picture(run) == before, "leftovers": leftovers, "said": said.getvalue()[-200:],
    }), flush=True)
"""


@pytest.mark.parametrize("scenario", ["archive", "put back", "unpack"])
def test_killed_anywhere_nothing_is_lost(tmp_path: Path, scenario: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(tmp_path), scenario, "20261121", "20"],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == min(20, results[0]["of"])
    assert sum(each["killed"] for each in results) >= 0.9 * len(results), "the kills must hit"
    for each in results:
        assert each["safe"], each
        assert each["sound"], each
        assert each["code"] == 0, each
        assert each["back"], each
        assert each["leftovers"] == [], each
