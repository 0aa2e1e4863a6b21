"""The key map: the defaults against the documented ones, and the user's changes against the defaults."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.commands import BY_ID, COMMANDS, Group, Scope, show_key, show_keys
from cockpit.keymap import build_keymap, normalise_key
from cockpit.screens.view import PANES
from tests.conftest import SHARED

DOCUMENTED = {
    "j": "list.down", "k": "list.up", "down": "list.down", "up": "list.up", "g": "list.top", "G": "list.bottom",
    "home": "list.top", "end": "list.bottom", "ctrl+d": "list.half_down", "ctrl+u": "list.half_up",
    "pagedown": "list.page_down", "pageup": "list.page_up",
    "enter": "go.into", "l": "go.into", "escape": "go.back", "h": "go.back", "backspace": "go.back", "minus": "go.last",
    "1": "pane.runs", "2": "pane.receipts", "3": "pane.routing", "4": "pane.checklist", "5": "pane.timeline",
    "6": "pane.log", "0": "pane.detail", "tab": "pane.next", "shift+tab": "pane.previous",
    "left_square_bracket": "tab.previous", "right_square_bracket": "tab.next",
    "slash": "find.filter", "colon": "find.command", "question_mark": "app.help", "ctrl+p": "app.palette",
    "e": "find.error", "w": "find.warning", "n": "find.next", "N": "find.previous",
    "f": "view.follow", "t": "view.times", "z": "view.zoom", "s": "view.sort", "equals_sign": "view.freeze",
    "r": "view.rescan", "ctrl+l": "view.redraw", "a": "view.anchor",
    "space": "mark.toggle", "v": "mark.range", "asterisk": "mark.all",
    "x": "checklist.menu", "y": "copy.menu", "c": "record.comment", "o": "view.open",
    "at": "view.audit", "q": "app.close", "ctrl+c": "app.quit", "ctrl+z": "app.suspend",
    "R": "run.resume", "T": "run.retry", "A": "run.archive", "K": "job.cancel", "W": "app.readonly",
    "u": "act.undo", "X": "run.menu", "m": "incident.pin", "i": "incident.next", "I": "incident.declare",
    "S": "incident.severity", "P": "incident.phase", "O": "incident.own", "U": "incident.update",
    "V": "checklist.verify", "M": "incident.postmortem", "E": "incident.bundle", "D": "view.diagnose",
    "H": "incident.handoff", "d": "view.diff", "b": "view.monitor", "ctrl+o": "go.older",
}  # fmt: skip
"""The documented key map, as far as it is about runs: what a key does in the Runs pane, else where it works at all."""


@pytest.mark.parametrize(("key", "command"), DOCUMENTED.items())
def test_every_documented_key_does_what_is_documented(key: str, command: str) -> None:
    assert key in BY_ID[command].keys
    for pane in PANES if BY_ID[command].scope.reaches("receipts") else (BY_ID[command].scope.value,):
        assert [each.id for each in COMMANDS if key in each.keys and each.scope.reaches(pane)] == [command]


def test_space_ticks_in_the_checklist_and_marks_in_runs() -> None:
    assert "space" in BY_ID["checklist.tick"].keys
    assert BY_ID["checklist.tick"].scope is Scope.CHECKLIST
    assert BY_ID["mark.toggle"].scope is Scope.RUNS


def test_ids_are_unique_and_dotted() -> None:
    assert len(BY_ID) == len(COMMANDS)
    for command in COMMANDS:
        group, _, verb = command.id.partition(".")
        assert group.isidentifier()
        assert verb.isidentifier()
        assert command.action == command.id.replace(".", "_")


def test_the_defaults_do_not_clash() -> None:
    for first, second in itertools.combinations(COMMANDS, 2):
        if any(first.scope.reaches(pane) and second.scope.reaches(pane) for pane in PANES):
            assert not set(first.keys) & set(second.keys), (first.id, second.id)
    assert build_keymap().problems == ()


def test_a_default_key_is_spelled_as_textual_spells_it() -> None:
    for command in COMMANDS:
        for key in command.keys:
            assert normalise_key(key) == key


def test_capitals_act_and_nothing_else_does() -> None:
    acting = [command for command in COMMANDS if command.acts]
    assert {command.id for command in acting} >= {"run.resume", "run.retry", "run.archive", "run.restore", "job.cancel"}
    for command in acting:
        assert all(len(key) == 1 and key.isupper() for key in command.keys), command.id
    looking = [
        key for command in COMMANDS if not command.acts for key in command.keys if len(key) == 1 and key.isupper()
    ]
    # vim's own two, the switch that only ever takes rights away, Diagnose and Verify, which look at the evidence,
    # and the reports, which are looked through before they are written.
    assert set(looking) == {"G", "N", "W", "D", "V", "M", "E", "H"}


def test_every_command_says_what_it_does() -> None:
    for command in COMMANDS:
        assert command.title
        assert command.help.endswith(".")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a", "a"), ("A", "A"), ("7", "7"), ("/", "slash"), ("?", "question_mark"), (":", "colon"), ("-", "minus"),
        ("[", "left_square_bracket"), ("]", "right_square_bracket"), ("=", "equals_sign"), ("@", "at"), ("+", "plus"),
        (",", "comma"), (" ", "space"), ("space", "space"), ("esc", "escape"), ("pgdn", "pagedown"), ("f5", "f5"),
        ("^d", "ctrl+d"), ("^D", "ctrl+d"), ("ctrl+d", "ctrl+d"), ("ctrl+D", "ctrl+d"), ("shift+a", "A"),
        ("shift+tab", "shift+tab"), ("ctrl+shift+a", "ctrl+shift+a"), ("alt+x", "alt+x"), ("ctrl+/", "ctrl+slash"),
        (" j ", "j"), ("^", "circumflex_accent"), ("comma", "comma"), ("enter", "enter"),
    ],
)  # fmt: skip
def test_keys_as_people_write_them(text: str, key: str) -> None:
    assert normalise_key(text) == key


@pytest.mark.parametrize(
    "text", ["", "jj", "hyper+a", "ctrl+", "+a", "ctrl", "F99", "f25", "^^", "ctrl++", "é", "[/x]"]
)
def test_what_is_no_key(text: str) -> None:
    assert normalise_key(text) is None


@given(st.text(max_size=12))
def test_a_key_once_understood_stays_understood(text: str) -> None:
    key = normalise_key(text)
    assert key is None or normalise_key(key) == key


def test_a_remap_replaces_the_keys() -> None:
    keymap = build_keymap({"view.sort": "F, ^x", "run.resume": "f5"})
    assert keymap.problems == ()
    assert keymap.of(BY_ID["view.sort"]) == ("F", "ctrl+x")
    assert keymap.of(BY_ID["run.resume"]) == ("f5",)
    assert keymap.of(BY_ID["view.times"]) == ("t",)


def test_a_comma_is_a_key_too_and_doubles_count_once() -> None:
    assert build_keymap({"view.sort": ","}).keys["view.sort"] == ("comma",)
    assert build_keymap({"view.sort": "comma, C"}).keys["view.sort"] == ("comma", "C")
    assert build_keymap({"view.sort": "C,, C,"}).keys["view.sort"] == ("C",)


def test_an_empty_text_takes_all_keys_away() -> None:
    keymap = build_keymap({"run.archive": ""})
    assert keymap.keys["run.archive"] == ()
    assert keymap.problems == ()


def test_two_commands_swap_their_keys() -> None:
    keymap = build_keymap({"view.sort": "t", "view.times": "s"})
    assert keymap.problems == ()
    assert (keymap.keys["view.sort"], keymap.keys["view.times"]) == (("t",), ("s",))


def test_a_key_set_free_can_be_taken() -> None:
    keymap = build_keymap({"view.theme": "q", "app.close": "Q"})
    assert keymap.problems == ()
    assert keymap.keys["view.theme"] == ("q",)


def test_an_unknown_command_and_a_nonsense_key_are_reported_and_change_nothing() -> None:
    keymap = build_keymap({"run.explode": "f5", "view.sort": "v, ctrl+, jj"})
    assert keymap.problems == (
        "keys.run.explode: no such command; `cockpit keys` lists them",
        "keys.view.sort: 'ctrl+', 'jj' is not a key",
    )
    assert keymap.keys["view.sort"] == ("s",)
    assert "run.explode" not in keymap.keys


@pytest.mark.parametrize("command", ["view.sort", "list.left", "checklist.menu"])
def test_a_stolen_key_stays_with_its_owner(command: str) -> None:
    keymap = build_keymap({command: "q, f7"})
    assert keymap.problems == (f"keys.{command}: q already belongs to app.close; not taken",)
    assert keymap.keys[command] == ("f7",)
    assert keymap.keys["app.close"] == ("q",)


def test_a_key_wanted_twice_goes_to_one_of_them() -> None:
    keymap = build_keymap({"view.sort": "f7", "view.theme": "f7"})
    owners = [name for name, keys in keymap.keys.items() if "f7" in keys]
    assert len(owners) == 1
    assert len(keymap.problems) == 1


@given(st.dictionaries(st.sampled_from(sorted(BY_ID)), st.text("abqzGRT,^+ ctrlf5?/-", max_size=8), max_size=8))
def test_whatever_is_configured_no_two_commands_share_a_key_in_one_pane(overrides: dict[str, str]) -> None:
    keymap = build_keymap(overrides)
    for pane in PANES:
        taken = [key for command in COMMANDS if command.scope.reaches(pane) for key in keymap.of(command)]
        assert len(taken) == len(set(taken)), pane


def test_keys_as_people_read_them() -> None:
    assert show_key("question_mark") == "?"
    assert show_keys(("ctrl+d", "pagedown", "A")) == "^d pgdn A"


_SHOWN = {"arrows": ("up", "down"), "Home": ("home",), "End": ("end",), "PgUp": ("pageup",), "PgDn": ("pagedown",)}


def documented_keys() -> list[str]:
    """Every key in the table of the shared key map."""
    path = SHARED / "keymap.md"
    if not path.exists():
        pytest.skip("the shared key map is not here")
    keys: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.split("|")
        if len(cells) < 4 or cells[1].strip() in ("key", "---"):
            continue
        for quoted in re.findall(r"`([^`]+)`", cells[1]):
            keys += [quoted] if "+" in quoted else quoted.split()
        keys += [key for word in cells[1].split() for key in _SHOWN.get(word, ())]
        keys += re.findall(r"\btab\b|\bshift-tab\b", cells[1])
        keys += [str(number) for number in range(1, 7)] if "`1`..`6`" in cells[1] else []
    return keys


def test_every_key_of_the_shared_key_map_is_in_the_registry() -> None:
    known = {key for command in COMMANDS for key in command.keys}
    documented = documented_keys()
    assert len(documented) > 70
    for key in documented:
        wanted = normalise_key(re.sub(r"^(ctrl|shift)-", r"\1+", key))
        assert wanted in known, key


def test_what_does_not_act_is_the_only_thing_on_ctrl_and_function_keys() -> None:
    for command in COMMANDS:
        for key in command.keys:
            if "+" in key or (key.startswith("f") and key[1:].isdigit()):
                assert command.group in (Group.MOVE, Group.PROGRAM, Group.PANES, Group.VIEW), (command.id, key)
                assert not command.acts
