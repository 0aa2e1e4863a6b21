"""What was measured, for people: a table, a page of documentation, and a plot of the growth (SVG)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

HEAD = ("what", "median", "min - max", "against", "ratio", "budget", "")

WHY: Mapping[str, str] = {
    "first_frame": (
        "The bare app loads Textual and nothing else. The cockpit loads pydantic, SQLite, its own models and panes "
        "besides, opens the index and judges no row by a cache that could be wrong; what is left is the import of "
        "those modules. A frame before the models are loaded would have to show rows that nobody has validated."
    ),
    "index.cold": (
        "Each run is judged as well as parsed: receipts, events, handoffs and routing are woven into one story, in "
        "pure Python, on one core. A second process for the reading would halve it on two cores."
    ),
    "index.second_start": (
        "Starting the interpreter and loading the modules is a fixed part of it (`fixed_s`); the rest is one stat a "
        "file, as in the baseline, plus a fingerprint of each run and its summary from the index."
    ),
    "disk_to_frame": "watchfiles groups events for a moment, and a frame is painted at most every 16 ms after that.",
    "key_to_frame": "Reading changed runs shares the interpreter's lock with the screen.",
    "memory": "The summaries of all runs are held as validated models; rows outside the window are not held.",
    "idle.cpu": "Watching, the clock and the sweep each wake up now and then.",
    "strain": "The same lock, and the same processor, as the work that is caught up with.",
}
"""Why a budget is missed, and what would help; shown for what was missed only."""


def table(document: Mapping[str, Any]) -> str:
    """The whole document as lines of text."""
    rows = [HEAD, *(_row(item) for item in document["items"])]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def page(document: Mapping[str, Any], picture: str) -> str:
    """`docs/performance.md`: the machine, every number, what was missed and why, and how cost grows.

    Args:
        document: What was measured.
        picture: Where the plot lies, relative to the page.
    """
    data, host = document["data"], document["host"]
    parts = [
        "# Performance",
        "",
        "Made by `make bench WRITE=1`; do not edit. Every number was measured on the installed program in a real",
        "pseudo-terminal of 160x45, beside its peer and in the same run; nothing is measured on a mock.",
        "",
        f"- Machine: {host['cpus']} x {host.get('cpu') or host['machine']}, {host['memory_mb']:,} MB, {host['system']},"
        f" Python {host['python']}; load {host['load'][0]} when it began.",
        f"- Data: {data['runs']:,} runs, {data['receipts']:,} receipts, {data['files']:,} files,"
        f" {data['bytes'] / 1e6:,.0f} MB; a routing log of {data['log_lines']:,} lines.",
        f"- cockpit {document['cockpit']}, {document['as_of']}, {document.get('seconds', 0):.0f} s in all"
        + (" (quick: less data, fewer samples)." if document["quick"] else "."),
        "",
        *_markdown([HEAD, *(_row(item) for item in document["items"] if not item["name"].startswith("growth."))]),
        "",
    ]
    notes = [f"- `{item['name']}`: {item['note']}" for item in document["items"] if item.get("note")]
    parts += ["## What is measured", "", *notes, ""]
    missed = [item for item in document["items"] if item.get("met") is False]
    if missed:
        parts += ["## What misses its budget", "", *(_missed(item) for item in missed), ""]
    points = [item["point"] for item in document["items"] if "point" in item]
    if points:
        parts += _growth(points, picture)
    return "\n".join(parts)


def _growth(points: Sequence[Mapping[str, Any]], picture: str) -> list[str]:
    head = ("runs", "files", "first index", "a run", "second start", "first frame", "memory", "one change", "shown in")
    rows = [
        (
            f"{point['runs']:,}", f"{point['files']:,}", f"{point['cold_s']} s", f"{point['cold_ms_per_run']} ms",
            f"{point['second_s']} s", f"{point['first_frame_s']} s", f"{point['memory_mb']} MB",
            f"{point['change_cpu_ms']} ms CPU", f"{point['change_shown_ms']} ms",
        )
        for point in points
    ]  # fmt: skip
    return [
        "## How cost grows",
        "",
        "A tree of its own for each size; the first frame is that of a start with an index.",
        "",
        *_markdown([head, *rows]),
        "",
        f"![Cost by number of runs]({picture})",
        "",
    ]


def _markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(text.replace("|", "\\|") for text in row) + " |" for row in rows]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def _missed(item: Mapping[str, Any]) -> str:
    judged = item["ratio"] if item["judged"] == "ratio" else item["value"]
    unit = "x" if item["judged"] == "ratio" else f" {item['unit']}"
    why = next((text for name, text in WHY.items() if item["name"].startswith(name)), "")
    return f"- `{item['name']}`: {judged}{unit} instead of {item['budget']:g}{unit}. {why}".rstrip()


def _row(item: Mapping[str, Any]) -> tuple[str, ...]:
    if "error" in item or "skipped" in item:
        return (
            item["name"],
            "",
            "",
            item.get("skipped") or item["error"],
            "",
            "",
            "skipped" if "skipped" in item else "ERROR",
        )
    unit, samples = item["unit"], item["samples"]
    several = samples["count"] > 1
    budget = ""
    if item["budget"] is not None:
        budget = f"<= {item['budget']:g}{' x' if item['judged'] == 'ratio' else f' {unit}'}"
    return (
        item["name"],
        f"{item['value']:g} {unit}",
        f"{samples['min']:g} - {samples['max']:g}" if several else "",
        "" if item["baseline"] is None else f"{item['baseline']:g} {unit}",
        "" if item["ratio"] is None else f"{item['ratio']:.2f} x",
        budget,
        {True: "met", False: "MISSED", None: ""}[item["met"]],
    )


# -- the plot

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 760, 400, 70, 30, 50, 190
_LINES = (
    ("cold_s", "first index (s)", "#b3261e"),
    ("second_s", "second start (s)", "#8a5a00"),
    ("first_frame_s", "first frame (s)", "#0b6e4f"),
    ("change_cpu_ms", "one change (ms CPU)", "#1a56a8"),
    ("memory_mb", "memory (MB)", "#6b3fa0"),
)


def plot(points: Sequence[Mapping[str, Any]]) -> str:
    """Cost by number of runs, both axes logarithmic: proportional cost is a slope of one, constant cost is flat."""
    values = [point[name] for point in points for name, _, _ in _LINES if point[name] > 0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    first, last = math.log10(points[0]["runs"]), math.log10(points[-1]["runs"])
    across, down = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(runs: float) -> float:
        return _LEFT + across * (math.log10(runs) - first) / max(1.0, last - first)

    def y(value: float) -> float:
        return _TOP + down * (high - math.log10(max(value, 10.0**low))) / max(1, high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
    ]
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}" stroke="#dddddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for point in points:
        at = x(point["runs"])
        parts.append(f'<path d="M{at:.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#dddddd"/>')
        parts.append(
            f'<text x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{point["runs"]:,}</text>'
        )  # fmt: skip
    parts.append(f'<text x="{_LEFT + across / 2:.0f}" y="{_HEIGHT - 10}" text-anchor="middle">runs</text>')
    for number, (name, title, colour) in enumerate(_LINES):
        drawn = [(x(point["runs"]), y(point[name])) for point in points if point[name] > 0]
        if not drawn:
            continue
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in drawn)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in drawn]
        parts.append(f'<text x="{_WIDTH - _RIGHT + 14}" y="{_TOP + 16 + number * 20}" fill="{colour}">{title}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
