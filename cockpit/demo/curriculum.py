"""Runs of curriculum-builder as that system writes them, past or live (formats/curriculum-builder.md 1).

The stage of a run is a matter of its files' times, so the history sets those as well.
"""

import json
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cockpit.demo.files import Pace, RealPace, RunFiles, SimulatedPace

TREE = Path("curriculum-builder")
"""The checkout, below a workspace."""
RUNS = TREE / "runs"
STAGES = ("initialized", "spec_ready", "generated", "validated", "planned", "iterated")
PROVIDER = "codex_exec"
LIVE = "-live"
"""Ends the ids of the runs the live producer makes; only those are ever pruned."""

_SPEC, _CURRICULUM = "inputs/topic_spec.json", "outputs/curriculum/curriculum.json"
_PREVIOUS = "outputs/curriculum/previous_curriculum.json"
_PASSED, _REPORT = "logs/validation.ok", "outputs/reviews/validation_report.md"
_PLAN, _DIFF = "outputs/plan/plan.json", "outputs/reviews/diff_report.json"
_PLACEHOLDERS = ("replace_with", "todo", "example", "tbd")
_HOURS_PER_WEEK = 6


class Topic(NamedTuple):
    """What a curriculum is to be about.

    Attributes:
        slug: In the run's id.
        goal: Its goal.
        scope: What is in; each becomes a node, called by the words before its first ` and `.
    """

    slug: str
    goal: str
    scope: tuple[str, ...]


TEMPLATE = Topic("", "replace_with_goal", ("replace_with_scope",))
TOPICS = (
    Topic("on-call-basics", "Take the pager for the payment service", (
        "Reading the board", "Severity by impact", "Rolling back a deploy", "Handing over a shift")),
    Topic("bayesian-decisions", "Defend a decision with a posterior", (
        "Posterior reasoning", "Prior choice", "Decision thresholds", "Telling uncertainty")),
    Topic("sql-windows", "Answer product questions with window functions", (
        "Partitions", "Frames", "Running totals", "Gaps in sequences")),
    Topic("queue-theory", "Size a worker pool from its arrival rate", (
        "Arrival rates", "Utilisation", "Waiting times", "Backpressure")),
)  # fmt: skip
DUPLICATES = Topic("incident-writing", "Write a post-mortem people read", (
    "Timelines and their sources", "Timelines and their gaps", "Causes without blame", "Actions with owners",
))  # fmt: skip
"""Two of its titles come out the same: its curriculum does not pass the validation (formats 5)."""


class CurriculumRun:
    """One run, driven command by command as the system does it."""

    def __init__(self, runs: Path, run_id: str, pace: Pace, rng: random.Random, *, torn: float = 0.0) -> None:
        """A run that exists, or that `init` makes.

        Args:
            runs: Where the runs are.
            run_id: `YYYYMMDD-HHMMSS-slug`.
            pace: The producer's clock.
            rng: Source of torn writes.
            torn: How often a file is seen half-written: the system writes in place.
        """
        self.run_id = run_id
        self.files = RunFiles(runs / run_id, run_id, pace, rng, torn=torn)
        self._pace = pace

    @property
    def directory(self) -> Path:
        """The run's directory."""
        return self.files.directory

    @property
    def stage(self) -> str:
        """The stage its record has."""
        return str(self.files.load("run.json")["stage"])

    def init(self, topic: Topic = TEMPLATE) -> None:
        """`init`: the folders, the template or a finished specification, and the record."""
        for folder in ("inputs", "outputs/curriculum", "outputs/reviews", "outputs/plan", "logs"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        self._json(_SPEC, _specification(topic))
        self.files.overwrite("inputs/scope.md", "# Learning Scope\n\n" + "".join(f"- {one}\n" for one in topic.scope))
        record = {"run_id": self.run_id, "created_at_utc": self._moment(), "stage": STAGES[0], "history": []}
        self._reach(STAGES[0], "run initialized", record=record)
        if topic is not TEMPLATE:
            self._reach(STAGES[1], f"auto-sync from artifacts (was {STAGES[0]})", previous_stage=STAGES[0])

    def ready(self) -> bool:
        """Whether the specification was filled in; the record follows, as with every command of the system."""
        spec = self.files.load(_SPEC)
        said = f"{spec.get('goal', '')} {spec.get('audience', '')}".lower()
        if any(word in said for word in _PLACEHOLDERS) or not spec.get("scope_in"):
            return False
        if self.stage == STAGES[0]:
            self._reach(STAGES[1], f"auto-sync from artifacts (was {STAGES[0]})", previous_stage=STAGES[0])
        return True

    def generate(self) -> None:
        """The part of `run` that asks the model, after its answer has come."""
        spec = self.files.load(_SPEC)
        if self.files.exists(_CURRICULUM):
            self._json(_PREVIOUS, self.files.load(_CURRICULUM))
        titles = [str(one).partition(" and ")[0] for one in spec["scope_in"]]
        nodes = [_node(number, title) for number, title in enumerate(titles, 1)]
        self._json(_CURRICULUM, {"topic": spec["goal"], "nodes": nodes})
        self._json("outputs/reviews/optimization_trace.json", _trace(len(nodes)))
        self._reach("generated", "agent generated curriculum")

    def validate(self) -> str:
        """`validate`: writes the report; what it found wrong, or ""."""
        titles = [str(node["title"]) for node in self.files.load(_CURRICULUM)["nodes"]]
        twice = sorted({title for title in titles if titles.count(title) > 1})
        wrong = f"Duplicate node titles: {twice}" if twice else ""
        self.files.overwrite(_REPORT, _report(self.directory / _CURRICULUM, len(titles), wrong))
        if wrong:
            (self.directory / _PASSED).unlink(missing_ok=True)
        else:
            self.files.overwrite(_PASSED, "ok\n")
            self._reach("validated", "validator passed")
        return wrong

    def plan(self) -> None:
        """`plan`, after a validation that passed."""
        curriculum = self.files.load(_CURRICULUM)
        self._json(_PLAN, _plan(curriculum["topic"], curriculum["nodes"]))
        self._reach("planned", "plan generated")

    def iterate(self) -> None:
        """`iterate`: compares with the curriculum before."""
        nodes = self.files.load(_CURRICULUM)["nodes"]
        before = self.files.load(_PREVIOUS)["nodes"] if self.files.exists(_PREVIOUS) else []
        self._json(_DIFF, _difference(before, nodes))
        self._reach("iterated", "diff generated")

    def edit_by_hand(self) -> None:
        """Somebody changes the curriculum after everything was done; nothing records it."""
        curriculum = self.files.load(_CURRICULUM)
        curriculum["nodes"][0]["estimate_minutes"] += 60
        self._json(_CURRICULUM, curriculum)

    def _reach(self, stage: str, message: str, *, record: dict[str, Any] | None = None, **metadata: str) -> None:
        record = record or self.files.load("run.json")
        if record["history"] and STAGES.index(stage) <= STAGES.index(record["stage"]):
            return  # the system's record only ever advances here
        item: dict[str, Any] = {"at_utc": self._moment(), "event_type": "stage_transition", "stage": stage}
        item |= {"message": message, "metadata": metadata}
        self.files.append("logs/events.jsonl", item, compact=True)
        record |= {"stage": stage, "history": [*record["history"], item]}
        self._json("run.json", record)

    def _json(self, name: str, value: object) -> None:
        self.files.overwrite(name, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def _moment(self) -> str:
        return f"{self._pace.now():%Y-%m-%dT%H:%M:%SZ}"


def new_id(moment: datetime, slug: str) -> str:
    """A run id as the system makes them."""
    return f"{moment:%Y%m%d-%H%M%S}-{slug}"


def write_runs(runs: Path, now: datetime) -> dict[str, str]:
    """The runs of the past; label of each -> its run id."""
    made: dict[str, str] = {}
    runs.mkdir(parents=True, exist_ok=True)
    seeds = iter(range(1, 100))

    def begin(label: str, topic: Topic, ago: timedelta) -> tuple[CurriculumRun, SimulatedPace]:
        pace = SimulatedPace(now - ago)
        run = CurriculumRun(runs, new_id(pace.moment, topic.slug), pace, random.Random(next(seeds)))  # noqa: S311
        made[label] = run.run_id
        run.init(topic)
        return run, pace

    def work(run: CurriculumRun, pace: SimulatedPace) -> None:
        pace.wait(232)
        run.generate()
        if not run.validate():
            run.plan()
            run.iterate()

    run, pace = begin("curriculum-ok", TOPICS[0], timedelta(hours=3, minutes=20))
    work(run, pace)
    run.files.age()
    run, pace = begin("curriculum-invalid", DUPLICATES, timedelta(hours=1, minutes=8))
    work(run, pace)
    run.files.age()
    run, pace = begin("curriculum-stale", TOPICS[1], timedelta(hours=6))
    work(run, pace)
    pace.wait(timedelta(hours=4).total_seconds())
    run.edit_by_hand()
    run.files.age()
    run, _ = begin("curriculum-live", TOPICS[2]._replace(slug=f"{TOPICS[2].slug}{LIVE}"), timedelta(seconds=50))
    run.files.age()
    return made


def play(runs: Path, pace: RealPace, rng: random.Random, seconds: Sequence[float]) -> None:
    """Make one run, live: nothing is to be seen while the model thinks, then everything comes within a second or two.

    Raises:
        Stopped: The producer was told to end.
    """
    topic = rng.choice((*TOPICS, *TOPICS, DUPLICATES))
    run = CurriculumRun(runs, new_id(pace.now(), f"{topic.slug}{LIVE}"), pace, rng, torn=0.2)
    run.init(topic)
    finish(run, pace, rng, seconds)


def finish(run: CurriculumRun, pace: RealPace, rng: random.Random, seconds: Sequence[float]) -> None:
    """Carry a run to its end, from wherever it stands.

    Raises:
        Stopped: The producer was told to end.
    """
    pace.wait(4 * rng.uniform(*seconds))
    run.generate()
    pace.wait(rng.uniform(*seconds) / 2)
    if not run.validate():
        pace.wait(rng.uniform(*seconds) / 2)
        run.plan()
        pace.wait(rng.uniform(*seconds) / 2)
        run.iterate()


def _specification(topic: Topic) -> dict[str, Any]:
    audience = "replace_with_audience" if topic is TEMPLATE else "Engineers new to the rota"
    limits = {"hours_per_week": _HOURS_PER_WEEK, "total_hours_min": 6, "total_hours_max": 24, "depth": "practical"}
    return {
        "spec_version": "1.0",
        "goal": topic.goal,
        "audience": audience,
        "prerequisites": ["basic probability"],
        "scope_in": list(topic.scope),
        "scope_out": [],
        "constraints": limits,
        "domain_mode": "mature",
        "evidence_mode": "minimal",
    }


def _node(number: int, title: str) -> dict[str, Any]:
    return {
        "id": f"N{number}",
        "title": title,
        "capability": f"Use {title.lower()} without help",
        "prerequisites": [f"N{number - 1}"] if number > 1 else [],
        "core_ideas": [f"What {title.lower()} is for."],
        "pitfalls": [f"Taking {title.lower()} for granted."],
        "mastery_check": {"task": f"Work a case of {title.lower()}.", "pass_criteria": "A colleague agrees."},
        "estimate_minutes": 110 + 17 * number,
        "resources": [
            {"title": "Handbook", "url": "https://wiki.invalid/handbook", "kind": "doc", "role": "reference"}
        ],
    }


def _trace(nodes: int) -> dict[str, Any]:
    policy = {"provider": PROVIDER, "model": None, "temperature": 0.0, "max_iterations": 4, "target_score": 82}
    policy |= {"max_actions_per_iteration": 4, "timeout_seconds": 300, "retry_budget": 1, "schema_version": "1.0"}
    turns = [
        {
            "iteration": turn,
            "model_policy": policy,
            "pedagogy_summary": {},
            "score_summary": {"total_score": 80 + turn},
            "learner_path_diagnostics": [],
            "selected_actions": [
                {"action_type": "rewrite_node", "reason": "Compound.", "severity": "warning", "node_id": f"N{nodes}"}
            ],
            "post_score_summary": {"total_score": 81 + turn},
        }
        for turn in (1, 2)
    ]
    return {
        "schema_version": "1.0",
        "stop_reason": "max_iterations_reached",
        "best_score": 83,
        "accepted": False,
        "iterations": turns,
    }


def _report(curriculum: Path, nodes: int, wrong: str) -> str:
    line = "=" * 60
    failed = f"FAILED: 1\n  ERR  {wrong}\n" if wrong else "ALL CHECKS PASSED\n"
    total = f"Total: {nodes + 2} passed, 0 warnings, {1 if wrong else 0} failed"
    passed = [f"JSON parsed successfully from {curriculum.name}", "Topic spec contract satisfied"]
    passed += [f"Node N{number}: fields complete" for number in range(1, nodes + 1)]
    listed = "".join(f"  OK  {one}\n" for one in passed)
    body = f"\n{line}\nCURRICULUM VALIDATION REPORT\n{line}\n\nPASSED: {len(passed)}\n{listed}\n{failed}"
    body += f"\n{line}\n{total}\n"
    verdict = "FAIL" if wrong else "PASS"
    return f"## Validation Report\n\n- Verdict: **{verdict}**\n\n### Validator Output\n\n```text\n{body}{line}\n```\n"


def _plan(topic: str, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    half = (len(nodes) + 1) // 2
    weeks = []
    for week, part in enumerate((nodes[:half], nodes[half:]), 1):
        tasks = [{"node_id": node["id"], **node["mastery_check"]} for node in part]
        review = [node["id"] for node in nodes[:half]] if week > 1 else []
        weeks.append({"week": week, "nodes": [node["id"] for node in part], "deliverables": tasks, "review": review})
    return {
        "topic": topic,
        "duration_weeks": 2,
        "weekly_budget_minutes": _HOURS_PER_WEEK * 60.0,
        "total_estimated_minutes": float(sum(node["estimate_minutes"] for node in nodes)),
        "weeks": weeks,
    }


def _difference(before: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> dict[str, Any]:
    old, new = {node["id"]: node for node in before}, {node["id"]: node for node in nodes}
    changed = [
        {"id": name, "changed_fields": fields}
        for name in old.keys() & new.keys()
        if (fields := sorted(key for key in new[name] if new[name][key] != old[name].get(key)))
    ]
    delta = sum(node["estimate_minutes"] for node in nodes) - sum(node["estimate_minutes"] for node in before)
    return {
        "added_nodes": sorted(new.keys() - old.keys()),
        "removed_nodes": sorted(old.keys() - new.keys()),
        "changed_nodes": sorted(changed, key=lambda one: str(one["id"])),
        "time_delta_minutes": float(delta),
        "critical_path_changed": list(old) != list(new),
        "previous_critical_path": list(old),
        "current_critical_path": list(new),
    }
