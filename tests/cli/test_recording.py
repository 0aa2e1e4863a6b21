"""Verbs that write things down: checklists and the audit trail, kept by a journal that proves itself."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cockpit.errors import ExitCode
from tests.builders import FlowStudioRun
from tests.cli.conftest import DONE, FAILED, Cli, program
from tests.samples import FORBIDDEN
from tests.unit.test_documents import EVIDENCE, ITEM

RECEIPT = "failed-run/receipt"


def item(cli: Cli, name: str = RECEIPT, target: str = FAILED) -> dict[str, Any]:
    """One item as `checklist` prints it now."""
    items = cli("checklist", target, "--json").ok().json["items"]
    found = next(each for each in items if each["id"] == name)
    assert isinstance(found, dict)
    return found


def test_a_checklist_is_started_once(cli: Cli, root: Path) -> None:
    empty = cli("checklist", FAILED, "--json").ok()
    assert empty.json == {"target": FAILED, "playbooks": [], "items": [], "here": []}
    assert "--playbook ID" in empty.err
    assert "for this run: failed-run" in empty.err
    assert not (root / ".cockpit").exists()
    started = cli("checklist", FAILED, "--playbook", "failed-run", "--json").ok()
    assert (started.json["target"], started.json["playbooks"]) == (FAILED, ["failed-run"])
    assert all(set(each) >= ITEM for each in started.json["items"])
    assert {each["state"] for each in started.json["items"]} == {"open"}
    assert cli("checklist", FAILED, "--playbook", "failed-run", "--json").ok().json == started.json
    both = cli("checklist", FAILED, "--playbook", "stuck-run", "--json").ok().json
    assert both["playbooks"] == ["failed-run", "stuck-run"]
    assert [entry["kind"] for entry in cli("audit", "--json").ok().json] == ["checklist.start"] * 2
    assert cli("checklist", DONE, "--json").ok().json["items"] == []


def test_tick_untick_and_skip(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    ticked = cli("tick", FAILED, "receipt", "--evidence", f"{FAILED}/meta.json:3", "--note", "looked", "--json").ok()
    assert next(each for each in ticked.json["items"] if each["id"] == RECEIPT) == item(cli)
    assert (item(cli)["state"], item(cli)["note"]) == ("done", "looked")
    (seen,) = item(cli)["evidence"]
    assert set(seen) == EVIDENCE
    assert (seen["path"], seen["line"]) == (f"{FAILED}/meta.json", 3)
    assert item(cli)["by"]
    assert item(cli)["at"] == "2026-11-21T04:01:00Z"
    cli("untick", FAILED, RECEIPT).ok()
    assert (item(cli)["state"], item(cli)["by"]) == ("open", None)
    cli("skip", FAILED, "receipt", "--reason", "not ours").ok()
    assert (item(cli)["state"], item(cli)["note"]) == ("skipped", "not ours")
    text = cli("checklist", FAILED).ok().out
    assert "because not ours" in text
    items = cli("checklist", FAILED, "--json").json["items"]
    assert f"1/{len(items)} settled" in text
    assert "Find the failing step" in text


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [("a:3", "a", 3), ("a", "a", None), ("a:0", "a:0", None), ("a:²", "a:²", None), (":3", ":3", None),
     ("a:b:12", "a:b", 12), ("./x//a", "x/a", None)],
    ids=["line", "file", "zero", "digit", "no path", "colon", "dots"],
)  # fmt: skip
def test_where_evidence_is(cli: Cli, root: Path, text: str, path: str, line: int | None) -> None:
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text("".join(f"line {number}\n" for number in range(1, 20)))
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    cli("tick", FAILED, "receipt", "--evidence", text).ok()
    (seen,) = item(cli)["evidence"]
    assert (seen["path"], seen["line"], seen["quote"]) == (path, line, f"line {line}" if line else "")
    assert item(cli)["fingerprint"].startswith("sha256:")


@pytest.mark.parametrize(
    "text", ["nothing", "a:99", "a:" + "9" * 5_000, "/etc/passwd", "../x", "out", "", "dir", "a\0b"],
    ids=["missing", "line", "long", "absolute", "above", "link", "empty", "directory", "NUL"],
)  # fmt: skip
def test_evidence_must_be_there_and_below_the_root(cli: Cli, root: Path, tmp_path: Path, text: str) -> None:
    (root / "a").write_text("one line\n")
    (root / "dir").mkdir()
    (tmp_path / "outside").write_text("secret")
    (root / "out").symlink_to(tmp_path / "outside")
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    refused = cli("tick", FAILED, "receipt", "--evidence", text)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("cockpit: ")
    assert item(cli)["state"] == "open"


def test_what_cannot_be_ticked(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    nothing = cli("tick", FAILED, "receipt", "--json")
    assert (nothing.code, nothing.out) == (2, "")
    assert "start one with a playbook" in nothing.err
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    assert "did you mean 'receipt'" in cli("tick", FAILED, "reciept").err
    for wrong in (
        ["tick", FAILED, "nope"], ["tick", "nope", "receipt"], ["untick", FAILED, "receipt"],
        ["skip", FAILED, "receipt", "--reason", "  "], ["skip", FAILED, "receipt"],
        ["checklist", FAILED, "--playbook", "x"], ["tick", FAILED, "receipt", "--note", "x" * 5_000],
    ):  # fmt: skip
        refused = cli(*wrong)
        assert (refused.code, refused.out) == (2, "")
    assert [entry["kind"] for entry in cli("audit", "--json").ok().json] == ["checklist.start"]


def test_two_playbooks_with_the_same_item(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    for book in ("failed-run", "stuck-run"):
        cli("checklist", FAILED, "--playbook", book).ok()
    ids = [each["id"].split("/")[1] for each in cli("checklist", FAILED, "--json").ok().json["items"]]
    for name in {name for name in ids if ids.count(name) > 1}:
        refused = cli("tick", FAILED, name)
        assert refused.code == 2
        assert "several playbooks" in refused.err
        cli("tick", FAILED, f"stuck-run/{name}").ok()


def test_another_process_sees_the_tick(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    program("checklist", FAILED, "--playbook", "failed-run").ok()
    program("tick", FAILED, "receipt").ok()
    assert item(cli)["state"] == "done"
    assert json.loads(program("audit", "verify", "--json").ok().out)[0]["entries"] == 2


def test_the_state_directory_can_be_elsewhere(cli: Cli, root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "state"
    cli("checklist", FAILED, "--playbook", "failed-run", "--state-dir", elsewhere).ok()
    assert (elsewhere / "journal.jsonl").is_file()
    assert not (root / ".cockpit").exists()
    assert cli("audit", "--json", "--state-dir", elsewhere).ok().json
    assert cli("audit", "--json").ok().json == []


def test_roots_that_share_a_state_directory_have_one_record(cli: Cli, root: Path, tmp_path: Path) -> None:
    FlowStudioRun(tmp_path / "other", "run-x").meta("failed", error="x", at=6)
    shared = ("--state-dir", tmp_path / "state", "--root", root, "--root", tmp_path / "other")
    cli("checklist", FAILED, "--playbook", "failed-run", *shared).ok()
    assert len(cli("audit", "--json", *shared).ok().json) == 1
    assert len(cli("audit", "verify", "--json", *shared).ok().json) == 1


def test_any_characters_can_be_noted(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    note = "[/x] \x1b]52;c;x\x07 \udcff \u202e 🚀\nsecond line"
    cli("tick", FAILED, "receipt", "--note", note).ok()
    for verb in (["checklist", FAILED], ["audit"]):
        assert not FORBIDDEN.search(cli(*verb).ok().out.replace("\n", ""))
    assert "🚀\nsecond line" in str(item(cli)["note"])
    cli("audit", "verify").ok()


# The audit trail.


def test_who_did_what(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    nothing = cli("audit").ok()
    assert (nothing.out, nothing.err) == ("", "cockpit: nothing has been recorded\n")
    cli("checklist", FAILED, "--playbook", "failed-run", "--now", "2026-11-21T01:00:00Z").ok()
    cli("tick", FAILED, "receipt", "--now", "2026-11-21T03:30:00Z").ok()
    cli("checklist", DONE, "--playbook", "stuck-run", "--now", "2026-11-21T04:00:00Z").ok()

    def seqs(*more: str) -> list[int]:
        return [entry["seq"] for entry in cli("audit", "--json", *more).ok().json]

    assert seqs() == [1, 2, 3]
    assert seqs("--since", "2h") == seqs("--since", "2026-11-21T02:00:00Z") == [2, 3]
    assert seqs("--since", "99999999999w") == [1, 2, 3]
    assert seqs("--run", FAILED) == [1, 2]
    assert seqs("--run", FAILED, "--since", "2h") == [2]
    user = cli("audit", "--json").ok().json[0]["actor"]["user"]
    assert seqs("--actor", user) == [1, 2, 3]
    assert seqs("--actor", "nobody-else") == []
    lines = cli("audit").ok().out.splitlines()
    assert len(lines) == 4
    assert "checklist.tick" in lines[2]
    assert FAILED in lines[2]
    assert cli("audit", "--since", "soon").code == 2
    assert cli("audit", "--run", "nope").code == 2


def test_a_run_that_is_gone_is_still_on_record(cli: Cli, root: Path) -> None:
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    shutil.rmtree(root / FAILED)
    assert len(cli("audit", "--json", "--run", FAILED).ok().json) == 1


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_flipped_bit_is_found_and_named(cli: Cli, root: Path, line: int) -> None:
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    cli("tick", FAILED, "receipt").ok()
    cli("untick", FAILED, "receipt").ok()
    whole = cli("audit", "verify").ok()
    assert "3 entries, ok" in whole.out
    journal = root / ".cockpit" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    broken = bytearray(lines[line - 1])
    broken[broken.index(b"checklist")] ^= 1
    journal.write_bytes(b"".join([*lines[: line - 1], bytes(broken), *lines[line:]]))
    found = cli("audit", "verify")
    assert found.code == ExitCode.AUDIT
    assert f"BROKEN at line {line}" in found.out
    (document,) = cli("audit", "verify", "--json").json
    assert (document["ok"], document["line"], document["path"]) == (False, line, str(journal))
    assert document["reason"]


def test_a_line_that_is_no_entry_is_told_when_the_rest_is_printed(cli: Cli, root: Path) -> None:
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    cli("tick", FAILED, "receipt").ok()
    journal = root / ".cockpit" / "journal.jsonl"
    first, second = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first[:20] + b"\n" + second)
    shown = cli("audit", "--json").ok()
    assert [entry["kind"] for entry in shown.json] == ["checklist.tick"]
    assert "audit verify" in shown.err


def test_lost_entries_are_missed(cli: Cli, root: Path) -> None:
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    cli("tick", FAILED, "receipt").ok()
    journal = root / ".cockpit" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    assert cli("audit", "verify").code == ExitCode.AUDIT
    (root / ".cockpit" / "journal.jsonl").unlink()
    assert cli("audit", "verify").code == ExitCode.AUDIT


def test_an_incident_is_meant_by_the_end_of_its_id_unless_a_run_is_called_that(cli: Cli, root: Path) -> None:
    for title in ("one", "two"):
        cli("incident", "declare", "--title", title, "--severity", "SEV4").ok()
    for name in ("inc-20261121-02", "INC-20261121-02", "1121-02", "02"):
        assert cli("checklist", name, "--json").ok().json["target"] == "inc-20261121-02"
    cli("claim", "02", "detect-time").ok()
    told = cli("tick", "1121-02", "detect-time", "--note", "at four").ok().out
    assert "at four" in told
    assert "detect-by" not in told, "what was ticked, not the whole list"
    assert "1/33 settled" in told
    cli("skip", "02", "detect-by", "--reason", "known").ok()
    cli("untick", "02", "detect-by").ok()
    assert {item(cli, f"response-protocol/{name}", "02")["state"] for name in ("detect-time", "detect-by")} == {
        "done", "open"
    }  # fmt: skip
    assert "no run '03'" in cli("tick", "03", "detect-time").err
    FlowStudioRun(root, "02").step("build", "implement", "code-implementer")
    assert cli("checklist", "02", "--json").ok().json["target"] == "02", "a run cannot be named shorter"
    assert cli("checklist", "1121-02", "--json").ok().json["target"] == "inc-20261121-02"
