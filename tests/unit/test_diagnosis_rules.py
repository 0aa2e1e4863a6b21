"""The rules as data: what they match, what they leave alone, and how broken ones are reported."""

import os
from pathlib import Path

import pytest

from cockpit.diagnosis.claims import Claim
from cockpit.diagnosis.rulebook import Rules, load_rules, shipped_rules
from cockpit.diagnosis.rules import PLACES, Rule
from cockpit.models.physics import HostFacts
from cockpit.models.run import RunState
from tests.unit.diagnosis_samples import HARMLESS, SAMPLES, Sample

SOURCES = ("flow-studio", "curriculum-builder", "agents-orchestration", "ai-csuite")
RULES = shipped_rules()


def matching(source: str, place: str, text: str) -> set[str]:
    return {
        rule.id for rule in RULES.of_texts if rule.for_system(source) and place in rule.where and rule.find(text)
    }  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.source}-{sample.text[:40]!r}")
def test_a_known_text_is_explained_by_the_rules_for_it_and_by_no_other(sample: Sample) -> None:
    assert matching(sample.source, sample.place, sample.text) == set(sample.ids)


@pytest.mark.parametrize("rule", RULES.of_texts, ids=lambda rule: rule.id)
def test_every_rule_with_patterns_explains_a_text_of_a_real_system(rule: Rule) -> None:
    assert any(rule.id in sample.ids for sample in SAMPLES)


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("source", SOURCES)
def test_what_is_written_when_all_is_well_means_nothing(source: str, text: str) -> None:
    found = {one for place in PLACES for one in matching(source, place, text)}
    assert not found


def test_the_shipped_rules_have_no_fault_and_ids_of_their_own() -> None:
    assert RULES.problems == ()
    assert len({rule.id for rule in RULES.rules}) == len(RULES.rules) > 90
    assert {rule.seed for rule in RULES.rules} == {"000", "001", "002", "003", "004"}
    for rule in RULES.rules:
        assert set(rule.systems) <= {*SOURCES, "custom"}, rule.id


def test_what_stands_for_a_playbook_in_another_system() -> None:
    known = {"failed-run", "graph-run", "response-protocol"}
    assert RULES.playbook("failed-run", "flow-studio", known) == "failed-run"
    assert RULES.playbook("failed-run", "ai-csuite", known) == "graph-run"
    assert RULES.playbook("failed-run", "somebody-elses", known) == "response-protocol"
    assert RULES.playbook("failed-run", "agents-orchestration", known) == "failed-run"
    assert RULES.playbook("wrong-output", "ai-csuite", known) is None
    assert RULES.playbook(None, "flow-studio", known) is None


def test_ones_own_rules_say_what_stands_for_a_playbook(tmp_path: Path) -> None:
    rules = write(tmp_path, "[instead.custom]\nfailed-run = 'ours'\n")
    assert rules.problems == ()
    assert rules.playbook("failed-run", "nightly", {"failed-run", "ours"}) == "ours"
    assert rules.playbook("failed-run", "ai-csuite", {"failed-run", "graph-run"}) == "graph-run"


@pytest.mark.parametrize(
    ("rule", "inside", "beyond"),
    [
        ("host-cpu", HostFacts(cpu_percent=90), HostFacts(cpu_percent=90.1)),
        ("host-memory", HostFacts(memory_percent=95), HostFacts(memory_percent=95.5)),
        ("host-disk", HostFacts(disk_free_percent=10), HostFacts(disk_free_percent=9.9)),
    ],
)
def test_the_thresholds_of_the_host_are_those_of_the_document(rule: str, inside: HostFacts, beyond: HostFacts) -> None:
    found = RULES.get(rule)
    assert found is not None
    assert found.beyond(inside) is None
    assert found.beyond(HostFacts()) is None
    assert found.beyond(beyond) is not None


def write(folder: Path, text: str, name: str = "mine.toml") -> Rules:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return load_rules(folder)


GOOD = """
[[rule]]
id = "missing-module"
match = ["GremlinError: (\\\\w+)"]
title = "Gremlins: {name}"
cause = "c"
fix = "f"
confidence = 0.5
"""


def test_a_rule_of_the_user_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    rules = write(tmp_path, GOOD)
    assert rules.problems == ()
    assert len(rules.rules) == len(RULES.rules)
    mine = rules.get("missing-module")
    assert mine is not None
    assert mine.find("GremlinError: lamp") is not None
    assert mine.find("ModuleNotFoundError: No module named 'x'") is None
    assert rules.digest != RULES.digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('match = ["GremlinError: (\\\\w+)"]', 'match = ["(unclosed"]'), "rule 1 (missing-module): match: "),
        (("confidence = 0.5", "confidence = 7"), "rule 1 (missing-module): confidence: "),
        (("confidence = 0.5", ""), "rule 1 (missing-module): confidence: Field required"),
        (("confidence = 0.5", "confidence = 0.5\nsuggest = 'x'"), "rule 1 (missing-module): suggest: "),
        (("confidence = 0.5", "confidence = 0.5\nstates = ['broken']"), "no state 'broken'; there are any, archived"),
        (("confidence = 0.5", "confidence = 0.5\nwhere = ['moon']"), "no place 'moon'"),
        (("confidence = 0.5", "confidence = 0.5\nobserved = ['tired']"), "no observation 'tired'"),
        (("confidence = 0.5", "confidence = 0.5\nkind = 'contradiction'"), "begins with 'contradiction-'"),
        (('id = "missing-module"', 'id = "A B"'), "is no plain id"),
        (('cause = "c"', 'cause = " "'), "cause: is empty"),
        (('match = ["GremlinError: (\\\\w+)"]', ""), "needs match, observed or metric"),
        (("[[rule]]", "[rule]"), "rule: must be written as [[rule]]"),
        (("[[rule]]", "rules = 1\n[[rule]]"), "unknown key 'rules'"),
        (("[[rule]]", "[[rule"), "is no TOML: "),
        (("[[rule]]", "[instead.custom]\nx = 1\n[[rule]]"), "instead.custom: must be a table"),
        (("[[rule]]", "[instead.moon]\nx = 'y'\n[[rule]]"), "instead: no system 'moon'; there are agents-orch"),
        (("[[rule]]", "instead = 1\n[[rule]]"), "instead: must be written as [instead.SYSTEM]"),
    ],
)
def test_a_broken_rule_is_reported_with_its_file_and_key_and_the_rest_counts(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    rules = write(tmp_path, GOOD.replace(*change))
    assert any(said in problem.reason for problem in rules.problems), rules.problems
    assert {problem.path for problem in rules.problems} == {str(tmp_path / "mine.toml")}
    assert len(rules.rules) == len(RULES.rules)


def test_two_rules_with_one_id_in_a_file_are_a_fault(tmp_path: Path) -> None:
    rules = write(tmp_path, GOOD + GOOD)
    assert [problem.reason for problem in rules.problems] == [
        "rule 2 (missing-module): id: there are two rules with this id in the file"
    ]


def test_files_that_cannot_be_read_are_reported_and_never_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "gone.toml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "big.toml").write_bytes(b"#" * (1 << 20) + b"#")
    (tmp_path / "folder.toml").mkdir()
    rules = load_rules(tmp_path)
    assert len(rules.problems) == 5
    assert rules.rules == RULES.rules
    assert load_rules(tmp_path / "missing").problems == ()


def test_conditions_about_the_run_narrow_a_rule_down() -> None:
    lie = RULES.get("contradiction-blocked")
    assert lie is not None
    assert lie.fits("flow-studio", RunState.BLOCKED, Claim.SUCCEEDED, None)
    assert not lie.fits("flow-studio", RunState.BLOCKED, Claim.RUNNING, None)
    module = RULES.get("missing-module")
    assert module is not None
    assert module.fits("flow-studio", RunState.FAILED, Claim.NONE, None)
    assert not module.fits("flow-studio", RunState.SUCCEEDED, Claim.NONE, None)
    assert not module.fits("ai-csuite", RunState.FAILED, Claim.NONE, None)
    silent = RULES.get("no-trace-of-generation")
    assert silent is not None
    assert silent.fits("curriculum-builder", RunState.STUCK, Claim.OTHER, "generate")
    assert not silent.fits("curriculum-builder", RunState.STUCK, Claim.OTHER, "regenerate")
