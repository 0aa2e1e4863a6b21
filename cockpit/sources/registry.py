"""Which sources there are: those of this tree and those other packages register (entry points `cockpit.sources`)."""

import importlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cockpit.models.problem import Problem
from cockpit.sources.base import Configurable, Source

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "cockpit.sources"
# The same table as in pyproject.toml: the sources of this tree work without installed metadata (a plain checkout).
BUILT_IN = {
    "flow-studio": "cockpit.sources.flow_studio:FlowStudioSource",
    "agents-orchestration": "cockpit.sources.agents_orchestration:AgentsOrchestrationSource",
    "curriculum-builder": "cockpit.sources.curriculum_builder:CurriculumBuilderSource",
    "ai-csuite": "cockpit.sources.ai_csuite:AiCsuiteSource",
    "custom": "cockpit.sources.custom:CustomSource",
}
_options: dict[str, Sequence[Any]] = {}


class Registry(NamedTuple):
    """The sources that could be loaded, in a stable order (this tree's first), and what is wrong with the others."""

    sources: tuple[Source, ...]
    problems: tuple[Problem, ...] = ()


@cache
def load() -> Registry:
    """Load every registered source, once. A broken one is a `Problem`, never fatal."""
    # Reading the metadata of everything that is installed takes a while; the first frame needs none of it.
    from importlib.metadata import entry_points

    targets = dict(BUILT_IN)
    for point in sorted(entry_points(group=GROUP), key=_name):
        targets.setdefault(point.name, point.value)
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for name, target in targets.items():
        try:
            source = _make(target)
        except Exception as error:  # noqa: BLE001 - foreign code: whatever it raises must not stop the cockpit
            problems.append(
                Problem(path=target, reason=f"source {name} cannot be loaded: {type(error).__name__}: {error}")
            )
            continue
        if source.id in sources:
            problems.append(Problem(path=target, reason=f"source {name}: the id {source.id} is taken"))
            continue
        sources[source.id] = source
        _hand_over(source)
    return Registry(tuple(sources.values()), tuple(problems))


def configure(options: Mapping[str, Sequence[Any]]) -> None:
    """Give sources what the settings say for them, by source id; what they were given before is replaced."""
    _options.clear()
    _options.update(options)
    if load.cache_info().currsize:
        for source in load().sources:
            _hand_over(source)


def _hand_over(source: Source) -> None:
    if isinstance(source, Configurable):
        source.configure(_options.get(source.id, ()))


def _name(point: "EntryPoint") -> str:
    return point.name


def _make(target: str) -> Source:
    module, _, attribute = target.partition(":")
    made = importlib.import_module(module)
    for part in attribute.split("."):
        made = getattr(made, part)
    source = made() if callable(made) else made
    if not isinstance(source, Source):
        raise TypeError(f"{target} does not follow cockpit.sources.base.Source")
    return source


def source_by_id(source_id: str) -> Source | None:
    """The source with this id, or `None`."""
    return next((source for source in load().sources if source.id == source_id), None)


def detect(root: Path) -> list[Source]:
    """The sources that recognise `root`, in registry order. Never raises: a source that cannot look sees nothing."""
    found = []
    for source in load().sources:
        try:
            if source.detect(root):
                found.append(source)
        except OSError:
            continue
    return found
