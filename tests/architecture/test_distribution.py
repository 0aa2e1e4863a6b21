"""What is shipped: the wheel holds everything the program needs, and the README's keys are the registry's."""

import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from cockpit import __version__
from cockpit.presenters.keys import END, START, markdown_keys
from cockpit.theming import shipped_dir

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = (
    "cockpit",
    "widgets",
    "themes",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the sources: building leaves nothing behind in the checkout."""
    copy, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, copy / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(copy)]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def shipped(folder: str, pattern: str) -> set[str]:
    found = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / folder).rglob(pattern)}
    assert found, f"nothing like {folder}/{pattern}"
    return found


def test_every_module_is_in_the_wheel(names: set[str]) -> None:
    assert shipped("cockpit", "*.py") | shipped("widgets", "*.py") <= names


def test_everything_that_is_no_module_is_in_the_wheel(names: set[str]) -> None:
    assert shipped("cockpit", "*.tcss") <= names
    assert shipped("cockpit/playbooks/library", "*.md") <= names
    assert {"cockpit/py.typed", "widgets/py.typed"} <= names
    assert {name.replace("themes/", "cockpit/_themes/") for name in shipped("themes", "*.toml")} <= names


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    folders = {name.split("/")[0] for name in names}
    assert folders == {"cockpit", "widgets", f"cockpit-{__version__}.dist-info", f"cockpit-{__version__}.data"}
    data = {name.partition("/")[2] for name in names if name.startswith(f"cockpit-{__version__}.data/")}
    assert data == {"data/share/man/man1/cockpit.1"}
    assert not [name for name in names if "test" in name.lower() and not name.startswith("cockpit-")]
    assert not [name for name in names if name.endswith((".pyc", ".orig", "~"))]


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = f"cockpit-{__version__}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        points = archive.read(f"{info}/entry_points.txt").decode()
    assert (metadata["Name"], metadata["Version"]) == ("cockpit", __version__)
    assert metadata["Requires-Python"] == ">=3.11"
    assert "cockpit = cockpit.cli:main" in points
    assert "flow-studio = cockpit.sources.flow_studio:FlowStudioSource" in points


def test_the_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    script = """\
import sys
sys.path.insert(0, sys.argv[1])
import cockpit, widgets
from cockpit.cli import main
from cockpit.theming import load_themes, shipped_dir
assert cockpit.__file__.startswith(sys.argv[1]) and widgets.__file__.startswith(sys.argv[1])
loaded = load_themes([shipped_dir()])
assert str(shipped_dir()).startswith(sys.argv[1]) and "dark" in loaded.themes and not loaded.problems
sys.exit(main(["playbooks"]))
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, str(tmp_path / "site")],
        check=False, capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "failed-run" in done.stdout


def test_an_editable_install_finds_the_themes_too() -> None:
    assert shipped_dir() == REPOSITORY / "themes"


def test_the_readme_shows_the_keys_of_the_registry() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert START in text, f"the README needs the table of cockpit.presenters.keys between {START} and {END}"
    assert END in text
    shown = text.split(START, 1)[1].split(END, 1)[0].strip()
    assert shown == markdown_keys()


def test_the_table_of_keys_is_a_table() -> None:
    lines = markdown_keys().splitlines()
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in lines)
    assert "| **`R`** | `run.resume` | Resume the run from the step. Shows the plan first. |" in lines
    assert "| `^d` | `list.half_down` | Half a page down. |" in lines
