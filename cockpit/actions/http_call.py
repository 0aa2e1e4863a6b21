"""Carrying out the HTTP request of a plan, as a command: so that it is a job like any other.

`python -P -m cockpit.actions.http_call JOB_DIR`

The request is in the job's own description, its token in the environment variable named there. In this order: what
must have been done before, gates, the request, exactly once, and what is read back. Every line on standard output may
be shown on a terminal. The last one says what is known; the exit code too (`RequestExit`).
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any, NoReturn

from cockpit.actions.earlier import ANSWER_FILE, unmet
from cockpit.actions.http_checks import Verdict, judge, plain_fields, resolve, said
from cockpit.actions.http_client import Answer, Call, CancelledCall, NoAnswerError, NotSentError, exchange, get
from cockpit.actions.http_text import Transcript
from cockpit.actions.storage import pretty, read_object, write_atomic
from cockpit.actions.supervisor import JOB
from cockpit.errors import UsageError
from cockpit.models.action import Plan
from cockpit.models.request import Place, PlannedCheck, PlannedRequest, RequestExit
from cockpit.sources.jsonfile import Unreadable, decode, read_bytes

MODULE = "cockpit.actions.http_call"
LOOKS = 3
"""How often it is read back while it does not hold yet."""

_LOOK_AGAIN_S = 0.3
_ERROR = 400
_FAULT = 500


def call_argv(job_dir: Path) -> tuple[str, ...]:
    """The command that carries out the request of a job."""
    return (sys.executable, "-P", "-m", MODULE, str(job_dir.absolute()))


class Request:
    """One request, from its gates to what is read back.

    Args:
        request: As planned.
        state_dir: Where earlier jobs are.
        token: Sent with everything; `None` for none.
        write: Takes the lines of the transcript.
        keep: Takes the plain fields of the answer.
        wait: Waits between two looks, in seconds.
    """

    def __init__(
        self,
        request: PlannedRequest,
        state_dir: Path,
        token: str | None,
        write: Callable[[str], None],
        keep: Callable[[dict[str, Any]], None] = lambda _facts: None,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        self._request = request
        self._state_dir = state_dir
        self._token = token
        self._out = Transcript(write, token)
        self._keep = keep
        self._wait = wait
        self._sent = False

    def carry_out(self) -> RequestExit:
        """Do it; returns what is known of it."""
        try:
            return self._carry_out()
        except CancelledCall:
            if self._sent:
                return self._unknown("cancelled before it could be read back")
            return self._not_sent("cancelled")

    def _carry_out(self) -> RequestExit:
        request = self._request
        reason = self._bad_token() or unmet(request.prior, self._state_dir, request.url)
        if reason is not None:
            return self._not_sent(reason)
        gates = [self._asked(check, "gate") for check in request.before]
        closed = [gate.text for gate in gates if not gate.met]
        if closed:
            return self._not_sent("; ".join(closed))
        self._out.say(f"{request.method} {request.url}")
        if request.body is not None:
            self._out.document(request.body)
        call = Call(request.method, request.url, request.body, self._token, request.timeout_s)
        try:
            answer = self._send(call)
        except NotSentError as error:
            return self._not_sent(f"the service cannot be reached: {error}")
        except NoAnswerError as error:
            self._sent = True
            return self._silent(str(error))
        self._sent = True
        return self._answered(answer)

    def _send(self, call: Call) -> Answer:
        # Only what changes nothing may be tried again.
        return get(call) if call.method == "GET" else exchange(call)

    def _answered(self, answer: Answer) -> RequestExit:
        self._show(answer)
        fields = plain_fields(answer.value)
        plain = {str(self._out.kept(name)): self._out.kept(each) for name, each in fields.items()}
        with suppress(OSError):
            self._keep({"status": answer.status, "answer": plain})
        if not answer.good:
            return self._refused(answer)
        own = [judge(check, answer.value) for check in self._after(Place.ANSWER)]
        for verdict in own:
            self._told(verdict, "answer")
        denied = [verdict.text for verdict in own if verdict.met is False]
        if denied:
            return self._failed(f"answered {answer.status}, but {'; '.join(denied)}")
        if answer.unreadable is not None and own:
            return self._unknown(f"answered {answer.status}, but what it says cannot be read: {answer.unreadable}")
        back = self._read_back(fields)
        open_ = [verdict.text for verdict in (*own, *back) if not verdict.met]
        if open_:
            return self._unknown(f"answered {answer.status}, but {'; '.join(open_)}")
        count = len(own) + len(back)
        holds = f"{count} of {count} checks hold" if count else "there is nothing to read back"
        self._out.say(f"done: {self._request.method} answered {answer.status}; {holds}")
        return RequestExit.DONE

    def _silent(self, why: str) -> RequestExit:
        """It was sent and not answered: what is there now is shown, and proves nothing."""
        self._read_back({}, looks=1)
        return self._unknown(why)

    def _refused(self, answer: Answer) -> RequestExit:
        reason = said(answer.value)
        text = f"answered {answer.status}{f': {reason}' if reason else ''}"
        if answer.status < _ERROR:
            return self._failed(f"{text}: a redirect to {answer.location or 'nowhere'}, which is not followed")
        if answer.status < _FAULT:
            return self._failed(text)
        self._read_back({}, looks=1)
        return self._failed(f"{text}; part of it may have happened{self._places()}")

    def _read_back(self, fields: dict[str, Any], looks: int = LOOKS) -> list[Verdict]:
        found = []
        for check in self._after(Place.SERVICE, Place.ROOT):
            try:
                wanted = resolve(check, fields)
            except UsageError as error:
                found.append(Verdict(check, None, str(error)))
                self._told(found[-1], "read back")
                continue
            found.append(self._asked(wanted, "read back", looks))
        return found

    def _asked(self, check: PlannedCheck, name: str, looks: int = 1) -> Verdict:
        """Ask, a few times where what was done may take a moment, and show the last answer."""
        verdict = self._ask(check)
        for _ in range(looks - 1):
            if verdict.met:
                break
            self._wait(_LOOK_AGAIN_S)
            verdict = self._ask(check)
        self._told(verdict, name)
        return verdict

    def _ask(self, check: PlannedCheck) -> Verdict:
        if check.at is Place.ROOT:
            return _in_file(check)
        try:
            answer = get(Call("GET", check.url, None, self._token, self._request.check_timeout_s))
        except (NotSentError, NoAnswerError) as error:
            return Verdict(check, None, f"cannot be asked: {error}")
        if not answer.good:
            reason = said(answer.value)
            return Verdict(check, None, f"answered {answer.status}{f': {reason}' if reason else ''}")
        if answer.unreadable is not None:
            return Verdict(check, None, f"cannot be read: {answer.unreadable}")
        return judge(check, answer.value)

    def _after(self, *places: Place) -> list[PlannedCheck]:
        return [check for check in self._request.after if check.at in places]

    def _bad_token(self) -> str | None:
        name = self._request.token_env
        if name is None:
            return None
        if not self._token:
            return f"the token is missing: the environment variable {name} is not set"
        if not self._token.isascii() or not self._token.isprintable():
            return f"the environment variable {name} holds what cannot be a token"
        return None

    def _show(self, answer: Answer) -> None:
        kind = answer.content_type or "no type given"
        self._out.say(f"answered {answer.status}: {kind}, {answer.size} bytes, {answer.elapsed_s * 1000:.0f} ms")
        if answer.unreadable is None:
            self._out.document(answer.value)
        else:
            self._out.say(f"it cannot be read: {answer.unreadable}")
            self._out.text(answer.body.decode("utf-8", "replace"))

    def _told(self, verdict: Verdict, name: str) -> None:
        outcome = {True: "met", False: "not met", None: "not known"}[verdict.met]
        place = "" if verdict.check.at is Place.ANSWER else f"{_where(verdict.check)}: "
        wanted = _wanted(verdict.check) if verdict.met is not True else ""
        self._out.say(f"{name}: {outcome}: {place}{verdict.seen}{wanted}")

    def _places(self) -> str:
        """What to look at, where it is not known what became of the request."""
        checks = [check for check in self._after(Place.SERVICE, Place.ROOT) if "{answer." not in check.url]
        looks = [f"{_where(check)} ({check.field})" for check in checks]
        return f"; look at {', '.join(dict.fromkeys(looks)) or 'the run itself'}"

    def _not_sent(self, reason: str) -> RequestExit:
        self._out.say(f"nothing was sent: {reason}")
        return RequestExit.NOT_SENT

    def _failed(self, reason: str) -> RequestExit:
        self._out.say(f"failed: {reason}")
        return RequestExit.FAILED

    def _unknown(self, reason: str) -> RequestExit:
        self._out.say(f"sent, but not confirmed: {reason}; it may have happened{self._places()}")
        return RequestExit.UNKNOWN


def main(arguments: Sequence[str]) -> int:
    """Carry out the request of a job."""
    job_dir = Path(arguments[0])
    job = read_object(job_dir / JOB) or {}
    plan = Plan.model_validate(job.get("plan"))
    if plan.request is None:
        sys.stdout.write("nothing was sent: the plan holds no request\n")
        return RequestExit.NOT_SENT
    signal.signal(signal.SIGTERM, _cancelled)
    name = plan.request.token_env
    request = Request(
        plan.request,
        job_dir.parent.parent,
        os.environ.get(name) if name else None,
        _write,
        lambda facts: write_atomic(job_dir / ANSWER_FILE, pretty(facts)),
    )
    return request.carry_out()


def _in_file(check: PlannedCheck) -> Verdict:
    try:
        document, _ = decode(read_bytes(check.url))
    except FileNotFoundError:
        return Verdict(check, None, "there is no such file")
    except Unreadable as trouble:
        return Verdict(check, None, trouble.reason)
    return judge(check, document)


def _where(check: PlannedCheck) -> str:
    return check.url if check.at is Place.ROOT else f"GET {check.url}"


def _wanted(check: PlannedCheck) -> str:
    if check.at_most is not None:
        return f", at most {check.at_most} wanted"
    return "" if check.equals is None else f", {check.equals} wanted"


def _cancelled(*_: object) -> NoReturn:
    raise CancelledCall


def _write(line: str) -> None:
    sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
