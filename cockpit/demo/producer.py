"""The demo's producer: `python -m cockpit.demo.producer run|flow|retry|live`, called by the workspace's Makefile.

Writes Flow Studio files as the real producer does. Exit codes are honest: 0 the steps succeeded, 1 they did not, 2
the arguments are wrong. Imports nothing beyond the standard library, so that it starts at once.
"""

import argparse
import random
import re
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from cockpit.demo.engine import Engine
from cockpit.demo.files import Stopped
from cockpit.demo.flows import FLOWS, Flow
from cockpit.demo.session import RUNS, BusyError, claim, new_run_id, open_run, play_all, say

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class UsageError(Exception):
    """The arguments are wrong."""


def play_flow(workspace: Path, run_id: str, key: str, start: str | None, *, delay: float, fail: float) -> int:
    """`make stepwise-<flow>`: play a flow of a run from a step to its end; a run that does not exist is started.

    Raises:
        UsageError: No such flow or step, or the run's record cannot be read.
        BusyError: Another producer holds the run.
        Stopped: The producer was told to end.
    """
    flow = _flow(key)
    at = _position(flow, start) if start else None
    with claim(workspace, run_id):
        engine, files = open_run(workspace, run_id, stop=_stop_on_signals(), delay=delay, fail=fail)
        if not files.exists("meta.json"):
            engine.record.create((key,), initiator="make")
            resume = at is not None
        else:
            flows = _adopt(engine, run_id)
            if key not in flows:
                raise UsageError(f"run {run_id} has no flow {key}: {' '.join(flows)}")
            resume = True
        if at is None:
            left = engine.record.missing()
            at = flow.position(left[1]) if left and left[0] == key else 0
        return _report(engine.play(flow, at, resume=resume).status, run_id)


def retry_step(workspace: Path, run_id: str, key: str, step: str, *, delay: float, fail: float) -> int:
    """`make stepwise-retry`: play one step of a run again.

    Raises:
        UsageError: No such run, flow or step, or the run's record cannot be read.
        BusyError: Another producer holds the run.
        Stopped: The producer was told to end.
    """
    flow = _flow(key)
    at = _position(flow, step)
    if not (workspace / RUNS / run_id).is_dir():
        raise UsageError(f"there is no run {run_id}")
    with claim(workspace, run_id):
        engine, files = open_run(workspace, run_id, stop=_stop_on_signals(), delay=delay, fail=fail)
        if files.exists("meta.json"):
            _adopt(engine, run_id)
        else:
            engine.record.create((key,), initiator="make")
        return _report(engine.play(flow, at, only=True, resume=True).status, run_id)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the producer; its exit code."""
    options = _parser().parse_args(arguments)
    workspace = Path(options.workspace)
    try:
        return _dispatch(options, workspace)
    except UsageError as error:
        print(f"producer: {error}", file=sys.stderr)  # noqa: T201  # a command-line tool
        return 2
    except BusyError as error:
        print(f"producer: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except Stopped:
        return 128 + signal.SIGTERM


def _dispatch(options: argparse.Namespace, workspace: Path) -> int:
    if not (workspace / RUNS).is_dir():
        raise UsageError(f"{workspace} is no workspace: it has no {RUNS}")
    if options.command == "live":
        from cockpit.demo.live import keep_running  # only this command needs it

        stop = _stop_on_signals()
        return keep_running(
            workspace, stop, runs=options.runs, silence=options.silence, fail=options.fail, until_eof=options.until_eof
        )
    run_id = options.run_id or new_run_id(datetime.now(UTC), random.Random())  # noqa: S311
    if not PLAIN_NAME.fullmatch(run_id):
        raise UsageError(f"{run_id!r} is not a plain run id")
    if options.command == "flow":
        start = options.start_step or None
        return play_flow(workspace, run_id, options.flow, start, delay=options.delay, fail=options.fail)
    if options.command == "retry":
        if not options.run_id:
            raise UsageError("RUN_ID is missing")
        return retry_step(workspace, run_id, options.flow, options.step, delay=options.delay, fail=options.fail)
    flows = [_flow(key).key for key in options.flows.split(",")]
    if (workspace / RUNS / run_id).exists():
        raise UsageError(f"run {run_id} exists")
    with claim(workspace, run_id):
        engine, _ = open_run(workspace, run_id, stop=_stop_on_signals(), delay=options.delay, fail=options.fail)
        engine.record.create(tuple(flows))
        return _report("succeeded" if play_all(engine, flows) == 0 else "failed", run_id)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="producer", description="Produces Flow Studio runs for the cockpit's demo.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", default=".", help="the workspace (default: here)")
    common.add_argument("--fail", type=_chance, default=0.0, help="how likely a run fails, 0 to 1")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", parents=[common], help="start a new run")
    run.add_argument("--flows", required=True, help="flow keys, separated by commas")
    flow = commands.add_parser("flow", aliases=["resume"], parents=[common], help="play a flow of a run to its end")
    flow.add_argument("--flow", required=True)
    flow.add_argument("--start-step", default="")
    flow.set_defaults(command="flow")
    retry = commands.add_parser("retry", parents=[common], help="play one step again")
    retry.add_argument("--flow", required=True)
    retry.add_argument("--step", required=True)
    for command in (run, flow, retry):
        command.add_argument("--run-id", default="")
        command.add_argument("--delay", type=_seconds, default=1.5, help="mean seconds of a step")
    live = commands.add_parser("live", parents=[common], help="keep runs going until told to end")
    live.add_argument("--runs", type=int, choices=range(1, 9), default=2, help="how many at a time")
    live.add_argument("--silence", type=_seconds, nargs=2, default=(2.0, 6.0), metavar=("MIN", "MAX"))
    live.add_argument("--until-eof", action="store_true", help="end when standard input is closed")
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 3_600:  # one hour
        raise ValueError(text)
    return value


def _chance(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _flow(key: str) -> Flow:
    if key not in FLOWS:
        raise UsageError(f"there is no flow {key!r}: {' '.join(FLOWS)}")
    return FLOWS[key]


def _position(flow: Flow, step: str) -> int:
    at = flow.position(step)
    numbered = re.fullmatch(r"step-(\d{1,2})", step)  # the documents call the third step `step-3`
    if at < 0 and numbered:
        at = int(numbered[1]) - 1
    if not 0 <= at < len(flow.steps):
        raise UsageError(f"flow {flow.key} has no step {step!r}: {' '.join(known.id for known in flow.steps)}")
    return at


def _adopt(engine: Engine, run_id: str) -> tuple[str, ...]:
    try:
        return engine.record.adopt()
    except (OSError, ValueError) as error:
        raise UsageError(f"the record of run {run_id} cannot be read: {error}") from error


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    return stop


def _report(status: str, run_id: str) -> int:
    say(f"{run_id}: {status}")
    return 0 if status == "succeeded" else 1


if __name__ == "__main__":
    sys.exit(main())
