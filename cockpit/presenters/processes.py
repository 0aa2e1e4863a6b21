"""The processes of a run and the host they run on, as rows of the monitor."""

from datetime import datetime

from cockpit.models.physics import HostFacts, Physics, ProcessFact, Pulse
from cockpit.presenters import times, words
from widgets.rows import Cell, Level, TextRow, Tone

CPU_BAD, MEMORY_BAD, DISK_BAD = 90.0, 95.0, 10.0
"""Percent: more CPU, more memory, less free disk than this is trouble (seed 003)."""
NAME = 9
"""Cells of the names in front."""
MOST_FILES = 4


def field_row(name: str, *spans: Cell, key: str, level: Level = Level.INFO) -> TextRow:
    """A line that begins with its name; what does not fit is wrapped beside it."""
    return TextRow(key=key, spans=(Cell(f"{name:<{NAME}}", Tone.DIM), *spans), hang=NAME, level=level)


def process_rows(physics: Physics | None, now: datetime, *, live: bool) -> list[TextRow]:
    """The processes of a run and the host they run on.

    Args:
        physics: As last looked at.
        now: The present moment.
        live: Whether the run should have a producer.
    """
    if physics is None:
        return [field_row("process", Cell("nobody has looked yet", Tone.DIM), key="process")]
    rows: list[TextRow] = []
    for process in physics.processes:
        rows += _process(process, now, "process" if not rows else "")
    if not rows:
        tone = Tone.BAD if physics.pulse is Pulse.GONE and live else Tone.DIM
        lost = physics.lost
        if lost is not None:
            known = "seen until" if lost.known_by == "seen" else f"known from a {lost.known_by},"
            text = f"{lost.name} pid {lost.pid} is {'a zombie' if lost.zombie else 'gone'}; {known} "
            rows.append(field_row("process", words.text(f"{text}{lost.seen_at:%H:%M:%S}Z", tone), key="process"))
        else:
            rows.append(field_row("process", words.text(physics.note or "none", tone), key="process"))
        for process in physics.candidates:
            rows += _process(process, now, "perhaps")
    rows.append(field_row("host", *_host(physics.host), key="host"))
    return rows


def _process(process: ProcessFact, now: datetime, name: str) -> list[TextRow]:
    up = times.span(times.tick(now, 30) - process.started_at)
    facts = [f"{process.name} pid {process.pid}", process.status, f"up {up}"]
    facts.append("cpu ?" if process.cpu_percent is None else f"cpu {process.cpu_percent:.0f}%")
    if process.rss_bytes is not None:
        facts.append(size(process.rss_bytes))
    if process.children:
        facts.append(f"{process.children} below it")
    if process.user:
        facts.append(process.user)
    tone = Tone.PLAIN if process.sure else Tone.DIM
    key = f"process\t{process.pid}"
    told = process.matched_by + (f"; waits for {process.waiting_on}" if process.waiting_on else "")
    rows = [
        field_row(name, words.text("  ".join(fact for fact in facts if fact), tone), key=key),
        field_row("", words.text(told, Tone.DIM), key=f"{key}\twhy"),
    ]
    if process.sure:
        rows.append(field_row("", words.text(" ".join(process.cmdline), Tone.DIM, 300), key=f"{key}\targv"))
    return rows + [
        field_row("", Cell("open ", Tone.DIM), words.text(path, Tone.DIM), key=f"{key}\t{path}")
        for path in process.open_files[:MOST_FILES]
    ]


def _host(host: HostFacts) -> list[Cell]:
    cells = [
        _measure("cpu", host.cpu_percent, host.cpu_percent is not None and host.cpu_percent > CPU_BAD),
        _measure("memory", host.memory_percent, host.memory_percent is not None and host.memory_percent > MEMORY_BAD),
        Cell("" if host.load_1m is None else f"load {host.load_1m:.1f}  "),
    ]
    if host.disk_free_percent is not None:
        free = "" if host.disk_free_bytes is None else f" ({size(host.disk_free_bytes)})"
        tone = Tone.BAD if host.disk_free_percent < DISK_BAD else Tone.PLAIN
        cells.append(Cell(f"disk free {host.disk_free_percent:.0f}%{free}", tone))
    return cells


def _measure(name: str, value: float | None, bad: bool) -> Cell:
    return Cell("" if value is None else f"{name} {value:.0f}%  ", Tone.BAD if bad else Tone.PLAIN)


def size(value: int) -> str:
    """Bytes for people: `14.8M`."""
    amount = float(value)
    for unit in ("B", "K", "M", "G"):
        if amount < 1_000:
            return f"{amount:.0f}{unit}" if unit == "B" or amount >= 100 else f"{amount:.1f}{unit}"
        amount /= 1024
    return f"{amount:.1f}T"
