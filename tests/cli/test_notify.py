"""`cockpit notify`: texts of the record, and channels of every temper."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.journal.verify import verify
from tests.cli.conftest import FAILED, Cli, program
from tests.samples import FORBIDDEN

INC = "inc-20261121-01"
SECRET = "sk-ant-" + "api03-abcdefghij0123456789"
PASSWORD = "correct-horse-9-battery"


def declare(cli: Cli, title: str = "Builds time out", *more: str) -> None:
    cli("incident", "declare", "--title", title, "--severity", "SEV2", "--run", FAILED, *more).ok()


def notified(root: Path) -> list[dict[str, Any]]:
    lines = (root / ".cockpit" / "journal.jsonl").read_text("utf-8").splitlines()
    return [each["data"] for each in map(json.loads, lines) if each["kind"] == "incident.notified"]


@pytest.fixture
def channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Configured channels; `mail` appends its arguments and its input to the file that is returned."""
    target = tmp_path / "sent"
    script = tmp_path / "mailer.py"
    script.write_text(
        "import sys, os\n"
        f"open({str(target)!r}, 'a').write(repr(sys.argv[1:]) + '\\n' + sys.stdin.read())\n"
        f"print('took it \\x1b]52;c;aGk=\\x07 with {SECRET}')\n"
    )
    text = f"""
[notify.mail]
command = [{sys.executable!r}, {str(script)!r}, "-s", "{{subject}}", "{{incident}}"]

[notify.pager]
command = [{sys.executable!r}, "-c", "import sys; print('no route'); sys.exit(1)"]
templates = ["initial", "escalation"]

[notify.gone]
command = ["no-such-program-here"]

[notify.slow]
command = [{sys.executable!r}, "-c", "import time; time.sleep(600)"]
timeout = "500ms"
"""
    config = tmp_path / "config.toml"
    config.write_text(text)
    monkeypatch.setenv("COCKPIT_CONFIG", str(config))
    return target


def test_the_first_notification_says_what_is_recorded(cli: Cli, root: Path) -> None:
    declare(cli, "Builds time out", "--symptoms", "every build waits")
    text = cli("notify", INC, "--template", "initial", "--set", "eta=noon").ok().out
    assert text.splitlines()[:6] == [
        "[INCIDENT] [Severity: P1, High] Builds time out", "", "Status: INVESTIGATING", "Impact: not assessed yet",
        "Started: 2026-11-21T04:00:04Z", "ETA: noon",
    ]  # fmt: skip
    assert "every build waits" in text
    assert "Next Update: 2026-11-21T06:01:00Z" in text
    assert notified(root) == [], "what was only printed was told to nobody"


def test_the_others_say_theirs(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    declare(cli)
    assert "No status update is recorded yet." in cli("notify", INC, "--template", "update").ok().out
    cli("incident", "update", INC, "half of them run", "--next", "20m").ok()
    update = cli("notify", INC, "--template", "update").ok().out
    assert "2026-11-21T04:01:00Z half of them run" in update
    assert "Next Update: 2026-11-21T04:21:00Z" in update
    cli("incident", "escalate", INC, "L2", "--reason", "no idea", "--to", "Ada").ok()
    escalation = cli("notify", INC, "--template", "escalation").ok().out
    assert "Called: L2" in escalation
    assert "(Ada)" in escalation
    assert "Reason: no idea" in escalation
    security = cli("notify", INC, "--template", "security", "--set", "kind=credential exposure").ok().out
    assert "**Type**: credential exposure" in security
    assert "to not contained yet" in security


def test_nothing_is_called_resolved_that_is_not(cli: Cli, root: Path, channels: Path) -> None:
    declare(cli)
    made = cli("notify", INC, "--template", "resolution", "--json").ok().json
    assert made["text"].startswith("[NOT RESOLVED]")
    assert made["subject"].startswith("[NOT RESOLVED]")
    refused = cli("notify", INC, "--template", "resolution", "--send", "mail", "--yes")
    assert (refused.code, channels.exists(), notified(root)) == (2, False, [])
    cli("incident", "phase", INC, "document", "--override", "a drill").ok()
    cli("incident", "section", INC, "root-cause", "The limit\nis too low.").ok()
    text = cli("notify", INC, "--template", "resolution", "--set", "review=Monday").ok().out
    assert text.startswith("[RESOLVED]")
    assert "Duration: less than a minute (2026-11-21T04:00:04Z to 2026-11-21T04:01:00Z)" in text
    assert "Root Cause: The limit is too low." in text
    assert "Post-Incident Review: Monday" in text


def test_what_was_sent_is_on_record(cli: Cli, root: Path, channels: Path) -> None:
    declare(cli)
    done = cli("notify", INC, "--template", "initial", "--send", "mail", "--yes", "--json").ok()
    arguments, _, text = channels.read_text().partition("\n")
    assert arguments == f"['-s', '[INCIDENT] [P1] Builds time out', '{INC}']"
    assert text == done.json["text"]
    assert done.json["sent"]["delivered"] is True
    (entry,) = notified(root)
    assert entry == {
        "template": "initial", "channel": "mail", "delivered": True, "exit_code": 0,
        "outcome": "exit 0: took it  with [masked]", "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }  # fmt: skip
    for place in (done.out, done.err, (root / ".cockpit" / "journal.jsonl").read_text()):
        assert SECRET not in place
        assert "\x1b" not in place
        assert os.environ["HOME"] not in json.dumps(entry)
    assert verify(root / ".cockpit" / "journal.jsonl").ok
    timeline = cli("incident", "timeline", INC).ok().out
    assert "Notification initial delivered to mail" in timeline


@pytest.mark.parametrize(
    ("channel", "exit_code", "outcome"),
    [
        ("pager", 1, "exit 1"),
        ("gone", None, "there is no such program"),
        ("slow", -15, "it did not end within 0.5 s and was stopped"),
    ],
)
def test_a_channel_that_fails_is_told_and_on_record(
    cli: Cli, root: Path, channels: Path, channel: str, exit_code: int | None, outcome: str
) -> None:
    assert not channels.exists()
    declare(cli)
    failed = cli("notify", INC, "--template", "initial", "--send", channel, "--yes")
    assert failed.code == 1
    assert f"NOT sent through {channel}: {outcome}" in failed.err
    (entry,) = notified(root)
    assert (entry["delivered"], entry["exit_code"]) == (False, exit_code)
    assert entry["outcome"].startswith(outcome)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--template", "initial", "--send", "fax", "--yes"), "no channel 'fax'; there are: gone, mail, pager, slow"),
        (("--template", "update", "--send", "pager", "--yes"), "the channel pager carries only: initial, escalation"),
        (("--template", "initial", "--send", "mail"), "nothing was sent: confirm with --yes"),
        (("--template", "rumour"), "no notification 'rumour'; there are: initial, update, escalation, security"),
        (("--template", "initial", "--set", "eta"), "--set eta: write NAME=TEXT"),
        (("--template", "initial", "--set", "__x=y"), "'__x' is no name"),
    ],
)
def test_what_makes_no_sense_is_refused(
    cli: Cli, root: Path, channels: Path, arguments: tuple[str, ...], message: str
) -> None:
    declare(cli)
    refused = cli("notify", INC, *arguments)
    assert refused.code == 2
    assert message in refused.err
    assert not channels.exists()
    assert notified(root) == []


def test_secrets_and_escapes_stay_out_of_the_text(cli: Cli, root: Path, channels: Path) -> None:
    assert root.is_dir()
    title = f"Key {SECRET} leaked, password = {PASSWORD} \x1b]52;c;aGk=\x07"
    declare(cli, title, "--symptoms", f"\x1b[31mlog: {SECRET} password = {PASSWORD}\nsecond")
    taken_out = 0
    for template in ("initial", "update", "escalation", "security", "resolution"):
        made = cli("notify", INC, "--template", template, "--json").ok()
        assert SECRET not in made.out
        assert PASSWORD not in made.out
        assert not FORBIDDEN.search(made.json["subject"])
        assert not any(FORBIDDEN.search(line) for line in made.json["text"].splitlines())
        taken_out += made.json["redactions"]
    assert taken_out >= 5
    cli("notify", INC, "--template", "initial", "--send", "mail", "--yes").ok()
    assert SECRET not in channels.read_text()
    assert PASSWORD not in channels.read_text()


def test_own_templates_go_first_and_add_their_own(cli: Cli, root: Path, channels: Path, tmp_path: Path) -> None:
    assert not channels.exists()
    declare(cli)
    assert root.is_dir()
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "notify-initial.txt.j2").write_text("Ours: {{ incident.title }}\n")
    (folder / "notify-board.txt.j2").write_text("Board: {{ given.eta or '?' }}\n")
    (folder / "notify-broken.txt.j2").write_text("{{ nothing.at.all }}\n")
    assert cli("notify", INC, "--template", "initial").ok().out == "Ours: Builds time out\n"
    assert cli("notify", INC, "--template", "board", "--set", "eta=1").ok().out == "Board: 1\n"
    broken = cli("notify", INC, "--template", "broken")
    assert (broken.code, "notify-broken.txt.j2:1" in broken.err) == (2, True)


def test_the_text_is_the_same_everywhere(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    declare(cli)
    wanted = ("notify", INC, "--template", "initial")
    here = cli(*wanted).ok().out
    assert program(*wanted, TZ="Pacific/Kiritimati", PYTHONHASHSEED="1").out == here
    assert program(*wanted, LC_ALL="C", PYTHONHASHSEED="2").out == here


def test_a_channel_that_is_wrong_is_named_with_its_line(cli: Cli, root: Path, tmp_path: Path) -> None:
    assert root.is_dir()
    config = tmp_path / "bad.toml"
    for text in ("[notify.mail]\ncommand = []\n", '[notify.mail]\ncommand = ["a"]\ntimeout = 0\n',
                 '[notify."a b"]\ncommand = ["a"]\n'):  # fmt: skip
        config.write_text(text)
        refused = cli("--config", config, "status")
        assert refused.code == 2
        assert "notify" in refused.err


def test_sending_asks_on_a_terminal(root: Path, cli: Cli, channels: Path) -> None:
    """Nobody is there to answer: the question is asked of a terminal only, and silence is no."""
    declare(cli)
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", "notify", INC, "--template", "initial", "--send", "mail"],
        check=False, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout.startswith("[INCIDENT]"), "the text is shown before anything is asked"
    assert not channels.exists()
    assert notified(root) == []
