"""HTTP requests as actions: the template a source gives, and the exact request of a plan.

A request is carried out by a job, once, and never sent again by itself. What it rests on is asked before, what became
of it is asked after; what a service cannot tell (it forgets, or has no way to read it back) is taken from the jobs
that were confirmed before.
"""

from enum import IntEnum, StrEnum

from pydantic import Field

from cockpit.models.base import Model


class Service(Model):
    """Where the requests of actions go (`[services.<name>]` of the settings).

    Attributes:
        name: As `RequestSpec.service` has it.
        url: Base URL, `http` or `https`, without credentials and without a slash at the end.
        token_env: Name of the environment variable with the bearer token, or `None` for none.
        timeout_s: Seconds one answer may take.
    """

    name: str
    url: str
    token_env: str | None = None
    timeout_s: float = 10.0


BodyValue = bool | int | float | str | tuple[str, ...]
"""What a field of a JSON body may hold. A template that is one input and nothing else takes that input's type: an
integer becomes a number, a flag `true` or `false`."""


class RequestExit(IntEnum):
    """Exit code of the job that carries out a request: what is known of the request when it ends."""

    DONE = 0
    """Sent, answered, and what was to be read back says so."""
    FAILED = 1
    """Sent, and answered that it did not work."""
    NOT_SENT = 3
    """Nothing was sent: a gate was not met, or the service could not be reached."""
    UNKNOWN = 4
    """Sent, and not confirmed: it may have happened."""


class Place(StrEnum):
    """Where a check looks."""

    SERVICE = "service"
    """At what the service answers to a GET."""
    ROOT = "root"
    """Into a JSON file below the root."""
    ANSWER = "answer"
    """At the answer to the request itself; only after it."""


class RequestCheck(Model):
    """A question asked before or after a request. It only reads.

    Attributes:
        at: Where it looks.
        path: Template: path and query below the base URL, or the path of a file relative to the root. Empty for the
            answer. After the request it may name `{answer.FIELD}`, a plain name the service answered with.
        field: Where the value looked at is; a template. Names and numbers (negative from the end) divided by dots;
            `[name=value]` is the item of a list whose `name` is `value`: `[capability=ads].adapter`.
        equals: What it must be, as JSON writes it (`true`, `5`) or as text; a template.
        at_most: The number it must not exceed; a template. With neither it must be there, and not false, null, zero
            or empty.
        when: Asked only where these inputs have these values.
        says: What it means where it does not hold, for people.
    """

    at: Place = Place.SERVICE
    path: str = ""
    field: str
    equals: str | None = None
    at_most: str | None = None
    when: dict[str, str] = Field(default_factory=dict)
    says: str


class Earlier(Model):
    """Jobs of this state directory that succeeded at the same service, and were not taken back since.

    Attributes:
        action: Of this action.
        options: With these inputs; templates.
        ended_by: Actions that take it back, with the inputs that make them the same thing; templates.
    """

    action: str
    options: dict[str, str] = Field(default_factory=dict)
    ended_by: dict[str, dict[str, str]] = Field(default_factory=dict)


class Prior(Model):
    """What must have been done before, where the service itself cannot tell.

    Attributes:
        earlier: There must be such a job.
        when: Needed only where these inputs have these values.
        says: What it means where there is none, for people.
    """

    earlier: Earlier
    when: dict[str, str] = Field(default_factory=dict)
    says: str


class Recall(Model):
    """Where the default of an input comes from: the newest of some earlier jobs.

    Attributes:
        earlier: These jobs.
        field: `options.NAME`: what was chosen then; `answer.FIELD`: what the service answered.
        next: Take the choice that follows it (the last one for the last one); the first one where there is no job.
    """

    earlier: Earlier
    field: str
    next: bool = False


class RequestSpec(Model):
    """An HTTP request as a template.

    Attributes:
        service: Which configured service it goes to (`[services.<service>]`: base URL, token, time limit).
        method: `GET`, `POST` or `PATCH`.
        path: Path below the base URL; a template.
        query: Query parameters; templates. Those that come out empty are left out.
        body: JSON body; its texts are templates.
        timeout_s: Seconds its answer may take, where that is more than the service's time limit.
        prior: Must have been done before, or the request is not sent.
        before: Gates: must hold or the request is not sent.
        after: Asked when it was answered; the outcome rests on them. Those of the answer come first.
        works: Whether it makes the run take steps: the run's own records then have a say in how it went.
    """

    service: str
    method: str = "POST"
    path: str
    query: dict[str, str] = Field(default_factory=dict)
    body: dict[str, BodyValue] | None = None
    timeout_s: float | None = None
    prior: tuple[Prior, ...] = ()
    before: tuple[RequestCheck, ...] = ()
    after: tuple[RequestCheck, ...] = ()
    works: bool = False


class PlannedCheck(Model):
    """A `RequestCheck` with its templates filled in.

    Attributes:
        url: In full; for a file its absolute path, for the answer empty. May still name `{answer.FIELD}`.
    """

    at: Place = Place.SERVICE
    url: str
    field: str
    equals: str | None = None
    at_most: str | None = None
    says: str


class PlannedRequest(Model):
    """The exact HTTP request of a plan.

    Attributes:
        url: In full, with its query.
        body: JSON body, or `None`.
        token_env: Name of the environment variable that holds the token; its value is in no plan, job or journal.
        timeout_s: Seconds the answer may take.
        check_timeout_s: Seconds the answer to a check may take.
        prior: With their templates filled in.
        works: Whether it makes the run take steps.
    """

    service: str
    method: str
    url: str
    body: dict[str, BodyValue] | None = None
    token_env: str | None = None
    timeout_s: float = 10.0
    check_timeout_s: float = 10.0
    prior: tuple[Prior, ...] = ()
    before: tuple[PlannedCheck, ...] = ()
    after: tuple[PlannedCheck, ...] = ()
    works: bool = False
