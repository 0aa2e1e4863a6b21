"""Read-only: whoever says so, every verb that writes is refused, on record, and changes nothing.

A verb that is missing from the two tables fails the first test: say there whether it writes.
"""

import argparse
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.cli import config_arguments
from cockpit.cli.parser import VERBS, verb_parser
from tests.cli.conftest import DONE, FAILED, LIVE, Cli

ARCHIVED = DONE
"""A run that lies in an archive only."""

WRITES: dict[str, tuple[tuple[str, ...], ...]] = {
    "resume": (("resume", FAILED, "--yes"),),
    "retry": (("retry", FAILED, "--yes"), ("retry", FAILED, "--yes", "--no-wait", "--json")),
    "archive": (("archive", FAILED, "--yes"), ("archive", FAILED, "--yes", "--remove")),
    "restore": (("restore", ARCHIVED, "--yes"),),
    "do": (("do", "retry", FAILED, "--yes"), ("do", "archive", FAILED, "--yes")),
    "bulk": (("bulk", "retry", FAILED, LIVE, "--yes"), ("bulk", "archive", "--filter", "state:failed", "--yes")),
    "undo": (("undo", "--yes"), ("undo", "--run", FAILED, "--yes")),
    "jobs": (("jobs", "JOB", "--cancel"),),
    "record": (("record", "--run", FAILED, "--", "touch", "pwned"),),
    "checklist": (("checklist", FAILED, "--playbook", "stuck-run"),),
    "tick": (("tick", FAILED, "ITEM"), ("tick", FAILED, "ITEM", "--note", "n", "--evidence", "x:1")),
    "untick": (("untick", FAILED, "TICKED"),),
    "skip": (("skip", FAILED, "ITEM", "--reason", "r"),),
    "incident declare": (("incident", "declare", "--title", "t", "--severity", "SEV2", "--run", FAILED, "--again"),),
    "incident describe": (("incident", "describe", "INC", "--title", "t"),),
    "incident attach": (("incident", "attach", "INC", LIVE),),
    "incident detach": (("incident", "detach", "INC", FAILED, "--reason", "r"),),
    "incident phase": (("incident", "phase", "INC", "contain", "--override", "r"),),
    "incident close": (("incident", "close", "INC", "--override", "r"),),
    "incident reopen": (("incident", "reopen", "INC", "--reason", "r"),),
    "incident severity": (("incident", "severity", "INC", "SEV1", "--reason", "r"),),
    "incident note": (("incident", "note", "INC", "text"),),
    "incident pin": (("incident", "pin", "INC", f"{FAILED}/meta.json:1"),),
    "incident decide": (("incident", "decide", "INC", "text", "--because", "r"),),
    "incident role": (("incident", "role", "INC", "ic", "me"),),
    "incident task": (
        ("incident", "task", "INC", "text", "--owner", "me", "--due", "2d", "--verify", "v"),
        ("incident", "task", "done", "INC", "t1"),
    ),
    "incident update": (("incident", "update", "INC", "text"),),
    "incident escalate": (("incident", "escalate", "INC", "L2", "--reason", "r"),),
    "incident section": (("incident", "section", "INC", "summary", "text"),),
    "incident file": (("incident", "file", "INC", "revert"),),
    "bundle": (("bundle", "INC"),),
    "notify": (("notify", "INC", "--template", "initial", "--send", "pager", "--yes"),),
    "claim": (("claim", FAILED, "ITEM"), ("claim", FAILED, "ITEM", "--owner", "bob")),
    "unclaim": (("unclaim", FAILED, "ITEM"),),
    "note": (("note", FAILED, "ITEM", "words"),),
    "perform": (("perform", FAILED, "failed-run/retry", "--yes"),),
    "verify": (("verify", FAILED), ("verify", FAILED, "ITEM", "--json")),
}
"""Verbs that act on a run or write about one, each as it would be typed; the words of `SETUPS` are filled in."""

LOOKS = {
    *("status", "runs", "show", "diagnose", "actions", "plan", "playbooks", "audit", "doctor", "info", "keys", "gate"),
    *("incident list", "incident show", "incident timeline", "metrics", "handoff"),
    # Prints; a file that is named is written without any record of it.
    *("postmortem", "incident capture"),
    # About the operator's own configuration and shell.
    *(f"config {word}" for word in config_arguments.WORDS),
    "completion",
    # Makes a workspace of its own, with producers of its own, and opens that read-only.
    "demo",
}
"""Verbs that change nothing."""


def verbs(parser: argparse.ArgumentParser, prefix: tuple[str, ...] = ()) -> Iterator[str]:
    """Every verb there is; of those with verbs of their own, these: `incident declare`."""
    inner = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    for group in inner:
        for name, child in group.choices.items():
            yield from verbs(child, (*prefix, name))
    if not inner:
        yield " ".join(prefix)


def test_every_verb_is_known_to_write_or_to_look() -> None:
    known = set(verbs(verb_parser()))
    assert {verb.partition(" ")[0] for verb in known} == set(VERBS)
    assert known == set(WRITES) | LOOKS, "say in WRITES or LOOKS of this file what the verb does"
    assert not set(WRITES) & LOOKS


def _by_option(root: Path, folder: Path) -> tuple[str, ...]:
    return ("--read-only",)


def _by_configuration(root: Path, folder: Path) -> tuple[str, ...]:
    path = folder / "closed.toml"
    path.write_text("read_only = true\n")
    return ("--config", str(path))


def _by_policy(root: Path, folder: Path) -> tuple[str, ...]:
    path = folder / "root-closed.toml"
    path.write_text(f'[[roots]]\npath = "{root}"\nread_only = true\n')
    return ("--config", str(path))


WAYS: dict[str, tuple[Callable[[Path, Path], tuple[str, ...]], str]] = {
    "--read-only": (_by_option, "started with --read-only"),
    "configuration": (_by_configuration, "the configuration says so"),
    "policy of the root": (_by_policy, "the configuration"),
}


def _job(cli: Cli, root: Path) -> str:
    (root.parent / "broken").touch()
    return str(cli("retry", FAILED, "--yes", "--json").json["id"])


def _item(cli: Cli, root: Path) -> str:
    assert root.is_dir()
    return str(cli("checklist", FAILED, "--playbook", "failed-run", "--json").ok().json["items"][0]["id"])


def _ticked(cli: Cli, root: Path) -> str:
    item = _item(cli, root)
    cli("tick", FAILED, item).ok()
    return item


def _archived(cli: Cli, root: Path) -> str:
    cli("archive", ARCHIVED, "--yes", "--remove").ok()
    assert not (root / ARCHIVED).exists()
    return ARCHIVED


def _incident(cli: Cli, root: Path) -> str:
    assert root.is_dir()
    declare = ("incident", "declare", "--title", "t", "--severity", "SEV2", "--run", FAILED)
    return str(cli(*declare, "--json").ok().json["id"])


SETUPS: dict[str, Callable[[Cli, Path], str]] = {
    "JOB": _job, "ITEM": _item, "TICKED": _ticked, ARCHIVED: _archived, "INC": _incident,
}  # fmt: skip
"""Words of a line that stand for something that must be there, and what makes it."""


def picture(top: Path) -> dict[str, str]:
    """Every file below a directory; the journal and the locks besides it left out."""
    return {
        str(path.relative_to(top)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(top.rglob("*"))
        if path.is_file() and not path.name.startswith("journal.jsonl")
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("line", [line for lines in WRITES.values() for line in lines], ids=" ".join)
def test_a_verb_that_writes_is_refused_on_record_and_changes_nothing(
    cli: Cli, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...], way: str
) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    # What the line speaks of must be there: made while that was allowed.
    words = {word: SETUPS[word](cli, root) for word in line if word in SETUPS}
    if line[0] in ("undo", "release", "verify", "record"):
        _ticked(cli, root)
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50000 198.51.100.1 22")
    make, reason = WAYS[way]
    closed = make(root, tmp_path)
    before, known = picture(root.parent), len(cli("audit", "--json").ok().json)

    typed = [words.get(word, word) for word in line]
    refused = cli(*closed, *typed)

    assert (refused.code, refused.out) == (2, "")
    assert "read-only" in refused.err
    assert reason in refused.err
    assert picture(root.parent) == before
    assert not (tmp_path / "pwned").exists()
    (entry,) = [each for each in cli("audit", "--json").ok().json if each["seq"] > known]
    assert entry["kind"] == "action.refused"
    assert reason in entry["data"]["reason"]
    assert entry["data"]["action"]
    about = {entry["data"].get("run"), entry["incident"], *entry["data"].get("runs", ())}
    assert about & {FAILED, ARCHIVED, words.get("INC", FAILED)}
    assert entry["actor"]["ssh_peer"] == "192.0.2.7"
    assert entry["actor"]["real_user"]
    cli("audit", "verify").ok()


@pytest.mark.parametrize("way", WAYS)
def test_looking_stays_allowed(cli: Cli, root: Path, tmp_path: Path, way: str) -> None:
    make, _ = WAYS[way]
    closed = make(root, tmp_path)
    before = picture(tmp_path)
    for line in (
        ("status",), ("runs",), ("show", FAILED), ("diagnose", FAILED), ("actions", FAILED), ("checklist", FAILED),
        ("audit",), ("audit", "verify"), ("jobs",), ("playbooks",), ("keys",), ("info",), ("plan", "retry", FAILED),
    ):  # fmt: skip
        assert cli(*closed, *line).code == (1 if line[0] == "plan" else 0), line
    assert picture(tmp_path) == before


def test_another_root_is_not_closed_by_a_policy(cli: Cli, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    config = tmp_path / "config.toml"
    config.write_text(f'[[roots]]\npath = "{other}"\nread_only = true\n')
    cli("--config", config, "checklist", FAILED, "--playbook", "failed-run").ok()
    refused = cli("--config", config, "record", "--root", other, "--", "touch", tmp_path / "pwned")
    assert refused.code == 2
    assert "the command was not started" in refused.err
    assert not (tmp_path / "pwned").exists()
    assert not list(other.iterdir()), "a refusal makes no record where there was none"
    assert root.is_dir()
