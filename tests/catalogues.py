"""The actions of real and built runs as operators meet them: through a desk, planned and carried out."""

import re
from pathlib import Path
from typing import Any

from cockpit.actions.desk import ActionDesk
from cockpit.actions.jobs import wait_job
from cockpit.actions.launcher import JobContext
from cockpit.clock import system_clock
from cockpit.diagnosis.verdict import judge
from cockpit.journal.log import Journal
from cockpit.models.action import ActionSpec, Job, OutcomeRule, Plan
from cockpit.models.request import Service
from cockpit.models.run import Run, RunRef
from cockpit.sources.base import Source
from tests.conftest import NOW
from tests.workshop import ACTOR, PATIENCE_S


class Counter:
    """Plans and performs the actions of one root's runs."""

    def __init__(self, source: Source, root: Path, **more: Any) -> None:
        self.source, self.root = source, root
        self.state = root / ".cockpit"
        journal = Journal(self.state / "journal.jsonl", ACTOR, system_clock)
        context = JobContext(self.state, journal, system_clock, ACTOR, journal.path)
        self.desk = ActionDesk(root, context, lambda _: source, **more)

    def run(self, ref: RunRef) -> Run:
        return judge(self.source.detail(ref), NOW)

    def spec(self, ref: RunRef, action: str) -> ActionSpec:
        return {spec.id: spec for spec in self.source.actions(ref)}[action]

    def offers(self, ref: RunRef) -> dict[str, str | None]:
        run = self.run(ref)
        return {offer.spec.id: offer.refused for offer in self.desk.offers(run, self.source.detail(ref))}

    def plan(
        self, ref: RunRef, action: str, *, flow: str | None = None, step: str | None = None, **chosen: str
    ) -> Plan:
        return self.desk.plan(action, self.run(ref), flow=flow, step=step, options=chosen)

    def do(self, ref: RunRef, action: str, **chosen: str) -> Job:
        """Plan, perform, wait."""
        plan = self.plan(ref, action, **chosen)
        assert plan.refused is None, plan.refused
        job = self.desk.perform(plan, ref)
        return wait_job(self.state / "jobs" / job.id, PATIENCE_S)

    def output(self, job: Job) -> str:
        return Path(job.output).read_text()


def service(name: str) -> Service | None:
    """A configured service of any name; nothing listens there."""
    return Service(name=name, url="http://127.0.0.1:9")


def said_by(rules: tuple[OutcomeRule, ...], output: str) -> OutcomeRule | None:
    """The rule that tells how an output ended: of the first line that means a failure, else a success."""
    for failed in (True, False):
        for line in output.splitlines():
            for rule in rules:
                if rule.failed is failed and re.search(rule.pattern, line):
                    return rule
    return None
