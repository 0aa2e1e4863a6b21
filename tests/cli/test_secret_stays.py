"""A credential that lies in files of a run: the playbook for it is worked, and no verb, record or job repeats it."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import FAILED, Cli, Result, build_failed

INC = "inc-20261121-01"
KEY = "-".join(("sk", "ant", "api03", "Qr7Kd2Wp" * 5 + "x1AA"))
"""Made here, so that no file of the project holds anything that looks like one."""
TRANSCRIPT = f"{FAILED}/build/llm/implement-code-implementer-claude.jsonl"


@pytest.fixture
def leaking(root: Path) -> Path:
    """The failed run's agent printed its key: it stands in its transcript, the error, the event and the record."""
    run = build_failed(root)
    error = f"AuthenticationError: the key {KEY} was refused"
    run.append(TRANSCRIPT.partition("/")[2], {"role": "user", "content": "begin"}, at=3)
    run.append(TRANSCRIPT.partition("/")[2], {"role": "assistant", "content": f"export ANTHROPIC_API_KEY={KEY}"}, at=3)
    run.receipt("build", "implement", "code-implementer", status="failed", at=4, error=error)
    run.event("step_error", "build", "implement", "code-implementer", at=4, status="failed", error=error)
    run.decision("build", "implement", "escalate", at=4, reason=f"refused: {KEY}")
    run.handoff("build", "implement", "BLOCKED", layout="docs", agent="code-implementer", at=4, concerns=[error])
    run.event("run_completed", "build", at=5, status="failed", error=error)
    run.meta("failed", error=error, at=6, completed_at="2026-11-21T04:00:06+00:00Z")
    return root


def holds(data: bytes) -> bool:
    """Whether the key is there, or most of it."""
    return KEY[:24].encode() in data or KEY[-24:].encode() in data


class Said:
    """Runs verbs and keeps all they print."""

    def __init__(self, cli: Cli) -> None:
        self._cli = cli
        self.leaks: list[str] = []

    def __call__(self, *arguments: object) -> Result:
        result = self._cli(*arguments)
        assert result.code in {0, 3}, (arguments, result.err)
        if holds((result.out + result.err).encode()):
            self.leaks.append(" ".join(map(str, arguments)))
        return result


def test_the_key_is_found_worked_off_and_repeated_by_nothing(cli: Cli, leaking: Path, tmp_path: Path) -> None:
    say = Said(cli)
    findings = say("diagnose", FAILED, "--json").json["findings"]
    (found,) = [each for each in findings if each["id"] == "secret-in-files"]
    assert found["playbook"] in {"security-incident", "security-alert"}
    assert (TRANSCRIPT, 2) in {(each["path"], each["line"]) for each in found["for"]}

    made = say("incident", "declare", "--title", "A key lies in a transcript", "--answers", "yy", "--run", FAILED,
               "--finding", found["id"], "--json").json  # fmt: skip
    assert (made["severity"], made["playbooks"]) == ("SEV1", ["response-protocol", found["playbook"]])
    items = {each["id"]: each for each in say("checklist", INC, "--json").json["items"]}
    assert {f"{found['playbook']}/{name}" for name in ("revoke", "rotate", "verify-secrets")} <= set(items)
    say("tick", INC, f"{found['playbook']}/revoke", "--evidence", f"{TRANSCRIPT}:2", "--note", "revoked, 401 since")
    say("incident", "pin", INC, f"{TRANSCRIPT}:2")
    say("incident", "pin", INC, f"{FAILED}/build/receipts/implement-code-implementer.json:16")
    checked = {each["id"]: each for each in say("verify", INC, "--json").json["items"]}
    assert checked[f"{found['playbook']}/verify-secrets"]["state"] == "open", "the key is still there"

    for words in (("status",), ("runs",), ("show", FAILED), ("diagnose", FAILED), ("plan", "retry", FAILED)):
        say(*words)
        say(*words, "--json")
    say("retry", FAILED, "--yes", "--json")
    for words in (
        ("jobs",), ("incident", "list"), ("incident", "show", INC), ("incident", "timeline", INC), ("gate", INC),
        ("incident", "escalate", INC), ("checklist", INC), ("checklist", FAILED), ("verify", INC), ("audit",),
        ("audit", "verify"), ("metrics",),
    ):  # fmt: skip
        say(*words)
        if words != ("audit", "verify"):
            say(*words, "--json")
    say("bundle", INC, "-o", tmp_path / "bundle.tar.gz")
    say("postmortem", INC)
    say("postmortem", INC, "-o", tmp_path / "postmortem.md")
    assert not holds((tmp_path / "postmortem.md").read_bytes())
    say("handoff")
    say("handoff", "--json")
    say("incident", "capture", INC)
    for kind in ("revert", "adr"):
        say("incident", "file", INC, kind)
    for template in ("initial", "update", "escalation", "security"):
        say("notify", INC, "--template", template)
    assert say.leaks == []

    state = leaking / ".cockpit"
    files = [path for path in state.rglob("*") if path.is_file()]
    assert {"journal.jsonl", "output.log"} <= {path.name for path in files}
    assert [str(path) for path in files if holds(path.read_bytes())] == []
    home = [path for path in Path.home().rglob("*") if path.is_file() and holds(path.read_bytes())]
    assert home == [], "nor does the index or what else is kept for the user"
    assert holds(json.dumps((leaking / TRANSCRIPT).read_text()).encode()), "the evidence itself is as it was"
