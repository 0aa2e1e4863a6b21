"""Evidence paths of playbook items against the files real runs have, and what a person may give as evidence."""

from pathlib import Path

import pytest

from cockpit.errors import UsageError
from cockpit.models.evidence import Evidence, Rank
from cockpit.playbooks.evidence import matching, parse_evidence, pattern
from cockpit.playbooks.loader import load_library

HANDOFF = "{flow}/handoff*/{step}*.json"


def test_both_layouts_of_handoffs_match() -> None:
    paths = [
        "build/handoff/implement.json",
        "build/handoff/implement.draft.json",
        "build/handoffs/implement-code-implementer.json",
        "build/handoff/commit.json",
        "build/receipts/implement-code-implementer.json",
        "plan/handoff/implement.json",
        "build/handoff/old/implement.json",
    ]
    assert matching(pattern(HANDOFF, flow="build", step="implement"), paths) == (
        "build/handoff/implement.draft.json",
        "build/handoff/implement.json",
        "build/handoffs/implement-code-implementer.json",
    )


def test_what_is_unknown_matches_anything_and_names_are_taken_literally() -> None:
    template = "{flow}/receipts/{step}-{agent}.json"
    assert pattern(template, flow="build") == "build/receipts/*-*.json"
    assert pattern("{run}/{nope}", run="r") == "r/{nope}"
    filled = pattern(template, flow="b*", step="[x]", agent="{flow}")
    assert matching(filled, ["build/receipts/x-{flow}.json"]) == ()
    assert matching(filled, ["b*/receipts/[x]-{flow}.json"]) == ("b*/receipts/[x]-{flow}.json",)


@pytest.mark.real
@pytest.mark.parametrize(
    ("item", "run", "scope", "expected"),
    [
        (
            "failed-run/receipt",
            "runs/run-20261121-035953-z65pok",
            {"flow": "build", "step": "implement", "agent": "code-implementer"},
            "build/receipts/implement-code-implementer.json",
        ),
        (
            "failed-run/transcript",
            "runs/run-20261121-035953-z65pok",
            {"flow": "build", "step": "implement", "agent": "code-implementer"},
            "build/llm/implement-code-implementer-claude.jsonl",
        ),
        (
            "failed-run/handoff",
            "runs/run-20261121-040211-m3sgt2",
            {"flow": "build", "step": "implement"},
            "build/handoff/implement.draft.json",
        ),
        ("stuck-run/blocked", "runs/run-20261121-040322-2491qz", {"flow": "build"}, "build/handoff/implement.json"),
        (
            "stuck-run/step",
            "runs/run-20261121-040559-kyoyeq",
            {"flow": "build"},
            "build/receipts/branch-repo-operator.json",
        ),
    ],
)
def test_the_shipped_evidence_paths_find_the_files_of_real_runs(
    real_data: Path, item: str, run: str, scope: dict[str, str], expected: str
) -> None:
    root = real_data / "flow-studio" / run
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    found = load_library().item(item)
    assert found is not None
    assert found.evidence is not None
    assert expected in matching(pattern(found.evidence, **scope), paths)


@pytest.mark.real
def test_the_shipped_evidence_paths_find_the_files_of_the_documented_layout(real_data: Path) -> None:
    root = real_data / "flow-studio" / "docs-era-synthetic"
    paths = [path.as_posix() for path in root.rglob("*") if path.is_file()]
    library = load_library()
    for item in ("failed-run/handoff", "stuck-run/escalate", "failed-run/receipt", "failed-run/transcript"):
        found = library.item(item)
        assert found is not None
        assert found.evidence is not None
        filled = pattern(found.evidence)
        depth = filled.count("/") + 1
        assert matching(filled, ["/".join(path.split("/")[-depth:]) for path in paths]), item


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("run-1/build/receipts/a.json", "run-1/build/receipts/a.json", None),
        ("run-1/events.jsonl:12", "run-1/events.jsonl", 12),
        ("./run-1//a:b:3", "run-1/a:b", 3),
        ("a:0", "a:0", None),
        ("a:", "a:", None),
        ("[x]", "[x]", None),
    ],
)
def test_evidence_as_typed(text: str, path: str, line: int | None) -> None:
    assert parse_evidence(text) == Evidence(rank=Rank.ARTIFACT, path=path, line=line)


@pytest.mark.parametrize("text", ["", "  ", ".", "/etc/passwd", "../x", "a/../../b:3", "a\0b", "./"])
def test_evidence_outside_the_root_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a path below the root"):
        parse_evidence(text)
