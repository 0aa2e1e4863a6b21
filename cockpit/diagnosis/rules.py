"""A rule of the diagnosis: data that turns what was observed into a cause, a fix and a playbook.

A rule fires in one of three ways: its patterns match a text of the run (`match`), the run was observed to be so
(`observed`: a code of `cockpit.diagnosis.codes`), or a figure of the host is beyond a limit (`metric`). With both
patterns and codes an observation counts where its sentence matches. The other conditions only narrow that down.
"""

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Self

from pydantic import Field, field_validator, model_validator

from cockpit.diagnosis.claims import Claim
from cockpit.diagnosis.codes import Code
from cockpit.models.base import Model
from cockpit.models.physics import HostFacts
from cockpit.models.records import SignalKind
from cockpit.models.run import ATTENTION, RunState

ERROR = "error"
"""Texts of failures: errors of steps and receipts, of the run's record, of signals that something failed."""
ROUTING = "routing"
HANDOFF = "handoff"
EVENT = "event"
SIGNAL = "signal"
PROBLEM = "problem"
ARTIFACT = "artifact"
"""Paths of the run's files."""
PLACES = frozenset((ERROR, ROUTING, HANDOFF, EVENT, SIGNAL, PROBLEM, ARTIFACT, *(kind.value for kind in SignalKind)))
"""Where a pattern may be looked for; the kinds of signals are places of their own."""

KINDS = frozenset(("cause", "contradiction", "stuck", "security", "resource", "note"))
ANY_STATE = "any"
KNOWN_SYSTEMS = frozenset(("flow-studio", "curriculum-builder", "agents-orchestration", "ai-csuite"))
CUSTOM = "custom"
"""Systems with rules of their own; every other source, also a third party's, is treated as `custom`."""
CONTRADICTION = "contradiction-"
"""How the ids of contradictions begin, so that a list of ids tells whether there is one."""

MAX_TEXT = 4_000
"""Characters of a text that are searched: its head and its tail."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


_STATES = frozenset((ANY_STATE, *(state.value for state in RunState)))
_CLAIMS = frozenset(claim.value for claim in Claim)
_METRICS = frozenset(HostFacts.model_fields)


@lru_cache(maxsize=2_048)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


def _compilable(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            _regex(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    return patterns


def _among(known: Collection[str], what: str) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """A check of a list of words."""
    return lambda values: _known(values, known, what)


def _one_of(known: Collection[str], what: str) -> Callable[[str | None], str | None]:
    """A check of one word, where there is one."""
    return lambda value: value if value is None else _known((value,), known, what)[0]


def _known(values: tuple[str, ...], known: Collection[str], what: str) -> tuple[str, ...]:
    for value in values:
        if value not in known:
            raise ValueError(f"no {what} {value!r}; there are {', '.join(sorted(map(str, known)))}")
    return values


class Against(Model):
    """Evidence that speaks against a rule: a pattern or an observation, and by how much it lowers the confidence."""

    match: tuple[str, ...] = ()
    where: tuple[str, ...] = (ERROR,)
    observed: tuple[str, ...] = ()
    lowers: float = Field(default=0.25, gt=0, le=1)

    _patterns = field_validator("match")(_compilable)
    _places = field_validator("where")(_among(PLACES, "place"))
    _codes = field_validator("observed")(_among(frozenset(Code), "observation"))


class Rule(Model):
    """One row of a table of causes.

    Attributes:
        id: Id of the finding it makes.
        title: One line; here and in `cause`, `fix` and `warning`, `{where}` is the flow and step, `{text}` what was
            said, `{name}` what the pattern's first group matched.
        cause: Likely cause, one sentence.
        fix: What helps, one sentence.
        kind: See `cockpit.models.finding.Finding`.
        seed: The document its table comes from.
        systems: Source ids; empty means all.
        playbook: Id of the playbook to work; another may stand for it in a system (`Rules.playbook`).
        confidence: 0 to 1, before evidence for and against is weighed.
        suggests: Id of an action that really works there.
        warning: A recipe that does harm there.
        match: Regular expressions, case-insensitive; any of them, in a text of `where`.
        where: See `PLACES`.
        unless: Expressions that rule it out in the same text.
        observed: Codes; any of them.
        unobserved: Codes; none of them.
        metric: Attribute of `HostFacts` that must be `above` or `below` a limit.
        states: Run states; empty means those that need attention for patterns alone, and all for observations.
        claims: What the run's own record must say (`cockpit.diagnosis.claims.Claim`).
        steps: Expressions of which one must match the step the run stands at as a whole.
        fallback: It only repeats the verdict: said where no other rule explains the run.
        against: What speaks against it.
    """

    id: str
    title: str
    cause: str
    fix: str
    kind: str = "cause"
    seed: str = ""
    systems: tuple[str, ...] = ()
    playbook: str | None = None
    confidence: float = Field(gt=0, le=1)
    suggests: str | None = None
    warning: str | None = None
    match: tuple[str, ...] = ()
    where: tuple[str, ...] = (ERROR,)
    unless: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    unobserved: tuple[str, ...] = ()
    metric: str | None = None
    above: float | None = None
    below: float | None = None
    states: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    fallback: bool = False
    against: tuple[Against, ...] = ()

    _patterns = field_validator("match", "unless", "steps")(_compilable)
    _places = field_validator("where")(_among(PLACES, "place"))
    _codes = field_validator("observed", "unobserved")(_among(frozenset(Code), "observation"))
    _states = field_validator("states")(_among(_STATES, "state"))
    _claims = field_validator("claims")(_among(_CLAIMS, "claim"))
    _kinds = field_validator("kind")(_one_of(KINDS, "kind"))
    _metrics = field_validator("metric")(_one_of(_METRICS, "metric"))

    @field_validator("id")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not _ID.fullmatch(value):
            raise ValueError("is no plain id (lower-case letters, digits and hyphens)")
        return value

    @field_validator("title", "cause", "fix")
    @classmethod
    def _said(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if not (self.match or self.observed or self.metric):
            raise ValueError("needs match, observed or metric: nothing would ever make it fire")
        if self.metric and (self.match or self.observed):
            raise ValueError("a metric goes with neither match nor observed")
        if self.id.startswith(CONTRADICTION) != (self.kind == "contradiction"):
            raise ValueError(f"the id of a contradiction, and of nothing else, begins with {CONTRADICTION!r}")
        if self.metric and (self.above is None) == (self.below is None):
            raise ValueError("a metric needs either above or below")
        return self

    def for_system(self, source: str) -> bool:
        """Whether it is about runs of this source."""
        if not self.systems or source in self.systems:
            return True
        return CUSTOM in self.systems and source not in KNOWN_SYSTEMS

    def fits(self, source: str, state: RunState, claim: Claim, step: str | None, codes: Collection[str] = ()) -> bool:
        """Whether its conditions about the run as a whole hold; `codes` are all that was observed of it."""
        if not self.for_system(source) or (self.claims and claim.value not in self.claims):
            return False
        if any(code in codes for code in self.unobserved):
            return False
        if self.steps and not any(_regex(one).fullmatch(step or "") for one in self.steps):
            return False
        if self.states:
            return ANY_STATE in self.states or state.value in self.states
        return not self.match or bool(self.observed) or state in ATTENTION

    def explains(self, code: str, text: str) -> bool:
        """Whether it explains an observation, by its code and, where it has patterns, by its sentence."""
        return code in self.observed and (not self.match or self.find(text) is not None)

    def find(self, text: str) -> re.Match[str] | None:
        """The first of its patterns that matches, unless another one rules it out."""
        kept = bounded(text)
        found = next((hit for one in self.match if (hit := _regex(one).search(kept))), None)
        if found is None or any(_regex(one).search(kept) for one in self.unless):
            return None
        return found

    def beyond(self, host: HostFacts) -> float | None:
        """The figure of the host that is beyond the limit, or `None`."""
        value = getattr(host, self.metric) if self.metric else None
        if value is None:
            return None
        over = self.above is not None and value > self.above
        under = self.below is not None and value < self.below
        return float(value) if over or under else None


def bounded(text: str) -> str:
    """Head and tail of a text that is too long to be searched."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[: MAX_TEXT // 2]}\n{text[-MAX_TEXT // 2 :]}"


def matches_any(patterns: tuple[str, ...], text: str) -> re.Match[str] | None:
    """The first match of any pattern."""
    kept = bounded(text)
    return next((hit for one in patterns if (hit := _regex(one).search(kept))), None)
