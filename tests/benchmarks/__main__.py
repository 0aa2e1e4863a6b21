"""`python -m tests.benchmarks [--quick] [--only NAME]... [--out FILE] [--write] [--dir DIR]`: prints one table.

Progress goes to standard error; `--json` prints the whole document instead, `--out` writes it to a file, and `--write`
makes `docs/performance.md` and its plot. An item that fails is reported with its error and the rest goes on; the exit
code is 0 unless the suite itself fails. `--soak` changes files of a live board for long and fails on any drift.
"""

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cockpit import __version__
from tests.benchmarks import core, growth, live, report, soak, start, strain, work
from tests.benchmarks.generate import generate
from tests.benchmarks.harness import REPOSITORY, Bench, Item, SkipItemError, host

ITEMS: dict[str, Callable[[Bench], Iterator[Item]]] = {
    "command_line": start.command_line,
    "index": start.index,
    "first_frame": start.first_frame,
    "idle": live.idle,
    "changed_row": live.changed_row,
    "disk_to_frame": live.disk_to_frame,
    "key_to_frame": live.key_to_frame,
    "memory": core.memory,
    "journal": core.journal,
    "incidents": core.incidents,
    "diagnosis": work.diagnosis,
    "bundle": work.bundle,
    "few_watches": strain.few_watches,
    "slow_disk": strain.slow_disk,
    "burst": strain.burst,
    "toolong": core.toolong,
    "lnav": core.lnav,
    "growth": growth.growth,
}
"""In this order: what changes the generated tree comes after what measures it untouched."""


def main() -> int:
    """Generate, measure, print."""
    options = _options()
    if options.soak:
        with tempfile.TemporaryDirectory(prefix="cockpit-soak-", dir=options.dir) as folder:
            return soak.main(Path(folder), options.changes, _say)
    chosen = [name for name in ITEMS if not options.only or name in options.only]
    with tempfile.TemporaryDirectory(prefix="cockpit-bench-", dir=options.dir) as folder:
        document = measure(Path(folder), chosen, quick=options.quick, runs=options.runs)
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    sys.stdout.write(text if options.json else report.table(document))
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    if options.write:
        write(document, REPOSITORY / "docs")
    return 0


def write(document: dict[str, Any], docs: Path) -> None:
    """Make the page of documentation, and its plot."""
    docs.joinpath("performance.md").write_text(report.page(document, "performance.svg"), encoding="utf-8")
    points = [item["point"] for item in document["items"] if "point" in item]
    if len(points) > 1:
        docs.joinpath("performance.svg").write_text(report.plot(points), encoding="utf-8")


def measure(folder: Path, chosen: list[str], *, quick: bool, runs: int | None) -> dict[str, Any]:
    """Generate the data and measure the chosen items; the document."""
    began, before = time.perf_counter(), host()
    count = runs or (500 if quick else 10_000)
    needs_runs = any(name not in {"command_line", "journal", "incidents", "growth"} for name in chosen)
    _say(f"generating {count if needs_runs else 1} runs in {folder}")
    data = generate(folder / "tree", count if needs_runs else 1)
    _say(f"{data.files} files, {data.size / 1e6:.0f} MB in {data.seconds:.1f} s")
    home = folder / "home"
    home.mkdir()
    bench = Bench(data, home, quick, 100_000 if quick else 1_000_000)
    start.warm_up(bench)
    items: list[dict[str, Any]] = []
    for name in chosen:
        started = time.perf_counter()
        items += _measure(name, bench)
        _say(f"{name}: {time.perf_counter() - started:.1f} s")
    missed = [item["name"] for item in items if item.get("met") is False]
    failed = [item["name"] for item in items if "error" in item]
    return {
        "as_of": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "cockpit": __version__,
        "data": {"files": data.files, "log_lines": bench.log_lines, "receipts": data.receipts, "runs": data.count}
        | {"bytes": data.size, "written_in_s": round(data.seconds, 1)},
        "host": before,
        "items": items,
        "quick": quick,
        "seconds": round(time.perf_counter() - began, 1),
        "summary": {"errors": failed, "met": sum(item.get("met") is True for item in items), "missed": missed},
    }


def _measure(name: str, bench: Bench) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = []
    try:
        for item in ITEMS[name](bench):
            documents.append(item.document())
            _say(_line(documents[-1]))
    except SkipItemError as reason:
        documents.append({"name": name, "skipped": str(reason)})
        _say(f"  {name}: skipped: {reason}")
    except (Exception, AssertionError) as error:  # noqa: BLE001  # one broken item must not hide the others
        _say(traceback.format_exc())
        documents.append({"name": name, "error": f"{type(error).__name__}: {error}"[:200]})
    return documents


def _line(item: dict[str, Any]) -> str:
    against = f" ({item['ratio']} x {item['baseline']})" if item["ratio"] is not None else ""
    verdict = {True: "met", False: "MISSED", None: "no budget"}[item["met"]]
    return f"  {item['name']}: {item['value']} {item['unit']}{against}, budget {item['budget']}: {verdict}"


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="500 runs, 5,000 receipts, a log of 100,000 lines")
    parser.add_argument("--only", action="append", choices=sorted(ITEMS), metavar="NAME", help=", ".join(ITEMS))
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the document there too")
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="generate the data under DIR (default: the temporary directory)"
    )
    parser.add_argument("--json", action="store_true", help="print the document instead of the table")
    parser.add_argument("--write", action="store_true", help="make docs/performance.md and its plot of what was found")
    parser.add_argument("--soak", action="store_true", help="change files for long, and fail on any drift")
    parser.add_argument("--changes", type=int, default=300_000, metavar="N", help="how many changes a soak makes")
    parser.add_argument("--runs", type=int, metavar="N", help="that many runs instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
