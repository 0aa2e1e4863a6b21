"""The filter grammar: what each term means, what is refused, and laws that hold for any text."""

import warnings
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import UsageError
from cockpit.filtering import EVERYTHING, FIELDS, FLAGS, parse_filter
from cockpit.models.run import Reason, Run, RunRef, RunState, StepCounts
from tests.samples import NOW, evidence, make_run

FAILED = make_run(
    "run-20261121-040217-mfa1rh",
    RunState.FAILED,
    age=600,
    title="Nightly Build",
    claimed="succeeded",
    contradicted=True,
    flow="build",
    step="implement",
    agent="code-implementer",
    backend="claude-step",
    tags=("nightly", "eu"),
    reasons=(Reason(text="TimeoutError: step exceeded 300s", evidence=(evidence(),)),),
    steps=StepCounts(done=3, failed=1, total=12),
)
RUNNING = make_run("run-b", RunState.RUNNING, age=30, flow="signal", step="frame", problems=2)
SILENT = Run(
    ref=RunRef(source="custom", root="/other", path="deep/run-c", id="run-c"),
    state=RunState.PENDING,
)
RUNS = (FAILED, RUNNING, SILENT)


def ids(text: str, severities: dict[str, str] | None = None) -> str:
    """Which of the three pass, by their last letters."""
    wanted = parse_filter(text, severities)
    return "".join(letter for run, letter in zip(RUNS, "FRS", strict=True) if wanted.matches(run, NOW))


@pytest.mark.parametrize(
    ("text", "pass_"),
    [
        ("", "FRS"), ("   ", "FRS"),
        # Words: id, title, flow, step, reason; regular expressions; case-smart.
        ("mfa1rh", "F"), ("nightly", "F"), ("Nightly", "F"), ("NIGHTLY", ""), ("implement", "F"), ("signal", "R"),
        ("timeouterror", "F"), ("^run-.$", "RS"), ("exceeded.\\d+s", "F"), ("run-[bc]", "RS"),
        ("exceeded\\S", ""), ("TIMEOUT\\S", ""), ("timeout\\Serror", ""), ("timeout\\S+:", "F"),
        # What words do not look at.
        ("claude-step", ""), ("custom", ""), ("eu", ""),
        # Quoted words hold spaces, and are words even where they look like a field.
        ('"step exceeded"', "F"), ('"nightly build"', "F"), ('"state:failed"', ""), ('reason:"step exceeded"', "F"),
        ('!"nightly build"', "RS"), ('!reason:"step exceeded"', "RS"), ('"unended', ""), ("step exceeded", "F"),
        # Fields.
        ("state:failed", "F"), ("state:failed,running", "FR"), ("state:failed,", "F"), ("!state:failed", "RS"),
        ("source:custom", "S"), ("source:custom,flow-studio", "FRS"), ("flow:build", "F"), ("flow:^b", "F"),
        ("step:frame,implement", "FR"), ("agent:code", "F"), ("backend:claude", "F"), ("root:/other", "S"),
        ("claimed:succ", "F"), ("reason:timeout", "F"), ("tag:eu", "F"), ("id:run-b", "R"), ("title:build", "F"),
        # Flags.
        ("is:contradicted", "F"), ("!is:contradicted", "RS"), ("is:attention", "F"), ("is:active", "RS"),
        ("is:problem", "R"), ("is:problem,contradicted", "FR"),
        # Numbers and durations; what has no age has none to compare.
        ("age<1m", "R"), ("age>1m", "F"), ("age<=30", "R"), ("age>=10m", "F"), ("age:30s", "R"), ("silent>5m", "F"),
        ("!silent>5m", "RS"), ("problems>0", "R"), ("failed:1", "F"), ("failed<1", "RS"), ("age<2h silent>1m", "F"),
        # All terms hold.
        ("run state:running", "R"), ("run-b run-c", ""), ("!run-b !run-c", "F"),
        ("flow:build is:contradicted age<2h", "F"),
        ("!", ""),
    ],
)  # fmt: skip
def test_the_grammar(text: str, pass_: str) -> None:
    assert ids(text) == pass_


def test_severity_is_that_of_the_open_incident() -> None:
    severities = {FAILED.key: "SEV2"}
    assert ids("severity:SEV2", severities) == ids("severity:sev2,sev1", severities) == "F"
    assert ids("!severity:SEV2", severities) == "RS"
    assert ids("severity:SEV2") == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour:red", "no field 'colour'; fields are state, source"),
        ("state:broken", "no state 'broken'; states are pending, running"),
        ("is:fine", "no flag is:fine; flags are contradicted"),
        ("age<soon", "age<soon: 'soon' is not a duration"),
        ("age<", "is not a duration"),
        ("flow<3", "flow is not a number: write flow:value; numbers are age"),
        ("state:", "state: needs a value"),
        ("flow:,", "flow: needs a value"),
        ("(", "is not a regular expression"),
        ("flow:[", "is not a regular expression"),
        ("a{99999999999999999999}", "is not a regular expression"),
        pytest.param("(" * 5_000, "is not a regular expression", id="deep"),
        ("(?a)(?u)x", "is not a regular expression"),
    ],
)
def test_what_is_refused_says_what_is_valid(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(text)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_pattern_that_re_warns_of_prints_nothing() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parse_filter("[[]")
    assert not caught


def test_states_are_those_of_that_moment() -> None:
    assert parse_filter("age>1m").matches(RUNNING, NOW + timedelta(minutes=5))
    assert not parse_filter("age>1m").matches(RUNNING, NOW)


def test_what_was_typed_is_kept_and_nothing_matches_everything() -> None:
    assert parse_filter("  state:failed ").text == "state:failed"
    assert parse_filter("").tests == EVERYTHING.tests == ()


def test_every_field_and_flag_offered_is_understood() -> None:
    samples = {"state": "failed", "is": "active", "age": "1m", "silent": "1m", "problems": "1", "failed": "1"}
    for name in FIELDS:
        parse_filter(f"{name}:{samples.get(name, 'x')}")
    for flag in FLAGS:
        parse_filter(f"is:{flag}")


TEXTS = st.text(max_size=40) | st.text('abe:<>=!"[](){}*+?\\|^$.,- 159msh', max_size=30)
TERMS = st.sampled_from(
    ["state:failed", "is:contradicted", "age<2m", "run", "silent>10s", '"step exceeded"', "flow:build", "^run-b$"]
)


@given(TEXTS)
def test_any_text_is_a_filter_or_a_usage_error(text: str) -> None:
    try:
        wanted = parse_filter(text)
    except UsageError:
        return
    for run in RUNS:
        assert wanted.matches(run, NOW) in (True, False)


@given(TERMS)
def test_an_exclamation_mark_is_the_complement(term: str) -> None:
    plain, inverse = parse_filter(term), parse_filter(f"!{term}")
    assert all(plain.matches(run, NOW) is not inverse.matches(run, NOW) for run in RUNS)


@given(st.lists(TERMS, min_size=1, max_size=4), TERMS)
def test_another_term_only_narrows(terms: list[str], more: str) -> None:
    before = set(ids(" ".join(terms)))
    assert set(ids(" ".join([*terms, more]))) == before & set(ids(more))
