"""The library of playbooks: those shipped with the cockpit, and the user's own, which win over them by id."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from cockpit.models.finding import Finding
from cockpit.models.playbook import Playbook, PlaybookItem
from cockpit.models.problem import Problem
from cockpit.models.run import ATTENTION, Run
from cockpit.playbooks.parse import parse_playbook

SHIPPED_FOLDER = "library"
"""Where the shipped playbooks are, inside this package."""

USER_FOLDER = "playbooks"
"""The folder of the user's own in the configuration directory."""

_MAX_BYTES = 1 << 20
_MAX_SEARCHED = 2_000
_SUFFIX = ".md"
_ALWAYS = frozenset(("security", "contradiction"))
"""Kinds of findings that call for a playbook whatever the run's state."""


class Library:
    """All playbooks by id, and what is wrong with their files. Its files are read when it is first asked for any.

    Args:
        playbooks: In the order they are listed.
        problems: What is wrong with their files.
        read: Gives both instead, once, when they are first needed: the first frame needs neither.
    """

    def __init__(
        self,
        playbooks: tuple[Playbook, ...] = (),
        problems: tuple[Problem, ...] = (),
        *,
        read: Callable[[], tuple[tuple[Playbook, ...], tuple[Problem, ...]]] | None = None,
    ) -> None:
        self._read = read or (lambda: (playbooks, problems))

    @cached_property
    def _content(self) -> tuple[tuple[Playbook, ...], tuple[Problem, ...]]:
        return self._read()

    @cached_property
    def _by_id(self) -> Mapping[str, Playbook]:
        return {playbook.id: playbook for playbook in self.playbooks}

    @property
    def playbooks(self) -> tuple[Playbook, ...]:
        """All playbooks, by id where they come from files."""
        return self._content[0]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with their files."""
        return self._content[1]

    def get(self, playbook_id: str) -> Playbook | None:
        """The playbook with this id, or `None`."""
        return self._by_id.get(playbook_id)

    def item(self, full_id: str) -> PlaybookItem | None:
        """The item `<playbook id>/<item id>`, or `None`."""
        playbook_id, _, item_id = full_id.partition("/")
        playbook = self.get(playbook_id)
        return next((item for item in playbook.items if item.id == item_id), None) if playbook else None

    def suggest(self, run: Run, findings: Sequence[Finding] = ()) -> Playbook | None:
        """The playbook that fits a run best, or `None` where none does.

        That of the best finding comes first. Without one: a playbook for the run's state, then the one with more
        signatures found in the run's reasons, then one for this system rather than for all, then the user's own.
        Only runs that a person should look at get one: nobody needs a playbook for a run that did well after an error.

        Args:
            run: Its verdict.
            findings: What is probably wrong with it, best first, where that is known.
        """
        for finding in findings:
            book = self.get(finding.playbook) if finding.playbook else None
            if book is not None and _calls(finding, run):
                return book
        texts = tuple(_texts(run))
        ranked = [
            (_rank(playbook, run, texts), -place, playbook)
            for place, playbook in enumerate(self.playbooks)
            if playbook.fits(run.ref.source)
        ]
        fitting = [each for each in ranked if any(each[0][:2])]
        return max(fitting, key=lambda each: each[:2])[2] if fitting else None


class BookFile(NamedTuple):
    """A playbook file as read.

    Attributes:
        path: Where it is; of a shipped one, below this package.
        stem: Its name without the suffix.
        data: Its bytes.
        shipped: Whether it is part of the library.
    """

    path: str
    stem: str
    data: bytes
    shipped: bool

    def text(self) -> tuple[str | None, Problem | None]:
        """Its text, or why it has none."""
        try:
            return self.data.decode("utf-8"), None
        except UnicodeDecodeError as error:
            line = self.data[: error.start].count(b"\n") + 1
            return None, Problem(path=self.path, line=line, reason="not UTF-8")


def load_library(user_dir: Path | None = None) -> Library:
    """The shipped playbooks and the user's own, read when they are first needed. Never raises, then neither.

    Args:
        user_dir: Directory of the user's playbooks (`*.md`); may be missing.

    Returns:
        The playbooks, the user's in the place of shipped ones with the same id, and all problems.
    """
    return Library(read=partial(_load, user_dir))


def _load(user_dir: Path | None) -> tuple[tuple[Playbook, ...], tuple[Problem, ...]]:
    problems: list[Problem] = []
    books = book_files(user_dir, problems)
    chosen = _unique(_parsed((file for file in books if file.shipped), problems), problems)
    for book in _unique(_parsed((file for file in books if not file.shipped), problems), problems).values():
        theirs = chosen.get(book.id)
        chosen[book.id] = book if theirs is None else book.model_copy(update={"overrides": theirs.path})
    return tuple(chosen[key] for key in sorted(chosen)), tuple(problems)


def book_files(user_dir: Path | None, problems: list[Problem]) -> tuple[BookFile, ...]:
    """The files of the library and of the user, by name; what cannot be read is added to `problems`."""
    own = _user(user_dir, problems) if user_dir else ()
    return (*_shipped(problems), *own)


def _calls(finding: Finding, run: Run) -> bool:
    """Whether a finding calls for its playbook: a remark on a run that did well does not."""
    return finding.kind in _ALWAYS or run.contradicted or (run.state in ATTENTION and finding.kind != "note")


def _rank(playbook: Playbook, run: Run, texts: tuple[str, ...]) -> tuple[bool, int, bool, bool]:
    by_state = run.state.value in playbook.states
    matched = 0
    if by_state or run.contradicted or run.state in ATTENTION:
        matched = sum(_found(pattern, texts) for pattern in playbook.signatures)
    return by_state, matched, bool(playbook.systems), not playbook.shipped


def _texts(run: Run) -> Iterator[str]:
    for reason in run.reasons:
        yield reason.text[:_MAX_SEARCHED]
        for evidence in reason.evidence:
            yield evidence.quote[:_MAX_SEARCHED]


def _found(pattern: str, texts: tuple[str, ...]) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for text in texts)


def _shipped(problems: list[Problem]) -> Iterator[BookFile]:
    folder = files("cockpit.playbooks").joinpath(SHIPPED_FOLDER)
    try:
        entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(_SUFFIX)), key=lambda e: e.name)
        for entry in entries:
            name = entry.name
            yield BookFile(f"{SHIPPED_FOLDER}/{name}", name.removesuffix(_SUFFIX), entry.read_bytes(), shipped=True)
    except OSError as error:
        problems.append(Problem(path=SHIPPED_FOLDER, reason=f"the shipped playbooks cannot be read: {error}"))


def _user(folder: Path, problems: list[Problem]) -> Iterator[BookFile]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX and not path.name.startswith("."))
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(Problem(path=str(folder), reason=f"cannot be listed: {error.strerror or error}"))
        return
    for path in paths:
        data = read_file(path, problems)
        if data is not None:
            yield BookFile(str(path), path.stem, data, shipped=False)


def read_file(path: Path, problems: list[Problem]) -> bytes | None:
    """The bytes of a regular file of a sensible size, or `None` and a problem; never blocks on a FIFO."""
    try:
        with open(path, "rb", opener=_open_without_blocking) as file:
            if not path.is_file():
                problems.append(Problem(path=str(path), reason="not a regular file"))
                return None
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        problems.append(Problem(path=str(path), reason=f"cannot be read: {error.strerror or error}"))
        return None
    if len(data) > _MAX_BYTES:
        problems.append(Problem(path=str(path), reason=f"too large for a playbook: more than {_MAX_BYTES} bytes"))
        return None
    return data


def _open_without_blocking(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _parsed(books: Iterable[BookFile], problems: list[Problem]) -> Iterator[Playbook]:
    for file in books:
        text, problem = file.text()
        if text is None:
            problems += [problem] if problem else []
            continue
        playbook, found = parse_playbook(text, file.path, stem=file.stem, shipped=file.shipped)
        problems.extend(found)
        if playbook is not None:
            yield playbook


def _unique(playbooks: Iterable[Playbook], problems: list[Problem]) -> dict[str, Playbook]:
    chosen: dict[str, Playbook] = {}
    for playbook in playbooks:
        first = chosen.setdefault(playbook.id, playbook)
        if first is not playbook:
            reason = f"playbook id {playbook.id!r} is taken by {first.path}; this file is left out"
            problems.append(Problem(path=playbook.path, line=1, reason=reason))
    return chosen
