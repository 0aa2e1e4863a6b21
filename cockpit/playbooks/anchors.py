"""What a checklist is about: where its runs stood when it was started."""

from cockpit.models.detail import RunDetail
from cockpit.models.playbook import Anchor
from cockpit.models.run import Run
from cockpit.playbooks.checks.receipts import failed_at


def anchor_of(run: Run, detail: RunDetail) -> Anchor:
    """Where a run stands now, to be kept with the start of a checklist.

    A repair moves the run on: without this, "the step" of a playbook would be another one by the time it is verified.
    """
    return Anchor(
        run_key=run.key,
        run=run.id,
        flow=run.flow,
        step=run.step,
        agent=run.agent,
        failed_at=failed_at(detail, run.flow, run.step) if run.step is not None else None,
    )
