"""The rules: TOML files of this package, one a seed document, and the user's own, which win over them by id.

    seed = "000"
    systems = ["flow-studio"]        # of all rules of the file; a rule may name its own

    [[rule]]
    id = "missing-module"
    match = ["ModuleNotFoundError: No module named '([^']+)'"]
    title = "..."
    cause = "..."
    fix = "..."
    playbook = "failed-run"
    confidence = 0.9

    [[fresh]]                        # a file that speaks of others, and is stale when one of them is newer
    file = "outputs/plan/plan.json"
    of = ["outputs/curriculum/curriculum.json"]

    [instead.ai-csuite]              # what stands for a playbook where the run is this system's
    failed-run = "graph-run"

Whatever is wrong with a file or a rule becomes a `Problem` that names the file and the key; the rest counts.
"""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from cockpit.diagnosis.claims import Claim
from cockpit.diagnosis.rules import CUSTOM, ERROR, KNOWN_SYSTEMS, Rule
from cockpit.models.base import Model
from cockpit.models.problem import Problem
from cockpit.models.run import RunState

SHIPPED_FOLDER = "rules"
_MAX_BYTES = 1 << 20
_Kind = TypeVar("_Kind", bound=Model)
_SUFFIX = ".toml"
_KEYS = frozenset(("seed", "systems", "rule", "fresh", "instead"))


class Freshness(Model):
    """A file of a run that speaks of other files of it: older than one of them, it speaks of something else.

    Attributes:
        file: Path relative to the run.
        of: Paths it speaks of, relative to the run.
        systems: Source ids; empty means all.
    """

    file: str
    of: tuple[str, ...]
    systems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rules:
    """All rules, and what is wrong with their files.

    Attributes:
        rules: In the order of their files.
        fresh: What has to be newer than what.
        instead: System to playbook id to the playbook that stands for it there.
        problems: Whatever could not be used.
        digest: Changes with what the rules say; summaries judged by other rules are out of date.
    """

    rules: tuple[Rule, ...] = ()
    fresh: tuple[Freshness, ...] = ()
    instead: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    digest: str = ""

    @cached_property
    def by_code(self) -> Mapping[str, tuple[Rule, ...]]:
        """Rules by the observation they explain."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for code in rule.observed:
                found.setdefault(code, []).append(rule)
        return {code: tuple(rules) for code, rules in found.items()}

    @cached_property
    def of_texts(self) -> tuple[Rule, ...]:
        """Rules with patterns."""
        return tuple(rule for rule in self.rules if rule.match)

    @cached_property
    def of_host(self) -> tuple[Rule, ...]:
        """Rules about figures of the host."""
        return tuple(rule for rule in self.rules if rule.metric)

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """Rule id to kind."""
        return {rule.id: rule.kind for rule in self.rules}

    def get(self, rule_id: str) -> Rule | None:
        """The rule with this id, or `None`."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def playbook(self, wanted: str | None, source: str, known: Collection[str]) -> str | None:
        """The playbook a finding may name: what stands for the wanted one in that system, else itself, else none.

        Args:
            wanted: The playbook of the rule.
            source: Source id of the run; a system without rules of its own is treated as `custom`.
            known: Ids of the playbooks that exist.
        """
        if wanted is None:
            return None
        instead = self.instead.get(source if source in KNOWN_SYSTEMS else CUSTOM, {}).get(wanted)
        return next((one for one in (instead, wanted) if one in known), None)

    def quick(
        self,
        source: str,
        state: RunState,
        claim: Claim,
        step: str | None,
        observed: Sequence[tuple[str, str]],
        said: str,
        places: Collection[str] = (ERROR,),
    ) -> tuple[str, ...]:
        """Ids of what can be found without the details of a run; best first as far as the rules alone can tell.

        Fallbacks are left out: whether they are needed only the details tell.

        Args:
            source: Source id of the run.
            state: Its state.
            claim: What its record says.
            step: Where it stands.
            observed: What its verdict observed: code and sentence of each.
            said: The deciding failure text.
            places: What that text is (`cockpit.diagnosis.rules.PLACES`).
        """
        codes = [code for code, _ in observed]
        found: dict[str, Rule] = {}
        for code, text in observed:
            for rule in self.by_code.get(code, ()):
                if rule.fits(source, state, claim, step, codes) and rule.explains(code, text):
                    found[rule.id] = rule
        for rule in self.of_texts if said else ():
            if (
                set(places).intersection(rule.where)
                and rule.fits(source, state, claim, step, codes)
                and rule.find(said)
            ):
                found[rule.id] = rule
        found = {name: rule for name, rule in found.items() if not rule.fallback}
        return tuple(sorted(found, key=lambda one: (-found[one].confidence, one)))


@lru_cache(maxsize=1)
def shipped_rules() -> Rules:
    """The rules of this package, read once."""
    return load_rules()


def load_rules(user_dir: Path | None = None) -> Rules:
    """Read the shipped rules and the user's own (`*.toml` in `user_dir`, which may be missing). Never raises."""
    book = _Book()
    for name, data in _shipped(book.problems):
        book.add(name, data)
    if user_dir is not None:
        for name, data in _user(user_dir, book.problems):
            book.add(name, data)
    return Rules(
        tuple(book.rules.values()), tuple(book.fresh), book.instead, tuple(book.problems), book.digest.hexdigest()[:16]
    )


class _Book:
    """Collects what files hold; a later rule takes the place of an earlier one with its id."""

    def __init__(self) -> None:
        self.rules: dict[str, Rule] = {}
        self.fresh: list[Freshness] = []
        self.instead: dict[str, dict[str, str]] = {}
        self.problems: list[Problem] = []
        self.digest = hashlib.sha256()
        self._file_ids: set[str] = set()

    def add(self, name: str, data: bytes) -> None:
        import tomllib

        self.digest.update(data)
        self._file_ids = set()
        try:
            content = tomllib.loads(data.decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            self._problem(name, f"is no TOML: {error}")
            return
        for key in sorted(set(content) - _KEYS):
            self._problem(name, f"unknown key {key!r}; keys are {', '.join(sorted(_KEYS))}")
        shared: dict[str, Any] = {key: content[key] for key in ("seed", "systems") if key in content}
        for number, entry in enumerate(_tables(content, "rule", name, self.problems), start=1):
            self._rule(name, number, shared, entry)
        for number, entry in enumerate(_tables(content, "fresh", name, self.problems), start=1):
            systems = {"systems": shared["systems"]} if "systems" in shared else {}
            relation = self._make(Freshness, systems | entry, name, f"fresh {number}")
            if relation is not None:
                self.fresh.append(relation)
        self._instead(name, content.get("instead", {}))

    def _instead(self, name: str, tables: object) -> None:
        if not isinstance(tables, dict):
            self._problem(name, "instead: must be written as [instead.SYSTEM]")
            return
        for system, table in tables.items():
            if system not in KNOWN_SYSTEMS and system != CUSTOM:
                self._problem(
                    name, f"instead: no system {system!r}; there are {', '.join(sorted((*KNOWN_SYSTEMS, CUSTOM)))}"
                )
            elif not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
                self._problem(name, f"instead.{system}: must be a table of playbook ids")
            else:
                self.instead.setdefault(system, {}).update(table)

    def _rule(self, name: str, number: int, shared: dict[str, Any], entry: dict[str, Any]) -> None:
        label = f"rule {number}" + (f" ({entry['id']})" if isinstance(entry.get("id"), str) else "")
        rule = self._make(Rule, shared | entry, name, label)
        if rule is None:
            return
        if rule.id in self._file_ids:
            self._problem(name, f"{label}: id: there are two rules with this id in the file")
            return
        self._file_ids.add(rule.id)
        self.rules[rule.id] = rule

    def _make(self, kind: type[_Kind], entry: dict[str, Any], name: str, label: str) -> _Kind | None:
        try:
            return kind.model_validate(entry)
        except ValidationError as error:
            for one in error.errors():
                key = ".".join(str(part) for part in one["loc"]) or "as a whole"
                self._problem(name, f"{label}: {key}: {one['msg'].removeprefix('Value error, ')}")
            return None

    def _problem(self, name: str, reason: str) -> None:
        self.problems.append(Problem(path=name, reason=reason))


def _tables(content: dict[str, Any], key: str, name: str, problems: list[Problem]) -> list[dict[str, Any]]:
    found = content.get(key, [])
    if isinstance(found, list) and all(isinstance(entry, dict) for entry in found):
        return found
    problems.append(Problem(path=name, reason=f"{key}: must be written as [[{key}]]"))
    return []


def _shipped(problems: list[Problem]) -> Iterator[tuple[str, bytes]]:
    folder = files("cockpit.diagnosis").joinpath(SHIPPED_FOLDER)
    try:
        for entry in sorted(folder.iterdir(), key=lambda one: one.name):
            if entry.name.endswith(_SUFFIX):
                yield f"{SHIPPED_FOLDER}/{entry.name}", entry.read_bytes()
    except OSError as error:
        problems.append(Problem(path=SHIPPED_FOLDER, reason=f"the shipped rules cannot be read: {error}"))


def _user(folder: Path, problems: list[Problem]) -> Iterator[tuple[str, bytes]]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.endswith(_SUFFIX))
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(Problem(path=str(folder), reason=f"cannot be listed: {error.strerror}"))
        return
    for path in paths:
        try:
            # Opened without blocking: a FIFO in a configuration directory must not hang the start.
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                if not path.is_file():
                    problems.append(Problem(path=str(path), reason="is no ordinary file"))
                    continue
                data = file.read(_MAX_BYTES + 1)
        except OSError as error:
            problems.append(Problem(path=str(path), reason=f"cannot be read: {error.strerror}"))
            continue
        if len(data) > _MAX_BYTES:
            problems.append(Problem(path=str(path), reason=f"is larger than {_MAX_BYTES} bytes"))
            continue
        yield str(path), data
