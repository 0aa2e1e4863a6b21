"""Secrets on a command line are never written down; what is no secret stays readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.recording.masking import MASK, mask_argv, mask_text

KEY = "sk-proj-abcdefghijklmnop1234"


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        (["tool", "--token=abc123"], ["tool", f"--token={MASK}"]),
        (["tool", "--api-key", "abc123", "run"], ["tool", "--api-key", MASK, "run"]),
        (["tool", "--api_key", "abc"], ["tool", "--api_key", MASK]),
        (["mysql", "--password", "hunter2"], ["mysql", "--password", MASK]),
        (["env", "OPENAI_API_KEY=abc", "run"], ["env", f"OPENAI_API_KEY={MASK}", "run"]),
        (["env", "GITHUB_TOKEN=x"], ["env", f"GITHUB_TOKEN={MASK}"]),
        (["echo", KEY], ["echo", MASK]),
        (["echo", "ghp_0123456789abcdefABCD"], ["echo", MASK]),
        (["echo", "github_pat_0123456789abcdefABCD"], ["echo", MASK]),
        (["echo", "AKIAIOSFODNN7EXAMPLE"], ["echo", MASK]),
        (["psql", "postgres://me:pw@host/db"], ["psql", f"postgres://me:{MASK}@host/db"]),
        (["curl", "-H", "Authorization: Bearer abcdefgh12"], ["curl", "-H", f"Authorization: Bearer {MASK}"]),
        (["curl", "-H", "X-Api-Key: abc"], ["curl", "-H", f"X-Api-Key: {MASK}"]),
        (["curl", "https://h/p?token=abc&n=1"], ["curl", f"https://h/p?token={MASK}&n=1"]),
        (["sh", "-c", "TOKEN=abc run --api-key def x"], ["sh", "-c", f"TOKEN={MASK} run --api-key {MASK} x"]),
        (["x", '{"password": "hunter2"}'], ["x", f'{{"password": "{MASK}"}}']),
    ],
)
def test_what_looks_like_a_secret_is_masked(given_: list[str], kept: list[str]) -> None:
    assert list(mask_argv(given_)) == kept


@pytest.mark.parametrize(
    "argv",
    [
        ["invoke", "coordinator-run"],
        ["python3.11", "scripts/orchestration.py", "run", "20261121-034458-ok-internal"],
        ["make", "stepwise-build", "RUN_ID=run-1", "START_STEP=implement"],
        ["tool", "--max-tokens", "500", "--author", "me", "--no-auth", "--verbose"],
        ["tool", "--token", "--verbose", "x"],
        ["git", "clone", "https://example.org/a/b.git"],
        ["risk-assessment", "task-12345678", "a sk- b"],
    ],
)
def test_what_is_no_secret_stays(argv: list[str]) -> None:
    assert list(mask_argv(argv)) == argv


@given(st.lists(st.text(max_size=60), max_size=8))
def test_as_many_arguments_come_out_as_went_in(argv: list[str]) -> None:
    assert len(mask_argv(argv)) == len(argv)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_known_key_never_survives_between_other_words(before: str, after: str) -> None:
    assert KEY not in mask_text(f"{before} {KEY} {after}")
