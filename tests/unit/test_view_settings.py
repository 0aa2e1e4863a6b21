"""Views and aliases of the configuration: what is wrong with them is said with file, line and key."""

import re
from pathlib import Path

import pytest

from cockpit import locations
from cockpit.command_line import resolve
from cockpit.errors import UsageError
from cockpit.settings import load_settings
from cockpit.view_settings import MOST, SavedView, SavedViews, find_view
from tests.conftest import REPOSITORY


def test_views_and_aliases_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[aliases]\nbad = "filter state:failed"\nat = "goto"\n'
        '[views.night]\nfilter = "state:failed age<8h"\nsort = "changed"\n'
        'cluster = true\npane = "detail"\nzoom = true\n'
    )
    settings = load_settings(path)
    assert settings.aliases["at"] == "goto"
    assert settings.views["night"] == SavedView(
        filter="state:failed age<8h", sort="changed", cluster=True, pane="detail", zoom=True
    )


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('[aliases]\nx = "no-such"\n', 1, "no command"), ('[aliases]\nfilter = "sort age"\n', 1, "a command already"),
        ('[aliases]\n"a b" = "sort age"\n', 1, "no plain name"), ('[aliases]\nx = ""\n', 1, "stands for nothing"),
        ('[aliases]\nx = "zoom now"\n', 1, "takes nothing"),
        ('[views.x]\nfilter = "state:purple"\n', 2, "no state"), ('[views.x]\nsort = "up"\n', 2, "attention"),
        ('[views.x]\nacts = "retry"\n', 2, "views.x.acts"), ('[views."../x"]\nzoom = true\n', 1, "no plain name"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_and_key(tmp_path: Path, text: str, line: int, told: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_settings(path)
    assert f"{path}:{line}: " in str(caught.value)
    assert told in str(caught.value)


def test_saved_views_are_the_users_and_the_configuration_goes_first() -> None:
    saved = SavedViews()
    saved.save("a", SavedView(filter="state:failed"))
    saved.save("b", SavedView(sort="age"))
    assert find_view("a", {}).filter == "state:failed"
    assert find_view("a", {"a": SavedView(filter="x")}).filter == "x"
    saved.save("a", None)
    with pytest.raises(UsageError, match="no view 'a'; there are b"):
        find_view("a", {})
    assert (locations.user_state_dir() / "views.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ValueError, match="no plain name"):
        saved.save("../../etc/x", SavedView())


def test_broken_saved_views_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.write_text('{"x": {"filter": "state:purple"}}')
    assert SavedViews(path).load() == {}
    assert (tmp_path / "views.json.bad").exists()
    path.write_text("{" + ",".join(f'"v{each}": {{}}' for each in range(MOST)) + "}")
    with pytest.raises(ValueError, match="saved views already"):
        SavedViews(path).save("more", SavedView())


PAGE = (REPOSITORY / "docs" / "command-line.md").read_text(encoding="utf-8")


def test_the_page_shows_a_configuration_that_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(PAGE.partition("```toml\n")[2].partition("```")[0])
    settings = load_settings(path)
    assert set(settings.aliases) == {"bad", "at"}
    assert settings.views["night"].cluster is True


def test_every_line_of_the_page_is_a_command() -> None:
    lines = re.findall(r"`:([^`]+)`", PAGE)
    assert len(lines) > 15
    for line in lines:
        if line.split()[0] not in ("bad", "at", "goto", "run"):
            assert resolve(line) is not None, line
