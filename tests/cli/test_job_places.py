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
