"""The exact HTTP request of a plan, from its template (`cockpit.models.request`) and the service. Sends nothing."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote, urlencode, urlsplit

from cockpit.actions.templates import fields_of, fill_one
from cockpit.errors import UsageError
from cockpit.models.action import ActionInput, InputKind
from cockpit.models.request import (
    BodyValue,
    Place,
    PlannedCheck,
    PlannedRequest,
    Prior,
    RequestCheck,
    RequestSpec,
    Service,
)
from cockpit.sanitize import clean

ServiceOf = Callable[[str], Service | None]
"""The configured service of a name, or `None`. May raise UsageError for a configuration that is broken."""

Values = Mapping[str, str | None]

METHODS = ("GET", "POST", "PATCH")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ANSWER = re.compile(r"\{answer\.[A-Za-z0-9_]+\}")
"""A field that is filled in when the service has answered."""


def texts_of(spec: RequestSpec) -> tuple[str, ...]:
    """Every template of a request, without the fields of an answer that is not there yet."""
    body = [text for value in (spec.body or {}).values() for text in _texts(value)]
    checks = [
        text
        for check in (*spec.before, *spec.after)
        for text in (check.path, check.field, check.equals or "", check.at_most or "")
    ]
    earlier = [
        text
        for prior in spec.prior
        for options in (prior.earlier.options, *prior.earlier.ended_by.values())
        for text in options.values()
    ]
    return tuple(_ANSWER.sub("", text) for text in (spec.path, *spec.query.values(), *body, *checks, *earlier))


def check_request(spec: RequestSpec, inputs: Sequence[ActionInput]) -> None:
    """Whether a request's templates can be filled in at all, whatever is chosen.

    Raises:
        UsageError: They cannot: an unknown field or method, or a text as part of a path.
    """
    if spec.method not in METHODS:
        raise UsageError(f"the method {clean(spec.method, 20)!r} is not one of {' '.join(METHODS)}")
    fields_of(texts_of(spec), inputs)
    _check_path(spec.path, inputs)
    for check in (*spec.before, *spec.after):
        if check.at is not Place.ANSWER:
            _check_path(check.path if check.at is Place.SERVICE else f"/{check.path}", inputs)
    if any(check.at is Place.ANSWER or _ANSWER.search(check.path + check.field) for check in spec.before):
        raise UsageError("before the request there is no answer to look at")


def _check_path(path: str, inputs: Sequence[ActionInput]) -> None:
    if not path.startswith("/") or path.startswith("//") or ".." in path.partition("?")[0].split("/"):
        raise UsageError(f"the path {clean(path)!r} must begin with / and stay below what it belongs to")
    if set(path) & set(" #\\") or not path.isprintable():
        raise UsageError(f"the path {clean(path)!r} holds a character that a path cannot hold")
    named = fields_of((_ANSWER.sub("", path.partition("?")[0]),), inputs)
    loose = next(
        (each for each in inputs if each.name in named and each.kind in (InputKind.TEXT, InputKind.PATH)), None
    )
    if loose is not None:
        raise UsageError(f"{{{loose.name}}} is a {loose.kind.value}: it may stand in the query or the body only")


def plan_request(
    spec: RequestSpec, values: Values, inputs: Sequence[ActionInput], service_of: ServiceOf, root: str
) -> PlannedRequest:
    """The request with every field filled in.

    Args:
        spec: The template.
        values: What its fields stand for; see `cockpit.actions.templates.fill`.
        inputs: The action's inputs.
        service_of: Finds the configured service.
        root: Absolute path of the root, for checks that look into a file of it.

    Raises:
        UsageError: The service is not configured, its token is missing, or a field has no value.
    """
    service = require_service(spec.service, service_of)
    check_request(spec, inputs)
    filler = _Filler(values, inputs)
    query = {name: filler.text(text) for name, text in spec.query.items()}
    url = service.url + filler.path(spec.path)
    pairs = [(name, value) for name, value in query.items() if value]
    if pairs:
        url += f"{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote)}"
    return PlannedRequest(
        service=service.name,
        method=spec.method,
        url=url,
        body=None if spec.body is None else filler.body(spec.body),
        token_env=service.token_env,
        timeout_s=max(service.timeout_s, spec.timeout_s or 0),
        check_timeout_s=service.timeout_s,
        prior=tuple(filler.prior(each) for each in spec.prior if filler.applies(each.when)),
        before=filler.checks(spec.before, service.url, root),
        after=filler.checks(spec.after, service.url, root),
        works=spec.works,
    )


def require_service(name: str, service_of: ServiceOf) -> Service:
    """The configured service.

    Raises:
        UsageError: There is none, or the variable that should hold its token is not set.
    """
    service = service_of(name)
    if service is None:
        told = f'write [services.{name}] url = "http://..." into the settings (cockpit info tells the file)'
        raise UsageError(f"where {clean(name)} answers is not known: {told}")
    if service.token_env is not None and not os.environ.get(service.token_env):
        raise UsageError(f"the token of {clean(name)} is missing: the variable {service.token_env} is not set")
    return service


def request_warnings(request: PlannedRequest) -> tuple[str, ...]:
    """What should be known about the way a request goes."""
    parts = urlsplit(request.url)
    if request.token_env and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return (f"the token in {request.token_env} goes to {clean(parts.netloc)} unencrypted (http)",)
    return ()


class _Filler:
    """The values of one plan, put into the parts of a request."""

    def __init__(self, values: Values, inputs: Sequence[ActionInput]) -> None:
        self._values = values
        self._kinds = {each.name: each.kind for each in inputs}
        self._optional = {each.name for each in inputs if each.optional}

    def applies(self, when: Mapping[str, str]) -> bool:
        """Whether a check or a condition is about what was chosen."""
        return all(self._values.get(name) == value for name, value in when.items())

    def text(self, template: str) -> str | None:
        """A text; `None` where it names an input that was left out. Fields of the answer stay as they are."""
        parts = [fill_one(part, self._values, self._optional) for part in _ANSWER.split(template)]
        if any(part is None for part in parts):
            return None
        later = [*_ANSWER.findall(template), ""]
        return "".join(f"{part}{field}" for part, field in zip(parts, later, strict=True))

    def path(self, template: str) -> str:
        """A path and query, every value quoted."""
        quoted = {name: None if value is None else quote(value, safe="") for name, value in self._values.items()}
        parts = [fill_one(part, quoted) or "" for part in _ANSWER.split(template)]
        later = [*_ANSWER.findall(template), ""]
        return "".join(f"{part}{field}" for part, field in zip(parts, later, strict=True))

    def body(self, template: Mapping[str, BodyValue]) -> dict[str, BodyValue]:
        """A JSON body; what names an input that was left out is left out."""
        filled = {name: self._value(value) for name, value in template.items()}
        return {name: value for name, value in filled.items() if value is not None}

    def _value(self, value: BodyValue) -> BodyValue | None:
        if isinstance(value, tuple):
            return tuple(text for text in map(self.text, value) if text is not None)
        if not isinstance(value, str):
            return value
        text = self.text(value)
        kind = self._kinds.get(value[1:-1]) if value.startswith("{") and value.endswith("}") else None
        if text is not None and kind is InputKind.INTEGER:
            return int(text)
        if text is not None and kind is InputKind.FLAG:
            return text == "yes"
        return text

    def checks(self, checks: Sequence[RequestCheck], base: str, root: str) -> tuple[PlannedCheck, ...]:
        """The questions that are asked; none about an input that was left out."""
        planned = []
        for check in checks:
            limits = {name: getattr(check, name) for name in ("equals", "at_most")}
            filled = {name: None if text is None else self.text(text) for name, text in limits.items()}
            field = self.text(check.field)
            lost = any(limits[name] is not None and filled[name] is None for name in limits)
            if not self.applies(check.when) or lost or field is None or self.text(check.path) is None:
                continue
            where = {Place.SERVICE: base + self.path(check.path), Place.ROOT: f"{root}/{self.text(check.path)}"}
            planned.append(
                PlannedCheck(at=check.at, url=where.get(check.at, ""), field=field, says=check.says, **filled)
            )
        return tuple(planned)

    def prior(self, prior: Prior) -> Prior:
        """What must have been done before, with what was chosen."""
        earlier = prior.earlier
        ended_by = {action: self._options(options) for action, options in earlier.ended_by.items()}
        update = {"options": self._options(earlier.options), "ended_by": ended_by}
        return prior.model_copy(update={"earlier": earlier.model_copy(update=update)})

    def _options(self, options: Mapping[str, str]) -> dict[str, str]:
        filled = {name: self.text(text) for name, text in options.items()}
        return {name: text for name, text in filled.items() if text is not None}


def _texts(value: BodyValue) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) else ()
