"""The whole examination of one run: its facts, its files, its processes. Reads files: call it in a thread."""

from collections.abc import Collection, Sequence
from datetime import datetime

from cockpit.diagnosis.findings import diagnose, rank
from cockpit.diagnosis.rulebook import Rules
from cockpit.models.detail import RunDetail
from cockpit.models.finding import Finding
from cockpit.models.physics import Physics
from cockpit.models.run import Run
from cockpit.runtime.evidence import EvidenceReader
from cockpit.runtime.secrets import scan_secrets
from cockpit.runtime.witness import observe_files


def examine(
    reader: EvidenceReader,
    run: Run,
    detail: RunDetail,
    now: datetime,
    *,
    rules: Rules,
    physics: Physics | None = None,
    others: Sequence[Run] = (),
    playbooks: Collection[str] = (),
    actions: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """All findings of a run, best first; see `cockpit.diagnosis.findings.diagnose`.

    Args:
        reader: Reads below the run's root.
        run: Its verdict as of `now`.
        detail: Its facts.
        now: Aware UTC.
        rules: The rules.
        physics: Its processes and its host, where they were looked at.
        others: Other runs.
        playbooks: Ids of the playbooks that exist.
        actions: Ids of the actions that can be carried out on this run now; `None` where that is not known.
    """
    found = diagnose(
        run,
        detail,
        now,
        physics=physics,
        others=others,
        rules=rules,
        playbooks=playbooks,
        actions=actions,
        observed=observe_files(reader, detail),
    )
    secrets = [
        one.model_copy(update={"playbook": rules.playbook(one.playbook, run.ref.source, playbooks)})
        for one in scan_secrets(reader, detail)
    ]
    return rank([*found, *secrets])
