"""Cases for checks: a built run of any system, judged, with its real files."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.diagnosis.verdict import judge
from cockpit.models.action import Job, JobState
from cockpit.models.playbook import Anchor, PlaybookItem
from cockpit.models.run import RunRef
from cockpit.playbooks.anchors import anchor_of
from cockpit.playbooks.checks import Case
from cockpit.runtime.evidence import EvidenceReader
from cockpit.runtime.fileview import FileView
from cockpit.runtime.secrets import look_for_secrets
from cockpit.sources.base import Source
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import START

LATER = START + timedelta(minutes=2)
FLOW_STUDIO = FlowStudioSource()


def case_of(
    root: Path,
    path: str,
    *,
    source: Source = FLOW_STUDIO,
    name: str | None = None,
    now: datetime = LATER,
    item: PlaybookItem | None = None,
    evidence: str | None = None,
    anchor: Anchor | None = None,
    since: datetime | None = None,
    jobs: Sequence[Job] = (),
) -> Case:
    """The case of a run as it is on disk now."""
    ref = RunRef(source=source.id, root=str(root), path=path, id=name or path)
    detail = source.detail(ref)
    reader = EvidenceReader(root)
    return Case(
        item=item or PlaybookItem(id="a", text="A", evidence=evidence),
        run=judge(detail, now),
        detail=detail,
        files=FileView(reader),
        jobs=lambda: jobs,
        secrets=lambda: look_for_secrets(reader, detail),
        anchor=anchor,
        since=since,
    )


def anchor_for(root: Path, path: str, source: Source = FLOW_STUDIO) -> Anchor:
    """The anchor of a run as it is on disk now."""
    case = case_of(root, path, source=source)
    return anchor_of(case.run, case.detail)


def job(
    run_key: str,
    *argv: str,
    action: str = "retry",
    at: float = 60,
    state: JobState = JobState.SUCCEEDED,
    code: int | None = 0,
    output: str = "/elsewhere/jobs/1/output.log",
) -> Job:
    """A job that was started `at` seconds after `START`."""
    return Job(
        id=f"job-{at:06.0f}", action=action, run="r", run_key=run_key, argv=argv, exit_code=code, state=state,
        started_at=START + timedelta(seconds=at), outcome="as the test has it", output=output,
    )  # fmt: skip
