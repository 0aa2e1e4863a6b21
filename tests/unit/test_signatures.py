"""One failure has one signature, whatever differs between two occurrences of it; different failures stay different."""

import itertools
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.diagnosis.signatures import MAX_LENGTH, signature, signature_id, telling_line

TRACEBACK = """\
Gemini CLI failed: Traceback (most recent call last):
  File "/srv/work/tools/frame.py", line 12, in <module>
    import httpx_retry
ModuleNotFoundError: No module named 'httpx_retry'
"""
DIFFERENT = (
    "TimeoutError: step exceeded 300s while waiting for tool Bash",
    "TimeoutError: step exceeded 300s while waiting for tool Edit",
    "ModuleNotFoundError: No module named 'httpx_retry'",
    "ModuleNotFoundError: No module named 'requests'",
    "FileNotFoundError: [Errno 2] No such file or directory: 'codex'",
    "'NoneType' object has no attribute 'decision'",
    "_create_deterministic_routing_signal() missing 1 required positional argument: 'next_step_id'",
    'litellm.APIConnectionError: OllamaException - {"error": "model \'llama3.2:latest\' not found"}',
    'litellm.APIConnectionError: OllamaException - {"error": "rate limit exceeded"}',
    "litellm.APIConnectionError: OllamaException - [Errno 111] Connection refused",
    "[internal_error] codex_exec mode failed to return valid structured JSON.",
    "[config_error] OPENAI_API_KEY is required for AGENT_PROVIDER=remote_llm.",
    "Client error '404 Not Found' for url 'http://localhost:11434/api/generate'",
    "Server error '500 Internal Server Error' for url 'http://localhost:11434/api/generate'",
    "HTTP status 401",
    "HTTP status 429",
    "Circular dependency detected",
    "Step engineer exhausted retries (3) and failed",
    "Injected failure at engineer",
    "Injected failure at product",
)

number = st.integers(0, 10**9).map(str)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31))  # noqa: DTZ001 - as logs write them
clock = moments.map(lambda at: at.isoformat())
stamp = st.one_of(
    clock, clock.map(lambda text: f"{text}+00:00Z"), moments.map(lambda at: f"{at:%Y-%m-%d %H:%M:%S},123")
)
name = st.from_regex(r"[A-Za-z][A-Za-z_]{1,10}", fullmatch=True)
path = st.lists(name, min_size=2, max_size=6).map(lambda parts: "/" + "/".join(parts))
file = st.tuples(path, st.sampled_from((".py", ".json", ".md"))).map("".join)
uuid = st.uuids().map(str)
address = st.integers(0x1000, 0xFFFFFFFF).map(hex)
run = st.tuples(
    st.integers(20200101, 20991231), st.integers(100000, 235959), st.from_regex(r"[a-z0-9]{6}", fullmatch=True)
).map(lambda parts: f"run-{parts[0]}-{parts[1]}-{parts[2]}")
sha = st.from_regex(r"[0-9a-f]{12}", fullmatch=True).filter(lambda text: not text.isdigit() and not text.isalpha())
VARIED = (
    ("TimeoutError: step exceeded {0}s while waiting for tool Bash", number),
    ("[{0}] worker failed: connection reset by peer", stamp),
    ("FileNotFoundError: cannot open {0} for reading", file),
    ("no graph state recorded for run {0}", uuid),
    ("<Task object at {0}> was never awaited", address),
    ("Invalid run metadata of {0}; delete and re-initialize this run.", run),
    ("commit {0} does not apply", sha),
    ("worker (pid {0}) died unexpectedly", number),
    ("attempt {0}: the provider closed the connection", number),
    ("SyntaxError: invalid syntax in the template, line {0}", number),
    ("Expecting value: line {0} column {0} (char {0})", number),
    ("Error ratio 0.{0} over last {0} attempts exceeds 0.20", number),
)


@given(st.data(), st.sampled_from(VARIED))
def test_what_differs_between_two_occurrences_does_not_count(
    data: st.DataObject, varied: tuple[str, st.SearchStrategy[str]]
) -> None:
    template, values = varied
    first, second = data.draw(values), data.draw(values)
    assert signature(template.format(first)) == signature(template.format(second)) is not None


@given(st.text(max_size=400))
def test_any_text_has_a_stable_signature_that_is_its_own(text: str) -> None:
    said = signature(text)
    assert said == signature(text)
    if said is not None:
        assert 0 < len(said) <= MAX_LENGTH
        assert said == said.lower()
        assert "\n" not in said


@given(st.sampled_from(DIFFERENT))
def test_a_signature_is_its_own_signature(text: str) -> None:
    said = signature(text)
    assert said is not None
    assert signature(said) == said


def test_different_failures_stay_different() -> None:
    said = {text: signature(text) for text in DIFFERENT}
    same = [(a, b) for a, b in itertools.combinations(DIFFERENT, 2) if said[a] == said[b]]
    assert not same
    assert len({signature_id(text or "") for text in said.values()}) == len(DIFFERENT)


@pytest.mark.parametrize("frames", [1, 3, 40])
def test_the_last_exception_of_a_traceback_tells(frames: int) -> None:
    deep = TRACEBACK.replace("    import", '  File "a.py", line 1, in f\n' * frames + "    import")
    assert telling_line(deep) == "ModuleNotFoundError: No module named 'httpx_retry'"
    assert signature(deep) == signature("ModuleNotFoundError: No module named 'httpx_retry'")


def test_of_a_chained_traceback_the_one_that_got_out_tells() -> None:
    chained = (
        "Traceback (most recent call last):\nKeyError: 'x'\n\nDuring handling of the above exception, another "
        "exception occurred:\n\nTraceback (most recent call last):\n  File b.py, line 2\nValueError: bad plan\n"
        "NoneType: None\n"
    )
    assert telling_line(chained) == "ValueError: bad plan"


@pytest.mark.parametrize("text", [None, "", "\n \n", "NoneType: None", "────────\n  ╭──╮", "===="])
def test_a_text_that_says_nothing_has_none(text: str | None) -> None:
    assert signature(text) is None


def test_a_secret_is_in_no_signature() -> None:
    secret = "sk-ant-api03-" + "Ab1" * 12
    said = signature(f"AuthenticationError: key {secret} was refused")
    assert said is not None
    assert secret.lower() not in said
    assert said == signature(f"AuthenticationError: key sk-ant-api03-{'Zz9' * 12} was refused")


def test_a_huge_hostile_text_takes_no_time() -> None:
    text = "/" * 200_000 + "a" * 200_000 + "0" * 200_000 + "\n" + "- " * 100_000
    assert len(signature(text) or "x") <= MAX_LENGTH


def test_ids_are_twelve_digits_and_never_change() -> None:
    assert signature_id("boom") == "81f52337ebb4"
    assert signature_id("a") == signature_id("a") != signature_id("b")
