"""`cockpit metrics`: the journal of a root as numbers, a table and charts."""

from pathlib import Path

import pytest

from tests.cli.conftest import FAILED, Cli

INC = "inc-20261121-01"


def declare(cli: Cli, title: str = "Builds time out") -> None:
    cli("incident", "declare", "--title", title, "--severity", "SEV1", "--run", FAILED).ok()


def test_the_journal_becomes_numbers(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(cli)
    monkeypatch.setenv("COCKPIT_NOW", "2026-11-21T04:31:00Z")
    cli("incident", "update", INC, "looking").ok()
    found = cli("metrics", "--json").ok().json
    overall = found["overall"]
    assert (overall["count"], overall["incidents"], overall["open"]) == (1, [INC], 1)
    assert overall["detect"]["mean_s"] == 56, "its first failing evidence is of 04:00:04, it was declared at 04:01"
    assert overall["acknowledge"]["mean_s"] == 1800
    assert overall["acknowledged_in_time"]["value"] == 0, "SEV1 is taken on within 15 minutes"
    assert overall["resolve"] == {
        "count": 0, "mean_s": None, "median_s": None, "longest_s": None, "samples": [],
        "left_out": [{"incident": INC, "why": "it is not resolved yet"}],
    }  # fmt: skip
    assert found["by_severity"]["SEV2"]["count"] == 0
    text = cli("metrics").ok().out
    assert ["to", "acknowledge", "30m", "30m", "1/1", "30m", "-", "-", "-"] in [
        line.split() for line in text.splitlines()
    ]
    assert f"to resolve: 1 left out, it is not resolved yet: {INC}" in text
    assert root.joinpath(".cockpit", "journal.jsonl").exists()


def test_it_is_told_as_of_a_moment(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert root.is_dir()
    declare(cli)
    monkeypatch.setenv("COCKPIT_NOW", "2026-11-21T04:31:00Z")
    cli("incident", "update", INC, "looking").ok()
    before = cli("metrics", "--json", "--now", "2026-11-21T04:02:00Z").ok().json["overall"]
    assert before["acknowledge"]["count"] == 0
    assert cli("metrics", "--json", "--since", "20m").ok().json["overall"]["count"] == 0
    assert cli("metrics", "--json", "--since", "1h").ok().json["overall"]["count"] == 1
    assert cli("metrics", "--json", "--until", "2026-11-21T04:01:00Z").ok().json["overall"]["count"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--since", "soon"), "--since soon: neither an ISO time nor an age such as 2h"),
        (("--since", "1h", "--until", "2h"), "--since must lie before --until"),
    ],
)
def test_a_span_that_is_none_is_refused(cli: Cli, root: Path, arguments: tuple[str, ...], message: str) -> None:
    assert root.is_dir()
    refused = cli("metrics", *arguments)
    assert refused.code == 2
    assert message in refused.err
