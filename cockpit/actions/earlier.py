"""What jobs of this state directory did at a service, for services that cannot tell it themselves.

ai-csuite keeps the stage of a ramp and the ids of its shadows in memory and has no way to ask for them
(formats/ai-csuite.md, "Facts" 6 and "Providers"). What it answered when they were set is in the jobs that set them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cockpit.actions.jobs import is_alive, job_dirs
from cockpit.actions.names import why_not_plain
from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import JOB, RESULT
from cockpit.clock import parse_iso
from cockpit.errors import UsageError
from cockpit.models.action import ActionInput
from cockpit.models.request import Earlier, Prior, Recall, RequestExit
from cockpit.sanitize import clean

ANSWER_FILE = "answer.json"
"""In a job's directory: the plain fields of what the service answered."""

_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Deed:
    """A request that was carried out.

    Attributes:
        options: Its inputs.
        answer: What the service answered, as far as it is plain.
    """

    job: str
    action: str
    options: Mapping[str, str]
    answer: Mapping[str, str] = field(default_factory=dict)


def origin(url: str) -> str:
    """Scheme, host and port of a URL, to tell whether two requests went to the same service."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def fill_earlier(earlier: Earlier, values: Mapping[str, str | None]) -> Earlier:
    """The same with its templates filled in.

    Raises:
        UsageError: A field without a value.
    """
    return Earlier(
        action=earlier.action,
        options=_filled(earlier.options, values),
        ended_by={action: _filled(options, values) for action, options in earlier.ended_by.items()},
    )


def _filled(options: Mapping[str, str], values: Mapping[str, str | None]) -> dict[str, str]:
    def value(match: re.Match[str]) -> str:
        known = values.get(match[1])
        if known is None:
            raise UsageError(f"the request needs a value for {clean(match[1])} and none is known")
        return known

    return {name: _FIELD.sub(value, text) for name, text in options.items()}


def newest(earlier: Earlier, state_dir: Path, url: str) -> Deed | None:
    """The newest of some earlier jobs that was not taken back since.

    Args:
        earlier: Which jobs; its templates filled in.
        state_dir: Where jobs are kept.
        url: Any URL of the service.
    """
    for deed, confirmed in _deeds(state_dir, origin(url)):
        if any(deed.action == action and _holds(deed, options) for action, options in earlier.ended_by.items()):
            return None
        if confirmed and deed.action == earlier.action and _holds(deed, earlier.options):
            return deed
    return None


def unmet(prior: Sequence[Prior], state_dir: Path, url: str) -> str | None:
    """What should have been done before and was not, for people; `None` where nothing is missing."""
    for each in prior:
        if newest(each.earlier, state_dir, url) is None:
            return each.says
    return None


def recalled(inputs: Sequence[ActionInput], chosen: Mapping[str, str], state_dir: Path, url: str) -> dict[str, str]:
    """Defaults of inputs that earlier jobs give.

    Args:
        inputs: Of an action that is a request.
        chosen: What was chosen.
        state_dir: Where jobs are kept.
        url: Any URL of the service.
    """
    found: dict[str, str] = {}
    known = {each.name: each.default for each in inputs if each.default is not None} | dict(chosen)
    for each in inputs:
        if each.recall is None or each.name in chosen:
            continue
        value = _recall(each, each.recall, known, state_dir, url)
        if value is not None:
            found[each.name] = known[each.name] = value
    return found


def _recall(wanted: ActionInput, recall: Recall, known: Mapping[str, str], state_dir: Path, url: str) -> str | None:
    try:
        deed = newest(fill_earlier(recall.earlier, known), state_dir, url)
    except UsageError:
        return None
    if deed is None:
        return wanted.choices[0] if recall.next and wanted.choices else None
    kind, _, name = recall.field.partition(".")
    value = (deed.options if kind == "options" else deed.answer).get(name)
    if value is None or not recall.next:
        return value
    place = wanted.choices.index(value) if value in wanted.choices else -1
    return wanted.choices[min(place + 1, len(wanted.choices) - 1)]


class _Sent(NamedTuple):
    """A job that sent a request, or may have."""

    ended: float
    origin: str
    confirmed: bool
    deed: Deed


def _deeds(state_dir: Path, where: str) -> Iterator[tuple[Deed, bool]]:
    """Requests to a service that were sent, the one that ended last first, and whether they were confirmed."""
    found = [sent for job_dir in job_dirs(state_dir) if (sent := _sent(job_dir)) is not None and sent.origin == where]
    for sent in sorted(found, key=lambda each: each.ended, reverse=True):
        yield sent.deed, sent.confirmed


def _sent(job_dir: Path) -> _Sent | None:
    try:
        stamp = (job_dir / RESULT).stat().st_mtime_ns
    except OSError:
        return _lost(job_dir)
    return _ended(job_dir, stamp)


@lru_cache(maxsize=4096)
def _ended(job_dir: Path, _stamp: int) -> _Sent | None:
    """A job that has ended. It does not change any more, so it is read once."""
    result = read_object(job_dir / RESULT) or {}
    code = result.get("exit_code")
    if code not in (RequestExit.DONE, RequestExit.UNKNOWN):
        return None
    # By the host's clock: a job's name bears the time of a cockpit that may have been told another.
    moment = parse_iso(str(result.get("ended_at")))
    confirmed = code == RequestExit.DONE and result.get("reason") is None
    return _read(job_dir, 0.0 if moment is None else moment.timestamp(), confirmed=confirmed)


def _lost(job_dir: Path) -> _Sent | None:
    """A job whose supervisor was killed: its request may have been sent."""
    if is_alive(job_dir):
        return None
    try:
        written = (job_dir / JOB).stat().st_mtime
    except OSError:
        return None
    return _read(job_dir, written, confirmed=False)


def _read(job_dir: Path, ended: float, *, confirmed: bool) -> _Sent | None:
    plan = (read_object(job_dir / JOB) or {}).get("plan")
    request = plan.get("request") if isinstance(plan, dict) else None
    if not isinstance(plan, dict) or not isinstance(request, dict) or not isinstance(request.get("url"), str):
        return None
    answer = (read_object(job_dir / ANSWER_FILE) or {}).get("answer")
    deed = Deed(job_dir.name, str(plan.get("action")), _plain(plan.get("options")), _plain(answer))
    return _Sent(ended, origin(request["url"]), confirmed, deed)


def _holds(deed: Deed, options: Mapping[str, str]) -> bool:
    return all(deed.options.get(name) == value for name, value in options.items())


def _plain(value: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    """The plain names among the fields of an object: nothing else of an answer goes into another request."""
    if not isinstance(value, dict):
        return {}
    texts = {str(name): str(each) for name, each in value.items() if isinstance(each, str | int)}
    return {clean(name, 100): text for name, text in texts.items() if why_not_plain(text) is None}
