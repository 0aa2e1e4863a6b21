"""Steps a run is expected to do: from the tree's own configuration near the runs, else from the known lists.

`swarm/config/flows.yaml` and `swarm/config/flows/<flow>.yaml` are what the orchestrator runs
(formats/flow-studio.md 6, "Flows and steps"); the known lists below are those of the newest tree.
"""

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cockpit.models.records import PlannedStep
from cockpit.sources.fields import items, obj, whole, word
from cockpit.sources.jsonfile import Unreadable, read_bytes
from cockpit.sources.tree import Stamp


class Step(NamedTuple):
    """A step of a flow: its id, every agent that may do it, and how often its microloop may go round."""

    id: str
    agents: tuple[str, ...]
    loop_max: int | None = None


Flow = tuple[Step, ...]
Config = dict[str, Flow]


def _flow(text: str) -> Flow:
    """`id agent[,agent...][*max]` per step."""
    steps = []
    for entry in text.split(";"):
        name, agents = entry.split()
        agents, _, limit = agents.partition("*")
        steps.append(Step(name, tuple(agents.split(",")), int(limit) if limit else None))
    return tuple(steps)


KNOWN: Config = {
    "signal": _flow(
        "normalize signal-normalizer;frame problem-framer;author_reqs requirements-author;"
        "critique_reqs requirements-critic*3;author_bdd bdd-author;scope scope-assessor"
    ),
    "plan": _flow(
        "impact impact-analyzer;options design-optioneer;adr adr-author;interface interface-designer;"
        "observability observability-designer;test_strategy test-strategist;work work-planner;"
        "design_critique design-critic"
    ),
    "build": _flow(
        "branch repo-operator;load_context context-loader;clarify clarifier;author_tests test-author;"
        "critique_tests test-critic*3;implement code-implementer;critique_code code-critic*3;mutate mutator;fix fixer;"
        "docs doc-writer;self_review self-reviewer;commit repo-operator"
    ),
    "review": _flow(
        "run_prep run-prep;branch repo-operator;pr_create pr-creator;harvest pr-feedback-harvester;"
        "cluster review-worklist-writer;worklist_loop review-worklist-writer,test-author,code-implementer,fixer,"
        "doc-writer,design-optioneer,test-executor*50;close_pr pr-commenter,pr-status-manager;"
        "cleanup review-cleanup,build-cleanup;sanitize secrets-sanitizer;commit repo-operator;"
        "gh_update gh-issue-manager,gh-reporter"
    ),
    "gate": _flow(
        "receipt receipt-checker;contract contract-enforcer;security security-scanner;coverage coverage-enforcer;"
        "policy_check policy-analyst;gate_fix gate-fixer;merge_decision merge-decider"
    ),
    "deploy": _flow(
        "decide repo-operator;monitor deploy-monitor;smoke smoke-verifier;finalize deploy-decider;report gh-reporter"
    ),
    "wisdom": _flow(
        "audit artifact-auditor;regression regression-analyst;history flow-historian;learnings learning-synthesizer;"
        "feedback feedback-applier;wisdom_report gh-reporter"
    ),
}
# Steps that trees before the newest do not have (formats/flow-studio.md 6): their absence proves nothing.
_LATER_STEPS = {"gate": frozenset(("policy_check",))}

_LOOK_UP = 4
_PLACES = ("swarm/config/flows", "config/flows")
_FlowKey = tuple[str, Stamp]
_RECHECK_S = 1.0
"""Seconds for which the runs of one directory trust that their tree's configuration is where it was."""


class _Shelf:
    """Parsed configurations, shared by all runs and threads: 10,000 runs of one tree parse it once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.flows: dict[_FlowKey, tuple[str, Flow] | None] = {}
        self.folders: dict[str, tuple[tuple[_FlowKey, ...], Names | None]] = {}
        self.near: dict[tuple[str, str], tuple[float, Names]] = {}


def names_near(run: Path, root: Path) -> "Names":
    """The steps of the tree a run belongs to: its configuration, else the known lists.

    Looks for `swarm/config/flows` and `config/flows` in the root and in up to four directories above the run.
    The same object is returned until the configuration changes.
    """
    key, now = (os.fspath(run.parent), os.fspath(root)), time.monotonic()
    with _SHELF.lock:
        known = _SHELF.near.get(key)
        if known is None or now - known[0] > _RECHECK_S:
            known = _SHELF.near[key] = (now, _look_near(run, root))
        return known[1]


def _look_near(run: Path, root: Path) -> "Names":
    folders = dict.fromkeys(f"{base}/{place}" for base in (root, *run.parents[:_LOOK_UP]) for place in _PLACES)
    return next(filter(None, map(_load, folders)), _DEFAULT)


def _load(folder: str) -> "Names | None":
    try:
        with os.scandir(folder) as listing:
            found = sorted(
                (entry.path, entry.stat(follow_symlinks=False))
                for entry in listing
                if entry.name.endswith((".yaml", ".yml")) and entry.is_file(follow_symlinks=False)
            )
    except OSError:
        return None
    keys = tuple((path, (info.st_ino, info.st_size, info.st_mtime_ns)) for path, info in found)
    known = _SHELF.folders.get(folder)
    if known is not None and known[0] == keys:
        return known[1]
    config: Config = {}
    for key in keys:
        if key not in _SHELF.flows:
            _SHELF.flows[key] = _parse(key[0])
        flow = _SHELF.flows[key]
        if flow is not None:
            config[flow[0]] = flow[1]
    names = Names(config) if config else None
    _SHELF.folders[folder] = (keys, names)
    return names


def _parse(path: str) -> tuple[str, Flow] | None:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = obj(yaml.load(read_bytes(path, limit=1 << 20), Loader=loader))  # noqa: S506 - a safe loader
    except (Unreadable, OSError, yaml.YAMLError, RecursionError, ValueError):
        return None
    key = word(document.get("key")) or Path(path).stem
    steps = tuple(step for step in map(_step, items(document.get("steps"))) if step is not None)
    return (key, steps) if steps else None


def _step(value: object) -> Step | None:
    entry = obj(value)
    name = word(entry.get("id"))
    if name is None:
        return None
    agents = tuple(agent for agent in map(word, items(entry.get("agents"))) if agent is not None)
    return Step(name, agents, whole(obj(entry.get("routing")).get("max_iterations")))


class Names:
    """What steps and agents are called in one tree, and which step a file speaks of where its names disagree."""

    def __init__(self, config: Config | None) -> None:
        self.guessed = config is None
        self.flows: Config = KNOWN if config is None else {**KNOWN, **config}
        self._agents = {(flow, step.id): step.agents for flow, steps in self.flows.items() for step in steps}
        self.planned: dict[str, tuple[PlannedStep, ...]] = {}
        self._by_agent: dict[tuple[str, str], list[int]] = {}
        self._position = {(flow, step.id): i for flow, steps in self.flows.items() for i, step in enumerate(steps)}
        for flow, steps in self.flows.items():
            self.planned[flow] = tuple(
                PlannedStep(flow=flow, step=one.id, agent=one.agents[0] if one.agents else None, loop_max=one.loop_max)
                for one in steps
            )
            for i, step in enumerate(steps):
                for agent in step.agents:
                    self._by_agent.setdefault((flow, agent), []).append(i)

    def loop_max(self, flow: str, step: str) -> int | None:
        """How often the microloop that ends at this step may go round, where it is one."""
        position = self._position.get((flow, step))
        return None if position is None else self.flows[flow][position].loop_max

    def position(self, flow: str, step: str) -> int:
        """Place of a step in its flow; unknown steps come last."""
        return self._position.get((flow, step), 1_000)

    def resolve(self, flow: str, step: str, agent: str | None) -> str:
        """The step a record belongs to.

        The newest tree runs step N under the id of step N-1 (formats/flow-studio.md 3, row 22): where the pair of
        step and agent is not in the configuration, the agent decides; of several steps of one agent the next one.
        """
        agents = self._agents.get((flow, step))
        if agents is None or agent is None or not agents or agent in agents:
            return step
        candidates = self._by_agent.get((flow, agent))
        if not candidates:
            return step
        after = self._position[flow, step]
        best = next((i for i in candidates if i > after), candidates[0])
        return self.flows[flow][best].id

    def split(self, flow: str, stem: str) -> tuple[str, str | None]:
        """Step and agent from a file name `<step>-<agent>`: known steps first, then `step-N`, then the first hyphen."""
        for step in sorted(self.flows.get(flow, ()), key=_longest_first):
            if stem == step.id:
                return stem, None
            if stem.startswith(step.id + "-"):
                return step.id, stem[len(step.id) + 1 :]
        head, _, rest = stem.partition("-")
        if head == "step" and rest:
            number, _, agent = rest.partition("-")
            return f"step-{number}", agent or None
        return head, rest or None


def _longest_first(step: Step) -> int:
    return -len(step.id)


def expected(
    names: Names,
    flows: Iterable[str],
    seen: dict[str, set[str]],
    jumps: set[tuple[str, str, str]],
) -> tuple[PlannedStep, ...]:
    """The plan of a run.

    Args:
        names: The tree's steps.
        flows: Flows the run was asked to do.
        seen: Steps that left a trace, by flow.
        jumps: (flow, from step, to step) of every recorded route.

    Returns:
        The steps in order. A flow none of whose seen steps is in the list (the documents number theirs `step-1` ...)
        has no plan. A step the run routed past is not in the list that run was made with, and left out.
    """
    plan: list[PlannedStep] = []
    for flow in flows:
        steps = names.flows.get(flow, ())
        here = seen.get(flow, set())
        if here and not here & {step.id for step in steps}:
            continue
        planned = names.planned.get(flow, ())
        if len(here) < len(planned):
            skipped = _passed(flow, steps, here, jumps) | _not_yet_invented(flow, steps, here)
            plan.extend(step for step in planned if step.step not in skipped)
        else:
            plan.extend(planned)
    return tuple(plan)


def _passed(flow: str, steps: Flow, seen: set[str], jumps: set[tuple[str, str, str]]) -> set[str]:
    if not jumps:
        return set()
    order = [step.id for step in steps]
    passed: set[str] = set()
    for i, step in enumerate(order):
        if step in seen:
            continue
        before = {name for name in order[:i] if name in seen}
        after = {name for name in order[i + 1 :] if name in seen}
        if any((flow, a, b) in jumps for a in before for b in after):
            passed.add(step)
    return passed


def _not_yet_invented(flow: str, steps: Flow, seen: set[str]) -> set[str]:
    later = _LATER_STEPS.get(flow, frozenset())
    missing = {step.id for step in steps} - seen
    last = steps[-1].id if steps else ""
    return set(missing) if missing and missing <= later and last in seen else set()


_DEFAULT = Names(None)
_SHELF = _Shelf()
