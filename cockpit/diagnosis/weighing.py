"""Weighing a finding: what speaks for it, what against, how sure that makes it, and which step it is about."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from cockpit.diagnosis.claims import Claim
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.masking import mask
from cockpit.diagnosis.observations import Observation
from cockpit.diagnosis.parts import gist, where
from cockpit.diagnosis.passages import Passage
from cockpit.diagnosis.rulebook import Rules
from cockpit.diagnosis.rules import Against, Rule, matches_any
from cockpit.diagnosis.signatures import signature
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.finding import Finding, Suggestion
from cockpit.models.records import SignalKind, StepStatus
from cockpit.models.run import Run

MAX_EVIDENCE = 8
"""Places named for and against one finding; further ones add nothing to read."""
_MIN, _MAX = 0.05, 0.99
_ELSEWHERE = 0.75
"""What a text counts that speaks of another step than the one in question."""
_SURVIVED = 0.5
"""What it counts where that step succeeded after all."""
_SECOND_PLACE = 0.03
"""What a second file that says the same adds."""
_CONTRARY = 0.15
"""What each piece of evidence against takes away."""
_TEXT = 300
_STALLED = SignalKind.STALLED.value
_DECIDES = 0.05
"""What it adds that the verdict itself rests on it."""
_STRENGTH = {rank: place for place, rank in enumerate(Rank)}
_WORD = re.compile(r"\{(where|name|text)\}")
_LIMIT = re.compile(r"(?:exceeded|after|timeout of|limit(?: of)?)\D{0,12}(\d{1,7})\s?(?:s\b|sec)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a finding of one run is weighed against."""

    run: Run
    detail: RunDetail
    claim: Claim
    passages: tuple[Passage, ...]
    codes: frozenset[Code]

    def fits(self, rule: Rule) -> bool:
        """Whether the rule's conditions about the run hold."""
        return rule.fits(self.run.ref.source, self.run.state, self.claim, self.run.step, self.codes)

    def weight(self, passage: Passage) -> float:
        """How much a text counts: most where it speaks of the step in question, or of the run as a whole."""
        if passage.step is None or (passage.flow, passage.step) == (self.run.flow, self.run.step):
            return 1.0
        if _STALLED in passage.places:
            return 1.0  # what the source itself holds against the run, of whatever step
        steps = [one for one in self.detail.steps if (one.flow, one.step) == (passage.flow, passage.step)]
        return _SURVIVED if steps and steps[-1].status is StepStatus.SUCCEEDED else _ELSEWHERE

    def contrary(self, against: Against) -> tuple[Evidence, ...]:
        """Evidence for one thing that speaks against a rule."""
        found = [
            passage.quoted(hit.group(0))
            for passage in self.passages
            if against.match
            and passage.places.intersection(against.where)
            and (hit := matches_any(against.match, passage.text))
        ]
        return tuple(found[:2])

    def receipts_that_differ(self, flow: str | None, step: str | None) -> tuple[Evidence, ...]:
        """The receipt that says that a step succeeded, where there is one."""
        return tuple(
            Evidence(rank=Rank.RECEIPT, path=one.path, quote=f'"status": "{one.raw_status}"')
            for one in self.detail.receipts
            if (one.flow, one.step) == (flow, step) and one.status is StepStatus.SUCCEEDED
        )[:1]


@dataclass(slots=True)
class Growing:
    """A finding that gathers evidence."""

    case: Case
    rule: Rule
    weight: float = 0.0
    supporting: list[Evidence] = field(default_factory=list)
    against: list[Evidence] = field(default_factory=list)
    flow: str | None = None
    step: str | None = None
    text: str = ""
    name: str = ""
    said: str | None = None
    decides: bool = False

    def observe(self, observation: Observation) -> None:
        """Take an observation that the rule explains."""
        reasons = self.case.run.reasons
        decides = bool(reasons) and reasons[0].code == observation.code
        self.decides |= decides
        if decides or observation.code is Code.RECURRING:
            self.said = self.said or self.case.run.signature
        self.supporting += observation.evidence
        self.against += observation.against
        self._about(1.0, observation.flow, observation.step, observation.text, observation.name)

    def match(self, passage: Passage, hit: re.Match[str]) -> None:
        """Take a text that one of the rule's patterns matched."""
        self.supporting.append(passage.quoted(hit.group(0)))
        groups = [group for group in hit.groups() if group]
        better = self._about(
            self.case.weight(passage), passage.flow, passage.step, gist(passage.text), groups[0] if groups else ""
        )
        if better:
            self.said = signature(passage.text)

    def measure(self, metric: str, figure: float) -> None:
        """Take a figure of the host that is beyond the rule's limit."""
        shown = metric.replace("_", " ").replace(" percent", "")
        quote = f"{shown} {figure:g}" + (" %" if metric.endswith("percent") else "")
        self.supporting.append(Evidence(rank=Rank.PHYSICS, path=self.case.run.ref.path, quote=quote))
        self._about(1.0, None, None, quote, "")

    def _about(self, weight: float, flow: str | None, step: str | None, text: str, name: str) -> bool:
        """Take the step and words of what counts most; the first of equals."""
        if weight <= self.weight:
            return False
        self.weight, self.text, self.name = weight, text, name
        self.flow, self.step = flow, step
        return True

    def finding(self, rules: Rules, playbooks: Collection[str], actions: Collection[str] | None) -> Finding:
        """The finding, with its evidence weighed."""
        rule, case = self.rule, self.case
        confidence = rule.confidence * self.weight
        supporting = _once(self.supporting)
        if len({one.path for one in supporting}) > 1:
            confidence += _SECOND_PLACE
        if self.decides and rule.kind != "contradiction":
            confidence += _DECIDES
        confidence -= _CONTRARY * min(len(_once(self.against)), 2)
        against = list(self.against)
        for one in rule.against:
            places = case.contrary(one)
            codes = [Code(code) for code in one.observed if code in case.codes]
            short = self._short() if Code.SHORT_STEP in one.observed else ()
            if places or codes or short:
                confidence -= one.lowers
                against += places or short or self._observed(codes)
        if self.flow and self.step and rule.match:
            against += case.receipts_that_differ(self.flow, self.step)
        if rule.match and self.weight == 1.0 and case.receipts_that_differ(self.flow, self.step):
            confidence -= _CONTRARY / 2
        flow, step = self.flow or case.run.flow, self.step or case.run.step
        words = {"where": where(flow, step), "name": _cut(mask(self.name)), "text": _cut(mask(self.text))}

        def say(text: str) -> str:
            return _WORD.sub(lambda found: words[found[1]], text)

        suggests = None
        if rule.suggests and (actions is None or rule.suggests in actions):
            suggests = Suggestion(action=rule.suggests, flow=flow, step=step)
        return Finding(
            id=rule.id,
            title=say(rule.title),
            kind=rule.kind,
            playbook=rules.playbook(rule.playbook, case.run.ref.source, playbooks),
            confidence=round(min(max(confidence, _MIN), _MAX), 2),
            cause=say(rule.cause),
            fix=say(rule.fix),
            warning=say(rule.warning) if rule.warning else None,
            supporting=_shown(supporting),
            against=_shown(_once(against)),
            suggests=suggests,
            signature=self.said,
        )

    def _observed(self, codes: list[Code]) -> list[Evidence]:
        """The places of what was observed against the rule."""
        return [
            evidence for reason in self.case.run.reasons if reason.code in codes for evidence in reason.evidence[:2]
        ]

    def _short(self) -> tuple[Evidence, ...]:
        """Evidence that the step took much less time than the limit it is said to have exceeded."""
        found = _LIMIT.search(self.text)
        if found is None:
            return ()
        for step in self.case.detail.steps:
            if (step.flow, step.step) == (self.flow, self.step) and step.started_at and step.ended_at:
                took = step.ended_at - step.started_at
                if took < timedelta(seconds=int(found[1])) / 2 and step.evidence is not None:
                    quote = f"took {took.total_seconds():.1f} s, the limit was {found[1]} s"
                    return (step.evidence.model_copy(update={"quote": quote}),)
        return ()


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"


def _once(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Each place once, strongest first, else in the order found; of two quotes the one that holds the other.

    One file (a database, a log read as a whole) may hold several places without a line of their own.
    """
    kept: list[Evidence] = []
    for one in evidence:
        for place, other in enumerate(kept):
            if (one.path, one.line) == (other.path, other.line) and (
                one.quote in other.quote or other.quote in one.quote
            ):
                kept[place] = one if len(one.quote) > len(other.quote) else other
                break
        else:
            kept.append(one)
    return sorted(kept, key=lambda one: _STRENGTH[one.rank])


def _shown(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    return tuple(one.model_copy(update={"quote": mask(one.quote)}) for one in evidence[:MAX_EVIDENCE])
