"""The escalation bundle on the command line: the same bytes everywhere, whole, and without any secret."""

import gzip
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import FAILED, Cli, build_failed, program

INC = "inc-20261121-01"
SECRET = "sk-ant-api03-" + "Zx9Yw8Vu" * 5
PASSWORD = "battery-staple-7"


@pytest.fixture
def planted(root: Path, cli: Cli) -> Path:
    """An incident of a failed run whose files, names and notes hold secrets and hostile text."""
    run = build_failed(root)
    error = f"AuthError: {SECRET} refused <script>alert(1)</script> | # x"
    run.receipt("build", "implement", "code-implementer", status="failed", at=4, error=error)
    run.raw("build/logs/implement.jsonl", f'{{"password": "{PASSWORD}"}}\n{{"m": "again {PASSWORD}"}}\n', 4)
    run.raw(f"build/logs/{SECRET}.log", "x\n", 4)
    run.raw("llm/implement-code-implementer-claude.jsonl", json.dumps({"t": "long\n" * 80_000 + SECRET}), 5)
    cli("incident", "declare", "--title", "Builds | fail\n# x", "--answers", "yn", "--run", FAILED).ok()
    cli("incident", "note", INC, f"tried {PASSWORD}").ok()
    return root


def unpack(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]


def document(path: Path) -> Any:
    return json.loads(unpack(path)[f"{INC}/report.json"])


def test_it_holds_what_an_escalation_needs(cli: Cli, planted: Path, tmp_path: Path) -> None:
    made = cli("bundle", INC, "-o", tmp_path / "b.tar.gz", "--json").ok().json
    assert made["path"] == str(tmp_path / "b.tar.gz")
    assert made["redactions"] > 0
    report = document(tmp_path / "b.tar.gz")
    fields = report["escalation"]
    assert [run["id"] for run in fields["runs"]] == [FAILED]
    assert fields["providers"][0]["modes"] == ["cli"]
    assert any(each["text"].startswith("AuthError: [masked] refused") for each in fields["errors"])
    assert any(each["path"].endswith("implement-code-implementer.json") for each in fields["artifacts"])
    assert {row["kind"] for row in report["timeline"]} >= {"failure", "declared", "note"}
    assert any(each["what"].startswith("command of") for each in report["missing"])
    assert any(line.startswith(f"command of {FAILED}: ") for line in made["missing"])
    verified = cli("bundle", "verify", tmp_path / "b.tar.gz", "--json").ok().json
    assert (verified["ok"], verified["sha256"]) == (True, made["sha256"])


def test_no_secret_leaves_by_any_way(cli: Cli, planted: Path, tmp_path: Path) -> None:
    said = cli("bundle", INC, "-o", tmp_path / "b.tar.gz").ok()
    files = unpack(tmp_path / "b.tar.gz")
    journal = (planted / ".cockpit" / "journal.jsonl").read_text().splitlines()
    written = [line for line in journal if "incident.report" in line]
    assert len(written) == 1
    everything = [said.out, said.err, *written, *files, *(data.decode("utf-8", "replace") for data in files.values())]
    for secret in (SECRET, PASSWORD):
        assert not any(secret in each for each in everything)
    counted = json.loads(files[f"{INC}/redactions.json"])
    assert counted["total"] == sum(each["count"] for each in counted["redactions"])
    assert any(each["place"].endswith("logs/implement.jsonl") for each in counted["redactions"])


def test_foreign_text_makes_no_markdown(cli: Cli, planted: Path, tmp_path: Path) -> None:
    cli("bundle", INC, "-o", tmp_path / "b.tar.gz").ok()
    text = unpack(tmp_path / "b.tar.gz")[f"{INC}/report.md"].decode()
    fenced = [part for place, part in enumerate(text.split("```")) if place % 2 == 0]
    assert not any("<script" in part.replace("\\<", "") for part in fenced)
    assert "\n# x" not in text
    assert text.startswith("# Escalation report: Builds \\| fail \\# x\n")


@pytest.mark.parametrize("number", range(2))
def test_the_same_inputs_give_the_same_bytes_anywhere(cli: Cli, planted: Path, tmp_path: Path, number: int) -> None:
    first = tmp_path / "b.tar.gz"
    cli("bundle", INC, "-o", first).ok()
    other = tmp_path / f"other-{number}.tar.gz"
    before = os.umask(0o077 if number else 0o000)
    try:
        zone = ("Asia/Tokyo", "America/Lima")[number]
        around: Any = {"TZ": zone, "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": str(number + 7)}
        made = program("bundle", INC, "-o", other, "--now", "2026-11-21T09:00:00Z", **around)
    finally:
        os.umask(before)
    assert made.code == 0, made.err
    assert other.read_bytes() == first.read_bytes()
    with tarfile.open(first) as archive:
        entries = archive.getmembers()
    assert [each.name for each in entries] == sorted(each.name for each in entries)
    assert {(each.uid, each.gid, each.uname, each.gname, each.mode) for each in entries} == {(0, 0, "", "", 0o644)}


def test_large_files_keep_their_ends(cli: Cli, planted: Path, tmp_path: Path) -> None:
    path = planted / FAILED / "build" / "logs" / "implement.jsonl"
    path.write_text("first line\n" + f'{{"m": "{"y" * 90}"}}\n' * 9_000 + f"last {SECRET} line\n")
    cli("bundle", INC, "-o", tmp_path / "b.tar.gz").ok()
    files = unpack(tmp_path / "b.tar.gz")
    (data,) = [data for name, data in files.items() if name.endswith("logs/implement.jsonl")]
    assert data.startswith(b"first line\n")
    assert data.endswith(b"last [masked] line\n")
    assert b"bytes left out here" in data
    assert len(data) < 300_000


def test_nothing_is_overwritten_unasked(cli: Cli, planted: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.tar.gz"
    target.write_text("mine")
    refused = cli("bundle", INC, "-o", target)
    assert (refused.code, target.read_text()) == (2, "mine")
    assert "--force" in refused.err
    cli("bundle", INC, "-o", target, "--force").ok()
    assert gzip.decompress(target.read_bytes())
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".b.tar")] == []


def test_it_goes_to_the_state_directory_by_default(cli: Cli, planted: Path) -> None:
    path = Path(cli("bundle", INC, "--json").ok().json["path"])
    assert path.parent == planted / ".cockpit" / "reports"
    assert cli("bundle", INC, "--json").ok().json["path"] == str(path)
    assert tarfile.is_tarfile(io.BytesIO(path.read_bytes()))


def test_a_file_that_cannot_be_read_is_told_as_missing(cli: Cli, planted: Path, tmp_path: Path) -> None:
    log = planted / FAILED / "build" / "logs" / "implement.jsonl"
    log.write_bytes(b"\0\1binary\n")
    made = cli("bundle", INC, "-o", tmp_path / "b.tar.gz", "--json").ok().json
    assert any("implement.jsonl: packed or binary" in each for each in made["missing"])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("bundle", "nope"), 2, "no incident 'nope'"),
        (("bundle", INC, "-o", "no/such/folder/b.tar.gz"), 1, "no such file"),
        (("bundle", INC, "-o", "."), 2, "no ordinary file"),
        (("bundle", INC, "more"), 2, "write: cockpit bundle"),
        (("bundle", "verify", "nope.tar.gz"), 1, "no such file"),
    ],
)
def test_what_cannot_be_is_refused(
    cli: Cli, planted: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    refused = cli(*arguments)
    assert refused.code == code
    assert message in refused.err


def test_read_only_hands_it_out_and_records_nothing(cli: Cli, planted: Path, tmp_path: Path) -> None:
    made = cli("--read-only", "bundle", INC, "-o", tmp_path / "b.tar.gz").ok()
    assert "not on record" in made.err
    assert "incident.report" not in (planted / ".cockpit" / "journal.jsonl").read_text()
    assert cli("--read-only", "bundle", INC).code == 2
