"""Where things are kept: what the environment says, per root, and nothing is created by asking."""

import os
from pathlib import Path

import pytest

from cockpit import locations


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    assert locations.config_file() == tmp_path / "config" / "cockpit" / "config.toml"
    assert locations.config_dir() == tmp_path / "config" / "cockpit"
    assert locations.user_state_dir() == tmp_path / "state" / "cockpit"
    assert locations.cache_dir() == tmp_path / "cache" / "cockpit"
    monkeypatch.setenv("COCKPIT_CONFIG", "/etc/cockpit/mine.toml")
    assert locations.config_file() == Path("/etc/cockpit/mine.toml")
    assert locations.config_dir() == Path("/etc/cockpit")
    assert list(tmp_path.iterdir()) == []


def test_the_state_of_a_root_is_kept_beside_its_runs(tmp_path: Path) -> None:
    assert locations.state_dir(tmp_path) == tmp_path / ".cockpit"
    assert locations.state_dir(tmp_path, Path("/elsewhere")) == Path("/elsewhere")
    assert not (tmp_path / ".cockpit").exists()


def test_a_root_that_cannot_be_written_has_its_state_with_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def access(path: Path, mode: int) -> bool:
        asked.append(path)
        return False

    monkeypatch.setattr(os, "access", access)
    assert locations.state_dir(tmp_path) == locations.user_state_dir() / "roots" / locations.root_slug(tmp_path)
    (tmp_path / ".cockpit").mkdir()
    locations.state_dir(tmp_path)
    assert asked == [tmp_path, tmp_path / ".cockpit"]


def test_a_slug_is_a_plain_unique_name() -> None:
    paths = [
        Path(text) for text in ("/a/runs", "/b/runs", "/", "/x/$(touch pwned)", "/é/..", "/a/\udcff", "/" + "n" * 300)
    ]
    slugs = [locations.root_slug(path) for path in paths]
    assert len(set(slugs)) == len(paths)
    assert slugs[0].startswith("runs-")
    for slug in slugs:
        assert slug.isascii()
        assert slug.replace("-", "").isalnum()
        assert len(slug) <= 60
