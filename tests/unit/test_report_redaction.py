"""Secrets taken out of reports: by shape, by value, in JSON that stays JSON, counted and never told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.diagnosis.masking import MASK
from cockpit.reports.redact import Redactor
from cockpit.runtime.secrets import secret_values

ANTHROPIC = "sk-ant-api03-" + "A1b2C3d4" * 5
AWS = "AKIA" + "QWERTYUIOP123456"
PASSWORD = "correct-horse-9"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"key {ANTHROPIC} used", ANTHROPIC),
        (f"id={AWS}", AWS),
        (f'password = "{PASSWORD}"', PASSWORD),
        ("postgres://app:s3cr3tpw@db.local/x", "s3cr3tpw"),
        ("DEPLOY_TOKEN=abcdef123456", "abcdef123456"),
        ("Authorization: Bearer abcdefghij0123456789", "abcdefghij0123456789"),
        (KEY, "MIIEow"),
        (KEY.removesuffix("-----END RSA PRIVATE KEY-----"), "IBAAK"),
    ],
)
def test_a_secret_is_taken_out_and_counted(text: str, secret: str) -> None:
    redactor = Redactor()
    shown = redactor.text(text, "log")
    assert secret not in shown
    assert MASK in shown
    assert redactor.total >= 1
    assert all(set(each) == {"place", "kind", "count"} and each["place"] == "log" for each in redactor.report())
    assert secret not in json.dumps(redactor.report())


def test_what_one_file_names_as_a_password_is_taken_out_of_the_others() -> None:
    redactor = Redactor()
    redactor.learn(f'password: "{PASSWORD}"')
    assert redactor.text(f"logged in with {PASSWORD}.", "log") == f"logged in with {MASK}."
    assert Redactor().text("logged in with nothing", "log") == "logged in with nothing"


def test_values_of_json_are_looked_at_by_their_keys() -> None:
    redactor = Redactor()
    shown = redactor.value({"db": [{"password": "hunter22"}], "tokens": 15, f"x {AWS}": None}, "report")
    assert shown == {"db": [{"password": MASK}], "tokens": 15, f"x {MASK}": None}


@pytest.mark.parametrize("before", ["", "line\n", "tab\t", 'a "quoted" ', "back\\slash "])
@pytest.mark.parametrize("secret", [ANTHROPIC, AWS, f"see {ANTHROPIC}\nnext"])
def test_json_without_its_secrets_is_json_still(before: str, secret: str) -> None:
    text = json.dumps({"text": f"{before}{secret}", "more": [1, 2]})
    shown = Redactor().text(text, "file")
    assert ANTHROPIC not in shown
    assert AWS not in shown
    assert json.loads(shown)["more"] == [1, 2]


def test_ordinary_text_stays_as_it_is() -> None:
    text = "run-20261121-040000-aaa111 sha256 " + "a0" * 32 + " at build.implement, 15 tokens; step_id: implement"
    redactor = Redactor()
    assert redactor.text(text, "log") == text
    assert redactor.total == 0


@given(st.text(), st.text())
def test_a_planted_secret_never_comes_through(before: str, after: str) -> None:
    shown = Redactor().text(f"{before} {ANTHROPIC} {after}", "log")
    assert ANTHROPIC not in shown


@given(st.text())
def test_taking_out_twice_changes_nothing_more(text: str) -> None:
    once = Redactor().text(text, "log")
    assert Redactor().text(once, "log") == once


def test_a_part_that_is_told_by_itself_is_told_too() -> None:
    assert ("Anthropic API key", ANTHROPIC) in set(secret_values(f'"{ANTHROPIC}"'))
