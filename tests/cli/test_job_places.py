"""Where jobs are kept, and what happens where they cannot be."""

from pathlib import Path

from cockpit.errors import ExitCode
from tests.cli.conftest import FAILED, Cli


def test_a_state_directory_that_cannot_be_made_is_told_and_nothing_runs(cli: Cli, root: Path, tmp_path: Path) -> None:
    before = (root / FAILED / "meta.json").read_bytes()
    for place in ("/proc/nothing", "/dev/null/state", tmp_path / "file" / "state"):
        (tmp_path / "file").write_text("a file")
        refused = cli("retry", FAILED, "--yes", "--state-dir", place)
        assert refused.code == ExitCode.BAD
        assert "Traceback" not in refused.err
        assert "nothing was" in refused.err
        assert cli("jobs", "--json", "--state-dir", place).ok().json == []
        bulk = cli("bulk", "archive", FAILED, "--yes", "--state-dir", place)
        assert bulk.code == ExitCode.BAD
        assert "nothing was" in bulk.err
    assert (root / FAILED / "meta.json").read_bytes() == before


def test_what_is_in_the_way_of_the_state_directory_is_named(cli: Cli, root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    place = tmp_path / "file" / "state"
    for verb in (("retry", FAILED), ("bulk", "archive", FAILED)):
        refused = cli(*verb, "--yes", "--state-dir", place)
        assert f"the state directory {place} cannot be written: {tmp_path / 'file'} is no directory" in refused.err
        assert "--state-dir" in refused.err


def test_a_journal_that_cannot_be_read_is_not_an_empty_one(cli: Cli, root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    for extra in ((), ("--json",)):
        told = cli("audit", *extra, "--state-dir", tmp_path / "file")
        assert told.code == ExitCode.BAD
        assert "cannot be read" in told.err
        assert "nothing has been recorded" not in told.err
    assert cli("audit", "--state-dir", tmp_path / "absent").ok().err == "cockpit: nothing has been recorded\n"
