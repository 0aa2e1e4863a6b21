"""The filter grammar of `/` and `--filter` (the headless contract).

Words match id, title, flow, step and reason as case-smart regular expressions; `!` inverts; `field:value` and
`field<value` compare one field; all terms are AND-ed and a comma inside a value means "or". A quoted word may hold
spaces.
"""

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.errors import UsageError
from cockpit.models.run import ATTENTION, Run, RunState
from cockpit.sanitize import clean
from cockpit.units import parse_duration

_TERM = re.compile(r"(?P<field>[a-z_]+)(?P<op>:|<=|>=|<|>)(?P<value>.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_TOKEN = re.compile(r'!?(?:[a-z_]+(?::|<=|>=|<|>))?"[^"]*"|\S+')

Test = Callable[[Run, datetime], bool]

_TEXTS: dict[str, Callable[[Run], str | None]] = {
    "id": lambda run: run.id,
    "title": lambda run: run.title,
    "flow": lambda run: run.flow,
    "step": lambda run: run.step,
    "agent": lambda run: run.agent,
    "backend": lambda run: run.backend,
    "root": lambda run: run.ref.root,
    "claimed": lambda run: run.claimed,
    "reason": lambda run: " ".join(reason.text for reason in run.reasons),
    "signature": lambda run: run.signature,
    "finding": lambda run: " ".join(run.findings),
    "tag": lambda run: " ".join(run.tags),
}
_NUMBERS: dict[str, Callable[[Run, datetime], float | None]] = {
    "age": lambda run, now: _seconds(run.age(now)),
    "silent": lambda run, now: _seconds(run.silence(now)),
    "problems": lambda run, _: float(run.problems),
    "failed": lambda run, _: float(run.steps.failed),
}
_FLAGS: dict[str, Callable[[Run], bool]] = {
    "contradicted": lambda run: run.contradicted,
    "attention": lambda run: run.state in ATTENTION or run.contradicted,
    "active": lambda run: run.state in (RunState.RUNNING, RunState.PENDING, RunState.PAUSED),
    "problem": lambda run: run.problems > 0,
}

FIELDS: tuple[str, ...] = ("state", "source", "severity", "is", *_TEXTS, *_NUMBERS)
"""Every field name, for completion."""
FLAGS: tuple[str, ...] = tuple(_FLAGS)
"""Every word `is:` takes."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter. `text` is what was typed; an empty one matches everything."""

    text: str = ""
    tests: tuple[Test, ...] = ()

    def matches(self, run: Run, now: datetime) -> bool:
        """Whether every term holds for `run` as of `now`."""
        return all(test(run, now) for test in self.tests)


EVERYTHING = Filter()
"""The filter that lets every run pass."""


def parse_filter(text: str, severities: Mapping[str, str] | None = None) -> Filter:
    """Parse a filter expression.

    Args:
        text: What was typed.
        severities: Run key to severity of its open incident, for `severity:`.

    Raises:
        UsageError: An unknown field, state, flag, duration, or a broken regular expression, named with what is valid.
    """
    tests = tuple(_term(token, severities or {}) for token in _TOKEN.findall(text))
    return Filter(text.strip(), tests)


def _term(token: str, severities: Mapping[str, str]) -> Test:
    inverse = token.startswith("!") and len(token) > 1
    body = token[1:] if inverse else token
    found = _TERM.fullmatch(body)
    test = _field(found["field"], found["op"], found["value"].strip('"'), severities) if found else _words(body)
    if not inverse:
        return test
    return lambda run, now: not test(run, now)


def _field(name: str, operator: str, value: str, severities: Mapping[str, str]) -> Test:
    if name in _NUMBERS:
        return _compare(name, operator, value)
    if operator != ":":
        raise UsageError(f"{name} is not a number: write {name}:value; numbers are {', '.join(_NUMBERS)}")
    # An empty one would match everything, as happens after each comma while a list is being typed.
    options = [option for option in value.split(",") if option]
    if not options:
        raise UsageError(f"{name}: needs a value")
    if name == "state":
        return _states(options)
    if name == "is":
        return _flags(options)
    if name == "source":
        return lambda run, _: run.ref.source in options
    if name == "severity":
        wanted = {option.upper() for option in options}
        return lambda run, _: severities.get(run.key) in wanted
    if name in _TEXTS:
        read, patterns = _TEXTS[name], [_regex(option) for option in options]
        return lambda run, _: any(pattern.search(read(run) or "") for pattern in patterns)
    raise UsageError(f"no field {name!r}; fields are {', '.join(FIELDS)}")


def _states(options: list[str]) -> Test:
    valid = [state.value for state in RunState]
    for option in options:
        if option not in valid:
            raise UsageError(f"no state {option!r}; states are {', '.join(valid)}")
    return lambda run, _: run.state.value in options


def _flags(options: list[str]) -> Test:
    for option in options:
        if option not in _FLAGS:
            raise UsageError(f"no flag is:{option}; flags are {', '.join(_FLAGS)}")
    return lambda run, _: any(_FLAGS[option](run) for option in options)


def _compare(name: str, operator: str, value: str) -> Test:
    try:
        limit = parse_duration(value)
    except ValueError as error:
        raise UsageError(f"{name}{operator}{value}: {error}") from error
    read = _NUMBERS[name]
    compare: dict[str, Callable[[float], bool]] = {
        ":": lambda number: number == limit,
        "<": lambda number: number < limit,
        ">": lambda number: number > limit,
        "<=": lambda number: number <= limit,
        ">=": lambda number: number >= limit,
    }
    check = compare[operator]

    def test(run: Run, now: datetime) -> bool:
        number = read(run, now)
        return number is not None and check(number)

    return test


def _words(word: str) -> Test:
    pattern = _regex(word.strip('"'))
    readers = [_TEXTS[name] for name in ("id", "title", "flow", "step", "reason")]
    return lambda run, _: any(pattern.search(read(run) or "") for read in readers)


def _regex(text: str) -> re.Pattern[str]:
    """Case-smart: an upper-case letter makes it case-sensitive, unless it is part of an escape."""
    flags = 0 if any(ch.isupper() for ch in _ESCAPED.sub("", text)) else re.IGNORECASE
    try:
        with warnings.catch_warnings():
            # `[[` makes re warn of its future syntax, on stderr: on top of the screen.
            warnings.simplefilter("ignore")
            return re.compile(text, flags)
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise UsageError(f"{clean(text, 60)!r} is not a regular expression: {error}") from error


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
