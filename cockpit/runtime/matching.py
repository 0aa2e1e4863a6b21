"""Which processes belong to a run: pure rules over their command lines, directories and open files.

A producer is known for sure by the run's name in its command line, by working inside the run, by one of the run's files
being open, by a record of who was started for it, or by having begun with the run in the same tree. A process that
merely works in the tree is a candidate: enough to doubt that the producer is gone, too little to say that it lives.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from cockpit.runtime.processes import Card

_ONLOOKERS = frozenset(
    [
        *(
            "less",
            "more",
            "most",
            "tail",
            "head",
            "cat",
            "bat",
            "view",
            "man",
            "jq",
            "lnav",
            "toolong",
            "k9s",
            "posting",
        ),
        *("vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "hx", "code", "git", "tig", "lazygit"),
        *("grep", "egrep", "fgrep", "rg", "ag", "find", "ls", "tree", "watch", "diff", "du", "df", "lsof", "fuser"),
        *("tmux", "screen", "zellij", "ssh", "sshd", "scp", "sftp", "rsync", "tar", "gzip", "htop", "top"),
        *("inotifywait", "gdb", "strace", "ltrace", "xdg-open", "dolphin", "nautilus", "cockpit"),
    ]
)
"""Programs people look at runs with: naming a run, or standing in it, makes none of them its producer."""
_SHELLS = frozenset(["sh", "bash", "dash", "zsh", "fish", "ksh", "tcsh", "csh", "ash", "nu", "xonsh", "pwsh"])
_PYTHON = re.compile(r"(python|pypy)[\d.]*\Z")
_NAME = r"[A-Za-z0-9._-]"
_DISTINCT = re.compile(r"(?=.*\d).{8,}\Z")
"""A name that nothing but the run is called by: long, with a digit in it."""
_RUN_OPTION = re.compile(r"--?(run|run[-_]?id|execution[-_]?id|resume|r)\Z", re.IGNORECASE)
_RUN_ASSIGNED = re.compile(r"(--?)?[\w-]*(run|execution|ticket)[\w-]*=", re.IGNORECASE)

NAMES = "names the run"
"""Why a process belongs to a run that it only calls by its name."""

BEGAN_WITH_S = 120.0
"""A process of the tree that was started at most this long before the run's first sign of life began with it."""
_CLOCK_S = 2.0
_ABSOLUTE = re.compile(r"(?:\A|[\s=:,;'\"])(/[^\s=:,;'\"]*)\Z")


@dataclass(frozen=True, slots=True)
class RecordedPid:
    """A process that a job of the cockpit or a recording started for a run.

    Attributes:
        pid: Its process id; 0 where its record has forgotten it.
        created: When it was created, in seconds since the epoch; `None` where that was not recorded.
        known_by: `job` or `recording`.
        name: Its command.
        at: When it was started, UTC.
        ended_at: When it ended, where its record says so.
    """

    pid: int
    at: datetime
    ended_at: datetime | None = None
    created: float | None = None
    known_by: str = "job"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A run whose producer is wanted.

    Attributes:
        key: Its key.
        id: Its name.
        root: Real path of its root, as the kernel names directories.
        path: Real path of the run.
        alias: Root and run as they were given, where links lead there; command lines may name them so.
        owner: User id its files belong to, or `None`.
        started_at: Its first sign of life.
        updated_at: Its last one.
        recorded: Who was started for it.
    """

    key: str
    id: str
    root: str
    path: str
    alias: tuple[str, str] | None = None
    owner: int | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None
    recorded: tuple[RecordedPid, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """Why a process belongs to a run.

    Attributes:
        why: In words.
        sure: Whether that is enough to call it the producer.
        binding: Whether its end is the end of the producer.
    """

    why: str
    sure: bool = True
    binding: bool = True


def match(card: Card, target: Target, files: Iterable[str] | None = ()) -> Match | None:
    """Why a process is the producer of a run, or may be.

    Args:
        card: The process.
        target: The run.
        files: Absolute paths of its open files, where they are known.
    """
    for recorded in target.recorded:
        if recorded.pid == card.pid and (recorded.created is None or abs(recorded.created - card.created) < _CLOCK_S):
            return Match(f"started as a {recorded.known_by}")
    if onlooker(card):
        return None
    named = _named(card, target)
    if named is not None:
        return named
    if card.cwd is not None and inside(card.cwd, target.path) and not _bare_shell(card) and target.path != target.root:
        return Match("works inside the run")
    for path in files or ():
        if inside(path, target.path) and target.path != target.root:
            return Match(f"has {PurePosixPath(path).name} of the run open")
        if inside(path, target.root) and distinct(target.id) and _named_after(target.id).search(path):
            return Match(f"has {PurePosixPath(path).name} open")
    return _of_the_tree(card, target)


def distinct(name: str) -> bool:
    """Whether nothing but the run is likely to be called so: long, with a digit in it."""
    return bool(_DISTINCT.match(name))


def onlooker(card: Card) -> bool:
    """Whether a process only looks on: pagers, editors, shells nobody gave a command, this program itself."""
    words = _program(card.cmdline)
    if not words:
        return True
    name = PurePosixPath(words[0].lstrip("-")).name
    return name in _ONLOOKERS or _bare_shell(card) or own_program(card.cmdline)


def own_program(cmdline: tuple[str, ...]) -> bool:
    """Whether a command line is one of this program (the screen, a verb, a supervisor), not a demo's producer."""
    words = _program(cmdline)
    if words and PurePosixPath(words[0]).name == "cockpit":
        return True
    if "-m" in cmdline[:6]:
        module = cmdline[cmdline.index("-m") + 1 : cmdline.index("-m") + 2]
        return bool(module) and module[0].split(".")[0] == "cockpit" and module[0] != "cockpit.demo.producer"
    return False


def inside(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _program(cmdline: tuple[str, ...]) -> tuple[str, ...]:
    """The command line from the program on: an interpreter and its options are left out before a script."""
    if not cmdline or not _PYTHON.search(PurePosixPath(cmdline[0]).name):
        return cmdline
    for index, word in enumerate(cmdline[1:], 1):
        if word in ("-m", "-c", "-"):
            return cmdline
        if not word.startswith("-"):
            return cmdline[index:]
    return cmdline


def _bare_shell(card: Card) -> bool:
    name = PurePosixPath(card.cmdline[0].lstrip("-")).name if card.cmdline else ""
    return name in _SHELLS and all(word.startswith("-") and "c" not in word for word in card.cmdline[1:])


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!{_NAME}){re.escape(name)}(?!{_NAME}*[A-Za-z0-9_-])")


def _named_after(name: str) -> re.Pattern[str]:
    """A file's name that is the run's, with anything it may end in: a lock, a log."""
    return re.compile(rf"(?<!{_NAME}){re.escape(name)}(?![A-Za-z0-9_-])")


def _named(card: Card, target: Target) -> Match | None:
    """The run's directory or its name as a word of its own, in one of the arguments."""
    pattern = _word(target.id)
    unmistakable = distinct(target.id)
    relative = target.path.removeprefix(target.root).strip("/")
    for index, word in enumerate(card.cmdline):
        if any(_whole_path(word, path) for path in _runs(target)):
            return Match("names the run's directory")
        found = pattern.search(word)
        if found is None or _in_another_tree(word[: found.start()], target):
            continue
        before = card.cmdline[index - 1] if index else ""
        meant = bool(_RUN_OPTION.match(before)) or bool(_RUN_ASSIGNED.match(word[: found.start()]))
        meant = meant or ("/" in relative and relative in word)
        if meant or unmistakable:
            elsewhere = card.cwd is not None and not _related(card.cwd, target) and not _mentions(card, target)
            if elsewhere and card.cwd != "/":
                # A copy of the tree has runs of the same names: whoever works in that one is not meant here.
                return Match("names the run, but works elsewhere", sure=False, binding=False)
            return Match(NAMES)
    return None


def _in_another_tree(before: str, target: Target) -> bool:
    """Whether what stands before a run's name in an argument is an absolute path to somewhere else."""
    path = _ABSOLUTE.search(before)
    if path is None:
        return False
    roots = (target.root,) if target.alias is None else (target.root, target.alias[0])
    return not any(inside(path[1], root) for root in roots)


def _runs(target: Target) -> tuple[str, ...]:
    """The run's directory by all its names; none where the root itself is the run."""
    if target.path == target.root:
        return ()
    return (target.path,) if target.alias is None else (target.path, target.alias[1])


def _whole_path(word: str, path: str) -> bool:
    _, found, rest = word.partition(path)
    return bool(found) and (not rest or rest[0] in "/:,;'\" ")


def _related(cwd: str, target: Target) -> bool:
    """Whether a directory is one a producer of this root works in: within the root, or one of its parents."""
    return inside(cwd, target.root) or (cwd != "/" and inside(target.path, cwd))


def _mentions(card: Card, target: Target) -> bool:
    roots = (target.root,) if target.alias is None else (target.root, target.alias[0])
    return any(_whole_path(word, root) for word in card.cmdline for root in roots)


def _of_the_tree(card: Card, target: Target) -> Match | None:
    """A process that works in the tree, or was pointed at it: the producer where it began with the run."""
    works = card.cwd is not None and inside(card.cwd, target.root)
    if (not works and not _mentions(card, target)) or _of_another_run(card, target):
        return None
    how = "works in the root" if works else "names the root"
    if target.started_at is not None and card.uid is not None and card.uid == target.owner:
        before = target.started_at.timestamp() - card.created
        if -_CLOCK_S <= before <= BEGAN_WITH_S:
            return Match(f"{how} and began with the run", binding=False)
    return Match(how, sure=False, binding=False)


def _of_another_run(card: Card, target: Target) -> bool:
    """Whether it names another run than this one, or works in one beside it."""
    beside = tuple(f"{path.rpartition('/')[0]}/" for path in _runs(target))
    places = (*card.cmdline, card.cwd or "")
    if any(place.partition(folder)[2] for folder in beside for place in places):
        return True
    pairs = zip(("", *card.cmdline), card.cmdline, strict=False)
    return any(_RUN_OPTION.match(before) or _RUN_ASSIGNED.match(word) for before, word in pairs)
