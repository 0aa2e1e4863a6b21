"""A log of moderate size on a real terminal: it opens at its end, is filtered, hunted through and gone to by time."""

import json
from datetime import timedelta
from pathlib import Path

from tests.app import scenes
from tests.builders import START
from tests.e2e.conftest import PATIENCE_S, Open, quit_with_keys

LINES = 300_000
NAME = "build/llm/clarify-clarifier-claude.jsonl"


def written(root: Path) -> Path:
    path = scenes.runs_of(root) / scenes.FAILED / NAME
    with path.open("w") as file:
        for number in range(LINES):
            text = f"broken: error {number}" if number == 123_456 else f"step {number} is fine"
            moment = START + timedelta(milliseconds=100 * number)
            file.write(json.dumps({"ts": moment.isoformat(), "type": "assistant", "content": text}) + "\n")
    return path


def test_a_log_of_300_000_lines(root: Path, open_cockpit: Open) -> None:
    path = written(root)
    program = open_cockpit(root)
    program.wait_for("[1] Runs", timeout=PATIENCE_S)
    program.press("6", "z")
    program.wait_for(f"{LINES} assistant step {LINES - 1} is fine", timeout=PATIENCE_S)

    program.press("g", "e")
    program.wait_for("123457 assistant broken: error 123456", timeout=PATIENCE_S)

    program.press("/")
    program.send(r"step 2\d9999 fine")
    program.wait_for("10 lines", "step 209999 is fine", "step 299999 is fine", timeout=PATIENCE_S)
    program.press("enter", "escape")
    program.wait_gone("10 lines", timeout=PATIENCE_S)

    wanted = START + timedelta(seconds=20_000)
    program.press(":")
    program.send(f"goto {wanted.strftime('%Y-%m-%dT%H:%M:%SZ')}\r")
    program.wait_for("200001 assistant step 200000 is fine", timeout=PATIENCE_S)

    program.press("G")
    program.wait_for("following", timeout=PATIENCE_S)
    with path.open("a") as file:
        file.write("one more line\n")
    program.wait_for(f"{LINES + 1} one more line", timeout=PATIENCE_S)
    path.write_text("all is new\n")
    program.wait_for("was rewritten", "1 all is new", timeout=PATIENCE_S)
    program.press("z")
    assert quit_with_keys(program) == 0
