"""Checks of files: is one there, is it newer than the failure, is it current, does it hold a secret."""

import json

from cockpit.diagnosis.parts import clock
from cockpit.locations import STATE_FOLDER
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.playbook import CheckResult
from cockpit.playbooks.checks.case import Case, cannot_tell, changed, met, name, not_met
from cockpit.runtime.fileview import FileFact
from cockpit.sources.curriculum_builder.layout import CURRICULUM, PASSED, PLAN, REPORT, SPEC

_CURRICULUM = "curriculum-builder"
_FLOW_STUDIO = "flow-studio"
_SCAN_LOG = "boundary_scan.log"
_INCIDENT_KIND = "incident."
_MAX_INCIDENT = 1 << 20


def artifact_exists(case: Case) -> CheckResult:
    """A file that the item's evidence path names is there."""
    if case.item.evidence is None:
        return cannot_tell("the item names no evidence path")
    found = case.matches(case.item.evidence)
    if not found:
        return not_met(f"no file of the run is {_shown(case)}")
    return met(_several(found, "is there", "are there"), *(changed(one) for one in found))


def artifact_newer(case: Case) -> CheckResult:
    """A file that the item's evidence path names was changed since the failure, or since the checklist was started.

    The failure is that of the step in question as of the start; where none is known, the start counts.
    """
    if case.item.evidence is None:
        return cannot_tell("the item names no evidence path")
    failed_at = case.anchor.failed_at if case.anchor is not None else None
    since, what = (failed_at, "the failure") if failed_at else (case.since, "the start of this checklist")
    if since is None:
        return cannot_tell("nothing tells when the failure was, or when this checklist was started")
    found = case.matches(case.item.evidence)
    if not found:
        return not_met(f"no file of the run is {_shown(case)}")
    newest = found[0]
    if newest.modified_at > since:
        return met(f"{name(newest.path)} was changed at {clock(newest.modified_at)}, after {what}", changed(newest))
    text = f"{name(newest.path)} of {clock(newest.modified_at)} is no newer than {what} at {clock(since)}"
    return not_met(text, changed(newest))


def validation_passed(case: Case) -> CheckResult:
    """`logs/validation.ok` is there and no older than what was validated (formats/curriculum-builder.md 1).

    The system writes it only after a pass and removes it after a failure; a later change makes it worthless.
    """
    if case.run.ref.source != _CURRICULUM:
        return cannot_tell(f"{case.run.ref.source} leaves no mark of a validation that passed")
    passed = case.own(PASSED)
    if passed is None:
        verdict = _verdict(case)
        if case.own(CURRICULUM) is None:
            return not_met("there is no curriculum that could have been validated", *verdict)
        return not_met(f"{PASSED} is not there: the last validation failed, or there was none", *verdict)
    return _current(case, passed, (SPEC, CURRICULUM, REPORT), "the validation passed")


def plan_current(case: Case) -> CheckResult:
    """The plan is no older than what it was made from (seed 001, "Stale Artifact Resolution Flow")."""
    if case.run.ref.source != _CURRICULUM:
        return cannot_tell(f"{case.run.ref.source} has no plan that could be out of date")
    plan = case.own(PLAN)
    if plan is None:
        return not_met(f"{PLAN} is not there")
    return _current(case, plan, (SPEC, CURRICULUM), "the plan is current")


def no_secrets(case: Case) -> CheckResult:
    """No credential is found in the run's own files (seed 000, "Security Incident"). The quotes are masked."""
    look = case.secrets()
    if look.places:
        several = "secrets" if len(look.places) > 1 else "secret"
        return not_met(f"{len(look.places)} {several} in files of the run", *look.places)
    if not look.files:
        return cannot_tell("there is no file of this run that could be looked into")
    files = "file" if look.files == 1 else f"{look.files} files"
    if not look.complete:
        return cannot_tell(f"none in the {files} looked into, but not everything could be looked into")
    return met(f"no secret in the {files} of the run")


def incident_file_written(case: Case) -> CheckResult:
    """The incident's own file was written and is whole JSON (seed 004, "Artifacts").

    That is the file the item's evidence path names; of an item without one, what the source knows as an incident file
    of the run. A revert's file is no proof of a rollback's.
    """
    if case.item.evidence is not None:
        found = case.matches(case.item.evidence) or _own_files(case, case.item.evidence)
    else:
        known = (case.files.look(one.path) for one in case.detail.artifacts if one.kind.startswith(_INCIDENT_KIND))
        found = tuple(filter(None, known))
    if not found:
        if case.item.evidence is None and case.run.ref.source != "ai-csuite":
            return cannot_tell(f"{case.run.ref.source} writes no incident files, and the item names none")
        return not_met("no incident file of this run is there")
    newest = max(found, key=lambda one: (one.mtime_ns, one.path))
    broken = _not_whole(case, newest)
    if broken is not None:
        return not_met(f"{name(newest.path)} {broken}", changed(newest))
    return met(f"{name(newest.path)} is written", changed(newest))


def _own_files(case: Case, template: str) -> tuple[FileFact, ...]:
    """The cockpit's own files about this run (`cockpit incident file`), where its state is kept in the root."""
    return tuple(one for one in case.files.find(STATE_FOLDER, template) if _names_run(case, one))


def _names_run(case: Case, file: FileFact) -> bool:
    try:
        value = json.loads(case.files.text(file.path, _MAX_INCIDENT))
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict):
        return False
    runs = value.get("runs")
    return value.get("run") == case.run.id or (isinstance(runs, list) and case.run.id in runs)


def scan_log_exists(case: Case) -> CheckResult:
    """The boundary scan left its log (seed 000, "Post-Containment"): whether it ran, not what it found."""
    if case.run.ref.source != _FLOW_STUDIO:
        return cannot_tell(f"{case.run.ref.source} has no boundary scan")
    path = case.run.ref.path
    base = "" if path == "." else path
    found = (*case.files.find(base, _SCAN_LOG), *case.files.find(base, f"*/{_SCAN_LOG}"))
    if not found:
        return not_met(f"no {_SCAN_LOG} in any flow of the run: nothing shows that the scan ran")
    return met(_several(found, "is there", "are there"), *(changed(one) for one in found))


def _current(case: Case, file: FileFact, needs: tuple[str, ...], so: str) -> CheckResult:
    """A file counts while everything it speaks of is there and no newer, to the nanosecond as the system compares."""
    sources = [(rel, case.own(rel)) for rel in needs]
    for rel, source in sources:
        if source is None:
            return not_met(f"{rel}, which {name(file.path)} speaks of, is not there", changed(file))
    newer = [one for _, one in sources if one is not None and one.mtime_ns > file.mtime_ns]
    if newer:
        names = ", ".join(name(one.path) for one in newer)
        text = f"{name(file.path)} of {clock(file.modified_at)} is older than {names}"
        return not_met(text, changed(file), *(changed(one) for one in newer))
    return met(f"{so}: {name(file.path)} is newer than all it speaks of", changed(file))


def _verdict(case: Case) -> tuple[Evidence, ...]:
    """The verdict line of the validation report."""
    report = case.own(REPORT)
    if report is None:
        return ()
    for number, line in enumerate(case.files.text(report.path).splitlines(), 1):
        if line.lstrip("- ").startswith("Verdict"):
            return (Evidence(rank=Rank.RECEIPT, path=report.path, line=number, quote=line.strip()[:200]),)
    return ()


def _not_whole(case: Case, file: FileFact) -> str | None:
    if not file.path.endswith(".json"):
        return None if file.size else "is empty"
    if file.size > _MAX_INCIDENT:
        return "is too large for an incident file"
    try:
        value = json.loads(case.files.text(file.path, _MAX_INCIDENT))
    except (ValueError, RecursionError):
        return "is no whole JSON"
    return None if isinstance(value, dict) and value else "holds no JSON object"


def _shown(case: Case) -> str:
    """The item's path as the operator can look for it."""
    known = {"run": case.run.id, "flow": case.flow, "step": case.step, "agent": case.agent}
    text = case.item.evidence or ""
    for field, value in known.items():
        text = text.replace(f"{{{field}}}", value or "*")
    return text


def _several(found: tuple[FileFact, ...], one: str, many: str) -> str:
    return f"{name(found[0].path)} {one}" if len(found) == 1 else f"{len(found)} files {many}"
