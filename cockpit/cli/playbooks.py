"""`playbooks`: the library, one playbook as a page, and what is wrong with playbook files."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cockpit import locations
from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.errors import CockpitError, ExitCode, UsageError
from cockpit.models.playbook import Playbook
from cockpit.models.problem import Problem
from cockpit.playbooks.loader import Library, book_files
from cockpit.presenters import documents
from cockpit.presenters.catalogue import catalogue_rows

PIPED_WIDTH = 80
"""Cells of a page that does not go to a terminal."""


def playbooks(options: argparse.Namespace) -> int:
    """List the library, show playbooks, or lint files; exit 1 where lint finds an error."""
    if options.what == "lint":
        return _lint(options)
    with open_session(options, need_root=False) as session:
        library = session.library
    if options.what == "show":
        return _show(_named(library, options.names), options)
    if options.names:
        raise UsageError("list takes no names; `cockpit playbooks show ID` prints a playbook")
    if options.json:
        output.emit([documents.plain(book) for book in library.playbooks])
    else:
        output.table(("playbook", "items", "for", "from", "title"), catalogue_rows(library.playbooks))
        if library.problems:
            output.tell(f"{len(library.problems)} problems in playbook files: cockpit playbooks lint")
    return int(ExitCode.OK)


def _named(library: Library, names: Sequence[str]) -> list[Playbook]:
    if not names:
        raise UsageError("show needs the id of a playbook")
    books = []
    for name in names:
        book = library.get(name)
        if book is None:
            raise UsageError(f"no playbook {name!r}; there are {', '.join(item.id for item in library.playbooks)}")
        books.append(book)
    return books


def _show(books: Sequence[Playbook], options: argparse.Namespace) -> int:
    """Print playbooks; as JSON the one that was asked for, or a list of several."""
    if options.json:
        output.emit(books[0] if len(books) == 1 else books)
    elif options.raw:
        for book in books:
            _raw(book)
    else:
        from cockpit.presenters.pages import playbook_page

        for number, book in enumerate(books):
            if number:
                output.say()
            for line in playbook_page(book, _width()):
                output.say_cells(line)
    return int(ExitCode.OK)


def _raw(book: Playbook) -> None:
    """The file as it is, to start one's own from."""
    problems: list[Problem] = []
    file = next((one for one in book_files(_own(), problems) if one.path == book.path), None)
    text = file.text()[0] if file else None
    if text is None:
        raise CockpitError(f"{book.path} cannot be read any more")
    for line in text.splitlines():
        output.say(line)


def _lint(options: argparse.Namespace) -> int:
    from cockpit.playbooks.lint import Complaint, Gravity, lint, read
    from cockpit.sources import registry

    problems: list[Problem] = []
    found: list[Complaint] = []
    files = []
    for name in options.names:
        file, complaints = read(Path(name))
        files += [file] if file else []
        found += complaints
    if not options.names:
        files = list(book_files(_own(), problems))
        found += [Complaint(path=one.path, line=one.line, reason=one.reason) for one in problems]
    found += lint(files, systems=frozenset(source.id for source in registry.load().sources))
    if options.json:
        output.emit(found)
    else:
        for one in found:
            line = f":{one.line}" if one.line else ""
            output.say(f"{one.path}{line}: {one.level.value}: {one.reason}")
        output.tell(_summary([one.level.value for one in found], len(files)))
    return int(ExitCode.BAD if any(one.level is Gravity.ERROR for one in found) else ExitCode.OK)


def _summary(levels: Sequence[str], files: int) -> str:
    looked = f"{files} playbook{'' if files == 1 else 's'}"
    if not levels:
        return f"{looked}: nothing to complain of"
    told = [
        f"{levels.count(level)} {level}{'' if levels.count(level) == 1 else 's'}" for level in dict.fromkeys(levels)
    ]
    return f"{looked}: {', '.join(told)}"


def _own() -> Path:
    return locations.config_dir() / "playbooks"


def _width() -> int:
    if not sys.stdout.isatty():
        return PIPED_WIDTH
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return PIPED_WIDTH
