"""The check of jobs: what an item asks to be run was run, after the checklist was started, and ended well."""

import re
from pathlib import Path

from cockpit.diagnosis.parts import clock
from cockpit.models.action import Job, JobState
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.playbook import CheckResult
from cockpit.playbooks.checks.case import Case, cannot_tell, met, not_met

_FIELD = re.compile(r"\{(run|flow|step|agent)\}")


def job_succeeded(case: Case) -> CheckResult:
    """The newest job of the item's action or command since the start succeeded, by output and evidence too.

    Work that was done outside the cockpit leaves no job: then nothing can be told.
    """
    item = case.item
    if item.action is None and item.command is None:
        return cannot_tell("the item names no action and no command")
    if case.since is None:
        return cannot_tell("nothing tells when this checklist was started")
    what = item.action or " ".join(item.command or ())
    jobs = [one for one in case.jobs() if one.run_key == case.run.key and _is(one, case)]
    recent = [one for one in jobs if one.started_at >= case.since]
    if not recent:
        older = f"; the last one is of {clock(jobs[0].started_at)}, before that" if jobs else ""
        return cannot_tell(f"no job of {what} was started since this checklist was{older}")
    newest = max(recent, key=lambda one: (one.started_at, one.id))
    said = f"{newest.action} of {clock(newest.started_at)}"
    if newest.state is JobState.RUNNING:
        return cannot_tell(f"{said} still runs", _evidence(newest, case))
    if newest.state is JobState.SUCCEEDED:
        return met(f"{said} succeeded: {newest.outcome}".removesuffix(": "), _evidence(newest, case))
    return not_met(f"{said} {newest.state.value}: {newest.outcome}".removesuffix(": "), _evidence(newest, case))


def runs_command(argv: tuple[str, ...], template: tuple[str, ...], known: dict[str, str | None]) -> bool:
    """Whether a command is what a template asks for; fields that are not known may be anything.

    Words may stand before it, as in `env NAME=value command`.
    """
    if not template or len(template) > len(argv):
        return False
    ending = argv[len(argv) - len(template) :]
    return all(_fits(asked, word, known) for asked, word in zip(template, ending, strict=True))


def _is(job: Job, case: Case) -> bool:
    if case.item.action is not None and job.action == case.item.action:
        return True
    known = {"run": case.run.id, "flow": case.flow, "step": case.step, "agent": case.agent}
    return case.item.command is not None and runs_command(job.argv, case.item.command, known)


def _fits(asked: str, word: str, known: dict[str, str | None]) -> bool:
    parts: list[str] = []
    end = 0
    for found in _FIELD.finditer(asked):
        parts.append(re.escape(asked[end : found.start()]))
        value = known.get(found[1])
        parts.append(r"[A-Za-z0-9._-]+" if value is None else re.escape(value))
        end = found.end()
    return re.fullmatch("".join([*parts, re.escape(asked[end:])]), word) is not None


def _evidence(job: Job, case: Case) -> Evidence:
    """Where the job's output is; absolute where the state of the root is kept outside of it."""
    output = Path(job.output)
    root = Path(case.run.ref.root)
    path = output.relative_to(root).as_posix() if output.is_relative_to(root) else job.output
    code = "no exit code" if job.exit_code is None else f"exit code {job.exit_code}"
    judged = f", judged by {' and '.join(job.judged_by)}" if job.judged_by else ""
    return Evidence(rank=Rank.PHYSICS, path=path, quote=f"{job.state.value}, {code}{judged}")
