"""Names that may become part of a command or a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.names import MAX_NAME, check_name, plain_name, why_not_plain
from cockpit.errors import ExitCode, UsageError

HOSTILE = [
    "",
    "$(touch pwned)",
    "`id`",
    "--help",
    "-",
    "../x",
    "..",
    ".",
    ".hidden",
    "a b",
    "a/b",
    "a\n",
    "a\nb",
    "a\0b",
    "a;b",
    "a=b",
    "a%b",
    "a$b",
    "x" * (MAX_NAME + 1),
    "ａbc",  # a full-width letter
    "аbc",  # a Cyrillic letter that looks like an a
    "run-١",  # an Arabic digit: \\d would take it
    "a\u202eb",
    "a\x1b]52;c;AA==\x07",
    "[/x]",
    "\udc80",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_plain_is_refused_with_a_safe_message(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_name("run id", name)
    message = str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "run id" in message
    assert why_not_plain(name) is not None
    assert message.isprintable()
    assert message.replace("…", "").isascii()
    assert len(message) < 300


@pytest.mark.parametrize(
    "name", ["run-20261121-035953-z65pok", "a", "0", "step-3", "critique_code", "v1.2", "x" * MAX_NAME]
)
def test_plain_names_pass_unchanged(name: str) -> None:
    assert check_name("step", name) == name
    assert plain_name(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it is empty"),
        ("--help", "option"),
        ("a b", "' '"),
        ("a\n", r"'\n'"),
        ("$(x)", "'$'"),
        ("..", "begins with '.'"),
        ("x" * 500, "500 characters"),
    ],
)
def test_the_reason_names_what_is_wrong(name: str, reason: str) -> None:
    assert reason in str(why_not_plain(name))


@given(st.text(max_size=20))
def test_nothing_a_shell_or_make_or_a_path_could_read_gets_through(text: str) -> None:
    if why_not_plain(text) is None:
        assert text.isascii()
        assert not set(text) & set("/$`\\\"'(){}[]<>|&;*?!~#%=, \t\r\n\0")
        assert text[0].isalnum()
