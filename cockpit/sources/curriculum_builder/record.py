"""What a run says about itself: run.json, the name its specification gives it, who generated it."""

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import RunRecord
from cockpit.sources.curriculum_builder.facts import Known
from cockpit.sources.curriculum_builder.layout import FLOW, RUN
from cockpit.sources.curriculum_builder.metadata import Metadata
from cockpit.sources.curriculum_builder.signals import disagreements
from cockpit.sources.curriculum_builder.stage import LAST
from cockpit.sources.fields import Obj, moment, text, word
from cockpit.sources.tree import FileEntry


def run_record(known: Known, metadata: Metadata, spec: Obj, used: Obj, archive: FileEntry | None) -> RunRecord:
    """The run's own record.

    Args:
        known: Everything that was read.
        metadata: run.json. The stage of an invalid one is no claim: the system itself does not go by it.
        spec: The topic specification.
        used: The model policy the curriculum was generated with.
        archive: The archive the system made of the run.
    """
    data = metadata.data
    claimed = None if metadata.fault is not None else word(data.get("stage"))
    waiting = any(one.field == "goal" for one in known.spec)
    quote = f'"stage": "{claimed}"'
    evidence = None if claimed is None else Evidence(rank=Rank.NARRATIVE, path=known.path(RUN), quote=quote)
    return RunRecord(
        claimed=claimed,
        finished=claimed == LAST,
        title=None if waiting else text(spec.get("goal"), 300),
        flows=(FLOW,),
        backend=word(used.get("provider")),
        tags=_tags(known, metadata, archive),
        recorded_id=word(data.get("run_id")),
        current_flow=FLOW,
        current_step=known.staging.next_step,
        created_at=moment(data.get("created_at_utc")),
        evidence=evidence,
        others=disagreements(known, claimed),
        refused=metadata.fault,
    )


def _tags(known: Known, metadata: Metadata, archive: FileEntry | None) -> tuple[str, ...]:
    tags = ["legacy"] if metadata.legacy else []
    if archive is not None:
        newest = max((entry.stamp[2] for entry in known.files.values()), default=0)
        tags.append("archived" if archive.stamp[2] >= newest else "archive-outdated")
    return tuple(tags)
