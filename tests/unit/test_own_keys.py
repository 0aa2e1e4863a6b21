"""Keys of the user's own actions: a CAPITAL in the panes, anything else in the menu, and never a command's."""

from cockpit.actions.declared import Declared
from cockpit.keymap import build_keymap
from cockpit.own_keys import own_keys


def declared(name: str, key: str | None, *sources: str) -> Declared:
    return Declared.model_validate(
        {"id": name, "title": f"Do {name}", "argv": ["true"], "key": key, "sources": list(sources)}
    )


def test_capitals_work_in_the_panes_and_the_rest_in_the_menu() -> None:
    actions = [declared("drain", "Q"), declared("fill", "q"), declared("count", "7"), declared("none", None)]
    keys = own_keys(actions, build_keymap({}))
    assert keys.direct == {"Q": ("drain",)}
    assert keys.problems == ()
    assert [keys.shown(each) for each in actions] == ["Q", "X q", "X 7", ""]


def test_a_key_of_a_command_stays_with_it() -> None:
    (taken,) = actions = [declared("drain", "T")]
    keys = own_keys(actions, build_keymap({}))
    assert keys.direct == {}
    assert keys.problems == ("actions.drain.key: T already belongs to run.retry; it works in the action menu only",)
    assert keys.shown(taken) == "X T"


def test_a_key_that_was_remapped_is_free_and_the_new_one_taken() -> None:
    keys = own_keys([declared("drain", "T"), declared("fill", "Q")], build_keymap({"run.retry": "Q", "run.menu": "Z"}))
    assert keys.direct == {"T": ("drain",)}
    assert keys.problems[0].startswith("actions.fill.key: Q already belongs to run.retry")
    assert keys.shown(declared("other", "o")) == "Z o"


def test_two_systems_may_give_one_key_to_two_actions() -> None:
    actions = [declared("drain", "Q", "flow-studio"), declared("flush", "Q", "ai-csuite")]
    assert own_keys(actions, build_keymap({})).direct == {"Q": ("drain", "flush")}
