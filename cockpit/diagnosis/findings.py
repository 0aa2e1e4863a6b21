"""From facts and verdict to findings: what is probably wrong with a run, on what evidence, and what helps.

One mechanism: the verdict and the observers say what is so, rules (data) say what that means. Pure functions; the
same facts give the same findings in the same order.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from cockpit.diagnosis.claims import claim_of
from cockpit.diagnosis.disagreements import observe_claim, observe_disagreements
from cockpit.diagnosis.freshness import observe_freshness
from cockpit.diagnosis.observations import Observation, of_verdict
from cockpit.diagnosis.passages import passages
from cockpit.diagnosis.presence import observe_others, observe_physics
from cockpit.diagnosis.rulebook import Rules
from cockpit.diagnosis.rules import Rule
from cockpit.diagnosis.stuck import observe_stuck
from cockpit.diagnosis.weighing import Case, Growing
from cockpit.models.detail import RunDetail
from cockpit.models.finding import Finding
from cockpit.models.physics import Physics
from cockpit.models.run import Run

_TELLING = ("cause", "stuck", "resource", "security")
_TOLD = 0.5
"""From here on a finding says enough for the rules that only repeat the verdict to be silent."""


def diagnose(
    run: Run,
    detail: RunDetail,
    now: datetime,
    *,
    physics: Physics | None = None,
    others: Sequence[Run] = (),
    rules: Rules,
    playbooks: Collection[str] = (),
    actions: Collection[str] | None = None,
    observed: Iterable[Observation] = (),
) -> tuple[Finding, ...]:
    """What is probably wrong with a run, best first. Pure.

    Args:
        run: Its verdict as of `now`.
        detail: Its facts.
        now: Aware UTC.
        physics: Its processes and its host, where they were looked at.
        others: Other runs, to tell whether they failed in the same way.
        rules: The rules.
        playbooks: Ids of the playbooks that exist; findings name no others.
        actions: Ids of the actions that can be carried out on this run now, where that is known; findings suggest no
            others then.
        observed: What was seen in files that are not part of the facts (`cockpit.runtime.examine`).

    Returns:
        Findings, ranked by confidence, then by id; each id once.
    """
    if run.becomes is not None and now >= run.becomes.at:
        run = run.at(now)
    seen = [
        *of_verdict(run),
        *observe_stuck(run, detail),
        *observe_disagreements(detail),
        *observe_freshness(detail, rules.fresh),
        *observe_physics(run, physics),
        *observe_others(run, others),
        *observed,
    ]
    claim = claim_of(detail.record.means or run.claimed)
    seen += observe_claim(detail, claim, run.state)
    case = Case(run, detail, claim, tuple(passages(detail)), frozenset(one.code for one in seen))
    grown: dict[str, Growing] = {}
    for observation in seen:
        for rule in rules.by_code.get(observation.code, ()):
            if case.fits(rule) and rule.explains(observation.code, observation.text):
                _grow(grown, case, rule).observe(observation)
    _read(case, rules, grown)
    for rule in rules.of_host if physics is not None else ():
        if physics is not None and case.fits(rule) and (figure := rule.beyond(physics.host)) is not None:
            _grow(grown, case, rule).measure(rule.metric or "", figure)
    found = [(one.rule, one.finding(rules, playbooks, actions)) for one in grown.values()]
    told = any(not rule.fallback and one.kind in _TELLING and one.confidence >= _TOLD for rule, one in found)
    fallbacks = () if told else rank(one for rule, one in found if rule.fallback)[:1]
    return rank([*(one for rule, one in found if not rule.fallback), *fallbacks])


def _read(case: Case, rules: Rules, grown: dict[str, Growing]) -> None:
    """Let rules with patterns look into the run's texts."""
    fitting = [rule for rule in rules.of_texts if case.fits(rule)]
    looking: dict[frozenset[str], list[Rule]] = {}
    for passage in case.passages:
        if passage.places not in looking:
            looking[passage.places] = [rule for rule in fitting if passage.places.intersection(rule.where)]
        for rule in looking[passage.places]:
            if (hit := rule.find(passage.text)) is not None:
                _grow(grown, case, rule).match(passage, hit)


def rank(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by confidence, then id; of two with one id the surer one stays."""
    best: dict[str, Finding] = {}
    for finding in findings:
        if finding.id not in best or finding.confidence > best[finding.id].confidence:
            best[finding.id] = finding
    return tuple(sorted(best.values(), key=lambda one: (-one.confidence, one.id)))


def _grow(grown: dict[str, Growing], case: Case, rule: Rule) -> Growing:
    return grown.setdefault(rule.id, Growing(case, rule))
