"""`.cockpit.toml` in a root: it tightens and names and can do nothing else; broken, it closes the root."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.clock import fixed_clock
from cockpit.models.action import Confirm
from cockpit.root_file import FILE, LARGEST, Bounds, RootFile, read_bounds
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.builders import START, FlowStudioRun


def say(root: Path, text: str) -> Bounds:
    (root / FILE).write_text(text)
    return read_bounds(root)


def test_nothing_is_asked_where_there_is_no_file(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "none"):
        assert read_bounds(root) == Bounds(root / FILE)


def test_what_it_can_say(tmp_path: Path) -> None:
    bounds = say(tmp_path, '# ours\nlabel = "production"\nread_only = true\nconfirm = "typed"\n')
    assert bounds.told == RootFile(label="production", read_only=True, confirm="typed")
    assert bounds.refused == f"{tmp_path}/{FILE}:3 says so"
    assert bounds.typed == f"{tmp_path}/{FILE}:4 has every plan typed"
    assert bounds.mistakes == ()


@pytest.mark.parametrize(
    "line",
    [
        'commands.retry = ["sh", "-c", "touch pwned"]', 'source = "custom"', 'profile = "upstream"', 'theme = "light"',
        'limits = {stuck_after = "9d"}', "attention = {events = []}", "roots = []", 'services = {a = {url = "http://x"}}',
        'actions = [{id = "x", title = "X", argv = ["x"]}]', "keys = {}", 'database = "env:X"', "root_files = false",
        "jobs = {}", "notify = {}", "custom = []", "incidents = {}", "probes = {}", "mouse = true",
    ],
)  # fmt: skip
def test_whatever_else_it_says_is_told_and_does_nothing(tmp_path: Path, line: str) -> None:
    bounds = say(tmp_path, f'label = "a"\n{line}\nconfirm = "typed"\n')
    assert bounds.told == RootFile(label="a", confirm="typed")
    assert bounds.refused is None
    (mistake,) = bounds.mistakes
    assert (mistake.line, "not for a root to say" in mistake.told) == (2, True)


def test_no_field_of_it_could_run_or_loosen_anything() -> None:
    """Whoever adds one thinks about it here, and in docs/configuration.md."""
    assert set(RootFile.model_fields) == {"label", "read_only", "confirm"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("read_only = tru\n", ":1: not valid TOML"),
        ('\nread_only = "perhaps"\n', ":2: read_only:"),
        ('confirm = "no"\n', ":1: confirm:"),
        ("label = 1\nread_only = []\n", ":"),
        ("#" * (LARGEST + 1), "larger than 64 kB"),
        ("a = " + "[" * 30_000, "nested too deeply"),
    ],
)
def test_a_broken_file_closes_the_root(tmp_path: Path, text: str, told: str) -> None:
    bounds = say(tmp_path, text)
    assert bounds.refused is not None
    assert f"{tmp_path}/{FILE}{told}" in bounds.refused or told in bounds.refused
    assert "until it is mended" in bounds.refused
    assert bounds.mistakes


@pytest.mark.parametrize("label", ['""', '"a\\u001b[31m"', '"a\\nb"', '"' + "x" * 25 + '"', "7"])
def test_a_bad_label_closes_nothing(tmp_path: Path, label: str) -> None:
    bounds = say(tmp_path, f"label = {label}\n")
    assert (bounds.told.label, bounds.refused, len(bounds.mistakes)) == (None, None, 1)
    assert say(tmp_path, f"label = {label}\nread_only = true\n").refused


def test_no_link_is_followed_and_nothing_waits(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text('label = "x"\n')
    makes: list[Callable[[Path], None]] = [os.mkfifo, Path.mkdir, lambda path: path.symlink_to(elsewhere)]
    for number, make in enumerate(makes):
        root = tmp_path / str(number)
        root.mkdir()
        make(root / FILE)
        bounds = read_bounds(root)
        assert bounds.refused, number
        assert bounds.told == RootFile()
    (tmp_path / FILE).write_bytes(b'label = "\xff"\n')
    assert "UTF-8" in (read_bounds(tmp_path).refused or "")


@given(st.binary(max_size=80) | st.text("labeconfirmd_=\"\n true[]'", max_size=60).map(str.encode))
def test_any_bytes_are_bounds(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    root = tmp_path_factory.getbasetemp()
    (root / FILE).write_bytes(data)
    bounds = read_bounds(root)
    assert bool(bounds.refused) or bounds.told.read_only is False
    (root / FILE).unlink()


# -- in a session


def session(root: Path, settings: Settings | None = None, **own: object) -> Session:
    made = RootSettings.model_validate({"path": root, **own})
    return Session(settings or Settings(), [made], fixed_clock(START))


def test_the_stricter_one_holds_and_the_operator_names_it(tmp_path: Path) -> None:
    say(tmp_path, 'label = "test"\nread_only = true\n')
    one = session(tmp_path)
    assert one.refusal(tmp_path) == f"read-only: {tmp_path}/{FILE}:2 says so"
    assert one.label(tmp_path) == "test"
    assert session(tmp_path, label="production").label(tmp_path) == "production"
    say(tmp_path, "read_only = false\n")
    assert session(tmp_path, read_only=True).refusal(tmp_path) == "read-only: the configuration of this root says so"


def test_an_operator_can_have_none_of_it(tmp_path: Path) -> None:
    say(tmp_path, 'label = "test"\nread_only = true\n')
    one = session(tmp_path, Settings(root_files=False))
    assert one.refusal(tmp_path) is None
    assert one.label(tmp_path) is None


@pytest.mark.parametrize("by", ["operator", "root"])
def test_plans_of_such_a_root_are_typed(tmp_path: Path, by: str) -> None:
    root = tmp_path.resolve()
    runs = root / "swarm" / "runs"
    run = FlowStudioRun(runs, "run-20261121-040000-aaaaaa")
    run.step("build", "branch", "repo-operator", at=1, ok=False, error="x")
    run.meta("failed", at=2)
    (root / "Makefile").write_text("stepwise-retry:\n\ttrue\n")
    plain = session(root)
    plan = plain.plan("retry", plain.find(run.path.name), None, None)
    assert plan.confirm is Confirm.YES
    if by == "root":
        say(root, 'confirm = "typed"\n')
    one = session(root, confirm="typed" if by == "operator" else "yes")
    typed = one.plan("retry", one.find(run.path.name), None, None)
    assert typed.confirm is Confirm.TYPED
    assert typed.hash != plan.hash
    assert any("type the run's id" in warning for warning in typed.warnings)
