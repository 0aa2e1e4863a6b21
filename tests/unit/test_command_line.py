"""Lines of the command line: what they mean, how they are found, what of them is kept."""

import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.command_line import SHORT, names, resolve, word_of
from cockpit.commands import BY_ID, COMMANDS
from cockpit.errors import UsageError
from cockpit.fuzzy import best, score
from cockpit.goto import Target, first_since, parse_target
from cockpit.line_history import MOST, LineHistory

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "command", "argument"),
    [
        ("filter state:failed age<2h", "find.filter", "state:failed age<2h"), (":theme light", "view.theme", "light"),
        ("  goto   14:05 ", "go.to", "14:05"), ("g -10m", "go.to", "-10m"), ("run run-1", "go.run", "run-1"),
        ("pane log", "go.pane", "log"), ("pane.log", "pane.log", ""), ("log", "pane.log", ""),
        ("incident inc-1", "incident.next", "inc-1"), ("view save night", "view.named", "save night"),
        ("w out.txt", "copy.write", "out.txt"), ("do my-action", "run.do", "my-action"), ("q", "app.leave", ""),
        ("resume", "run.resume", ""), ("zoo", "view.zoom", ""), ("pane.rou", "pane.routing", ""),
        ("Handoff", "incident.handoff", ""), ("sort", "view.sort", ""),
    ],
)  # fmt: skip
def test_what_a_line_means(line: str, command: str, argument: str) -> None:
    entered = resolve(line)
    assert entered is not None
    assert (entered.command.id, entered.argument) == (command, argument)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("no-such-thing", "no command"), ("fliter x", "did you mean filter"), ("goto", "needs WHERE"),
        ("zoom now", "takes nothing"), ("pane.", "may be"), ("run.resume now", "takes nothing"),
        ("\x1b[2J", "no command"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(line: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        resolve(line)
    assert "\x1b" not in str(caught.value)


def test_an_alias_stands_for_a_line_and_takes_more_behind_it() -> None:
    aliases = {"bad": "filter state:failed", "at": ":goto"}
    bad, at = resolve("bad age<1h", aliases), resolve("at 14:05", aliases)
    assert bad is not None
    assert bad.argument == "state:failed age<1h"
    assert at is not None
    assert (at.command.id, at.argument) == ("go.to", "14:05")
    assert resolve("  ", aliases) is None


def test_every_command_has_a_name_of_its_own_and_words_do_not_clash() -> None:
    words = [command.word for command in COMMANDS if command.word]
    assert len(words) == len(set(words))
    assert not set(words) & set(BY_ID)
    for command in COMMANDS:
        assert names()[word_of(command)] is command
        assert command.takes or not command.needs
    assert set(SHORT.values()) <= set(names())
    assert len({word_of(command) for command in COMMANDS}) == len(COMMANDS)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_command_or_a_plain_refusal(line: str) -> None:
    try:
        entered = resolve(line)
    except UsageError as error:
        told = str(error)
    else:
        told = ""
        assert entered is None or entered.command in COMMANDS
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("120", Target(line=120)), ("14:05", Target(moment=NOON.replace(hour=14, minute=5))),
        ("23:30", Target(moment=NOON.replace(day=21, hour=23, minute=30))),
        ("-10m", Target(moment=NOON - timedelta(minutes=10))), ("+1h30m", Target(moment=NOON + timedelta(minutes=90))),
        ("2026-11-20T14:05Z", Target(moment=datetime(2026, 11, 20, 14, 5, tzinfo=UTC))),
        ("2026-11-20", Target(moment=datetime(2026, 11, 20, tzinfo=UTC))),
    ],
)  # fmt: skip
def test_where_goto_leads(text: str, target: Target) -> None:
    assert parse_target(text, NOON, NOON) == target


def test_a_clock_time_is_that_of_the_nearest_day_in_the_zone_shown() -> None:
    after_midnight = datetime(2026, 11, 21, 0, 10, tzinfo=UTC)
    assert parse_target("23:50", after_midnight, NOON).moment == datetime(2026, 11, 20, 23, 50, tzinfo=UTC)
    berlin = timezone(timedelta(hours=1))
    assert parse_target("13:00", NOON, NOON, berlin).moment == NOON
    assert parse_target("13:00Z", NOON, NOON, berlin).moment == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    "text", ["", "0", "-", "+", "25:00", "14:5", "noon", "-10x", "99999999999999d", "1e9", "-9999999999999w"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot go to"):
        parse_target(text, NOON, NOON)


@given(st.lists(st.integers(0, 1_000), max_size=60), st.integers(-5, 1_005), st.data())
def test_the_first_line_since_a_moment_is_found_by_halving(
    seconds: list[int], wanted: int, data: st.DataObject
) -> None:
    times: list[datetime | None] = [NOON + timedelta(seconds=each) for each in sorted(seconds)]
    moment = NOON + timedelta(seconds=wanted)
    plain = next((index for index, at in enumerate(times) if at is not None and at >= moment), len(times) - 1)
    assert first_since(len(times), times.__getitem__, moment) == (plain if times else None)
    # Lines without a time are passed over.
    holes = data.draw(st.sets(st.integers(0, max(0, len(times) - 1)), max_size=20)) if times else set()
    holed = [None if index in holes else at for index, at in enumerate(times)]
    found = first_since(len(holed), holed.__getitem__, moment)
    if all(at is None for at in holed):
        assert found is None
    else:
        assert found is not None
        assert all(at is None or at < moment for at in holed[:found])


def test_a_million_lines_are_asked_a_few_times() -> None:
    asked: list[int] = []

    def at(index: int) -> datetime:
        asked.append(index)
        return NOON + timedelta(milliseconds=index)

    assert first_since(1_000_000, at, NOON + timedelta(seconds=700)) == 700_000
    assert len(asked) < 50


def test_letters_in_order_find_and_words_find_better() -> None:
    known = [(name, name) for name in ("run.resume", "rust-museum", "resume-run", "zoom")]
    assert best("resume", known, 9)[0] == "resume-run"
    assert set(best("rsm", known, 9)) == {"run.resume", "resume-run", "rust-museum"}
    assert score("hlp", "zoom\0no help") is None
    assert score("help", "zoom\0no help") is not None
    assert best("", known, 2) == ["run.resume", "rust-museum"]
    assert best("run sume", known, 9) == ["run.resume", "resume-run"]
    assert score("zz", "zoom") is None


@given(st.text(max_size=8), st.lists(st.text(max_size=12), max_size=12))
def test_nothing_is_found_that_does_not_hold_the_letters_in_order(search: str, names: list[str]) -> None:
    for found in best(search, [(name, name) for name in names], 99):
        for word in search.casefold().split():
            letters = iter(found.casefold())
            assert all(letter in letters for letter in word)


def test_history_is_private_bounded_and_without_doubles(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history.jsonl"
    history = LineHistory(path)
    assert history.lines == []
    for number in range(MOST + 20):
        assert history.add(f"goto {number + 1}")
    history.add("goto 500")
    assert len(history.lines) == MOST
    assert history.lines[-1] == "goto 500"
    assert history.lines.count("goto 500") == 1
    assert LineHistory(path).lines == history.lines
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "line",
    [
        "filter sk-ant-api03-abcdefghijklmnopqrstuvwx", "do deploy password=hunter2hunter2", " filter private",
        "filter AKIAABCDEFGHIJKLMNOP", "", "x" * 2_000, "filter \x1b[2J",
    ],
    ids=lambda line: line[:24],
)  # fmt: skip
def test_what_looks_like_a_secret_is_not_kept(tmp_path: Path, line: str) -> None:
    history = LineHistory(tmp_path / "history.jsonl")
    assert not history.add(line)
    assert history.lines == []
    assert not (tmp_path / "history.jsonl").exists()


def test_a_broken_history_is_no_reason_to_stop(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{\n"sort age"\n[1]\n"\\u001b[2J"\n\xff\n')
    assert LineHistory(path).lines == ["sort age"]
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert LineHistory(path).lines == []
    assert LineHistory(path).add("sort name")
    assert not path.is_symlink()
