"""Every byte of a journal flipped, one at a time: none goes unnoticed. Appenders killed: none of their word is lost."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.journal.anchor import lock_path
from cockpit.journal.log import REPAIRED, Journal
from cockpit.journal.verify import NO_ANCHOR, verify
from cockpit.models.journal import Actor
from tests.conftest import NOW

REPOSITORY = Path(__file__).resolve().parents[2]
ADA = Actor(user="root", real_user="ada", tty="/dev/pts/1", ssh_peer="192.0.2.7")
FIELDS = ("actor", "at", "data", "hash", "incident", "kind", "prev", "seq")
"""Of an entry, in the order of its line."""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Twenty lines of everything that is recorded."""
    ticks = iter(range(100))
    one = Journal(tmp_path / "journal.jsonl", ADA, lambda: NOW + timedelta(seconds=next(ticks)))
    about = {"action": "retry", "run": "run-1", "run_key": "flow-studio:/r/run-1", "plan": "ab" * 32}
    for number in range(4):
        one.append("action.planned", {**about, "effects": ["supersedes a", "é \x1b[31m"], "n": number})
        one.append("action.confirmed", about)
        one.append("action.ended", {**about, "state": "succeeded", "exit_code": 0, "outcome": "exit 0"})
        one.append("checklist.tick", {"target": "run-1", "item": "failed-run/receipt", "note": None})
        one.append("incident.note", {"text": "x", "happened_at": "2026-11-21T12:00:00Z"}, incident="inc-1")
    return one


def places(raw: bytes) -> list[str]:
    """The field that every byte belongs to: its name, or `newline`, or `frame` for what holds the fields together."""
    named: list[str] = []
    for line in raw.splitlines(keepends=True):
        marks = {line.index(f'{"" if name == "actor" else ","}"{name}":'.encode()): name for name in FIELDS}
        field = "frame"
        for index, byte in enumerate(line):
            field = marks.get(index, field)
            named.append("newline" if byte == 0x0A else "frame" if index == 0 else field)
    return named


def test_every_flipped_byte_of_every_field_is_found_at_its_line(journal: Journal) -> None:
    raw = journal.path.read_bytes()
    fields = places(raw)
    lines = 1
    found: Counter[str] = Counter()
    assert raw.count(b"\n") == 20
    for place, byte in enumerate(raw):
        flipped = raw[:place] + bytes([byte ^ (1 << place % 8)]) + raw[place + 1 :]
        journal.path.write_bytes(flipped)
        result = verify(journal.path)
        assert not result.ok, (place, fields[place])
        assert (result.line, result.entries) == (lines, lines - 1), (place, fields[place])
        found[fields[place]] += 1
        lines += byte == 0x0A
    assert set(found) == {*FIELDS, "newline", "frame"}
    assert sum(found.values()) == len(raw)


@pytest.mark.parametrize("field", [*FIELDS, "newline", "frame"])
def test_the_verb_says_so_with_exit_4(
    journal: Journal, field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = journal.path.read_bytes()
    fields = places(raw)
    own = [index for index, name in enumerate(fields) if name == field]
    place = own[len(own) // 2]
    journal.path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
    (tmp_path / "runs").mkdir()
    words = ["--root", str(tmp_path / "runs"), "--state-dir", str(tmp_path), "audit", "verify", "--json"]
    assert main(words) == 4
    (proof,) = json.loads(capsys.readouterr().out)
    assert (proof["ok"], proof["line"]) == (False, raw[:place].count(b"\n") + 1)


def test_without_an_anchor_the_last_newline_is_a_torn_line_that_is_set_aside_and_recorded(journal: Journal) -> None:
    raw = journal.path.read_bytes()
    lock_path(journal.path).unlink()
    journal.path.write_bytes(raw[:-1] + b"\x0b")
    result = verify(journal.path)
    assert (result.ok, result.entries, result.note) == (True, 19, NO_ANCHOR)
    assert result.torn == len(raw.splitlines()[-1]) + 1
    journal.append("note", {})
    entries = list(journal.entries())
    assert [entry.kind for entry in entries[19:]] == [REPAIRED, "note"]
    kept = journal.path.with_name(entries[19].data["file"])
    assert kept.read_bytes() == raw.splitlines()[-1] + b"\x0b"


def test_every_flipped_byte_of_the_anchor_is_told(journal: Journal) -> None:
    path = lock_path(journal.path)
    raw = path.read_bytes()
    for place, byte in enumerate(raw[:-1]):
        path.write_bytes(raw[:place] + bytes([byte ^ (1 << place % 8)]) + raw[place + 1 :])
        result = verify(journal.path)
        assert not result.ok or result.note == NO_ANCHOR, place
    # The anchor's last newline says nothing.
    path.write_bytes(raw)
    assert verify(journal.path).model_dump(include={"ok", "note"}) == {"ok": True, "note": None}


APPENDER = """
import os, random, signal, sys
from pathlib import Path
from cockpit.clock import system_clock
from cockpit.journal.log import Journal
from cockpit.models.journal import Actor

path, seed = Path(sys.argv[1]), int(sys.argv[2])
rng = random.Random(seed)
journal = Journal(path, Actor(user=f"w{seed}", real_user=f"w{seed}"), system_clock, wait_s=60)
dies_at, calls = rng.randrange(1, 120 if seed % 2 else 20), 0

def mortal(real):
    def call(*arguments, **named):
        global calls
        calls += 1
        if calls == dies_at:
            if real.__name__ == "pwrite" and rng.random() < 0.7:
                # In the middle of writing: some of the bytes, as a crash would leave them.
                fd, data, offset = arguments
                real(fd, bytes(data)[:rng.randrange(len(data) + 1)], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return call

calls_of_all = ("open", "pwrite", "pread", "fsync", "ftruncate", "close", "fstat")
for name in calls_of_all if seed % 2 else ("pwrite",):
    setattr(os, name, mortal(getattr(os, name)))
number = 0
while True:
    entry = journal.append("a.b", {"seed": seed, "n": number, "text": "x" * rng.randrange(6000)})
    sys.stdout.write(entry.hash + "\\n")
    sys.stdout.flush()
    number += 1
"""


def test_twenty_appenders_killed_at_random_system_calls_lose_no_acknowledged_entry(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    acknowledged: list[str] = []
    torn = 0
    seeds = random.Random(20261121).sample(range(10_000), 20)  # noqa: S311 - the same moments every time
    for seed in seeds:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(APPENDER), str(path), str(seed)],
            check=False, capture_output=True, text=True, cwd=REPOSITORY,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, timeout=60,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stderr
        acknowledged += done.stdout.split()
        result = verify(path)
        assert result.ok, (seed, result)
        torn += bool(result.torn)
        kept = [entry.hash for entry in Journal.read(path)]
        assert [each for each in kept if each in set(acknowledged)] == acknowledged, seed
    assert len(acknowledged) > 60
    assert torn >= 2, "some must have died in the middle of a line"
    Journal(path, ADA, lambda: NOW).append("a.b")
    entries = list(Journal.read(path))
    assert verify(path).ok
    assert verify(path).torn == 0
    # What was torn is kept, and every piece of it is on record.
    repairs = [entry.data for entry in entries if entry.kind == REPAIRED]
    on_record = {name for data in repairs for name in (data["file"], *data["earlier"])}
    assert len(repairs) >= torn
    assert {each.name for each in tmp_path.glob("*.torn-*")} == on_record
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
