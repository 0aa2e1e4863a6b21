"""The history of a demo workspace: what a week on call looks like, in every layout Flow Studio's files come in.

Each scenario is played by the producer's own engine on a simulated clock; what no producer of that shape writes
(runs made through the HTTP API, the documents' layout, damaged files) is written by `oddities`.
"""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cockpit.demo.engine import Engine
from cockpit.demo.envelopes import Outcome
from cockpit.demo.files import RunFiles, SimulatedPace, Stopped
from cockpit.demo.flows import FLOWS
from cockpit.demo.live import INITIATOR
from cockpit.demo.session import new_run_id

IMPORT_ERROR = (
    "Traceback (most recent call last):\n"
    '  File "tools/implement.py", line 12, in <module>\n'
    "    import httpx_retry\n"
    "ModuleNotFoundError: No module named 'httpx_retry'\n"
)
VALIDATION_ERROR = "pydantic.ValidationError: 1 validation error for StepOutput: status: Field required"
HOSTILE_TITLE = "[/x] [@click=app.quit]press[/] \x1b]52;c;cHduZWQ=\x07\x1b[31mred \u202eesrever\u202c 🔥 日本語 \x00end"
HOSTILE_NAME = "$(touch pwned)"
WHOLE = ("signal", "plan", "build")


class Scenario(NamedTuple):
    """One run of the past.

    Attributes:
        label: What it shows; unique.
        title: The run's title.
        ago: When it last wrote anything, before now.
        flows: Its flows, in order.
        outcomes: What became of its steps, by `flow.step`.
        shape: `v1` or `v2`.
        step_seconds: The shortest and the longest time of a step.
        carry_on: Play later flows though one failed, as v1 does: this masks the failure.
        initiator: Who started it.
        run_id: A name other than a generated one.
    """

    label: str
    title: str
    ago: timedelta
    flows: tuple[str, ...] = WHOLE
    outcomes: Mapping[str, Outcome] = {}
    shape: str = "v2"
    step_seconds: tuple[float, float] = (20.0, 120.0)
    carry_on: bool = False
    initiator: str = "cli"
    run_id: str = ""


def _ago(hours: float = 0, minutes: float = 0, seconds: float = 0) -> timedelta:
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


_ONE_ROUND = {"signal.critique_reqs": Outcome(rounds=1), "build.critique_code": Outcome(rounds=2)}
SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "live-1", "Send receipts by e-mail", _ago(seconds=3), ("signal", "plan", "build"),
        {"plan.interface": Outcome("hung")}, initiator=INITIATOR, step_seconds=(20, 40),
    ),
    Scenario(
        "live-2", "Encrypt backups at rest", _ago(seconds=5), ("build",), {"build.critique_code": Outcome("hung")},
        initiator=INITIATOR, step_seconds=(20, 40),
    ),
    Scenario(
        "failed-import", "Retry transient errors of the payment API", _ago(minutes=12), ("build",),
        {"build.critique_tests": Outcome(rounds=1), "build.implement": Outcome("failed", IMPORT_ERROR)},
    ),
    Scenario(
        "blocked", "Replace the session store", _ago(minutes=18), WHOLE, {"plan.adr": Outcome("hollow")},
    ),
    Scenario(
        "looping", "Fix the flaky scheduler test", _ago(minutes=26), ("build",),
        {"build.critique_code": Outcome("exhausted", "2 failed, 40 passed", 9)},
    ),
    Scenario(
        "dead", "Add tracing to the worker", _ago(minutes=40), ("signal", "build"),
        {"build.author_tests": Outcome("hung")}, step_seconds=(30, 90),
    ),
    Scenario(
        "masked", "Import customers from CSV", _ago(hours=1.2), ("signal", "plan"),
        {"signal.author_reqs": Outcome("failed", IMPORT_ERROR.replace("implement", "author_reqs"))},
        shape="v1", carry_on=True,
    ),
    Scenario(
        "failed-timeout", "Shrink the container image", _ago(hours=2.1), ("signal", "plan", "build"),
        {"build.author_tests": Outcome("failed", "TimeoutError: step exceeded 300s while waiting for tool Bash")},
    ),
    Scenario(
        "failed-validation", "Show usage per tenant", _ago(hours=3.4), ("signal", "plan"),
        {"plan.options": Outcome("failed", VALIDATION_ERROR)},
    ),
    Scenario(
        "dead-v1", "Warm the cache on start", _ago(hours=5), ("build",), {"build.mutate": Outcome("hung")}, shape="v1",
    ),
    Scenario(
        "hostile-title", HOSTILE_TITLE, _ago(hours=1.6), ("signal",), {"signal.frame": Outcome(text=HOSTILE_TITLE)},
    ),
    Scenario(
        "hostile-name", "A directory name that means harm", _ago(hours=4.2), ("signal",),
        {"signal.scope": Outcome("failed", "exit code 1; echo $(touch pwned)")}, run_id=HOSTILE_NAME,
    ),
    Scenario("ok-1", "Add retries to the uploader", _ago(minutes=33), WHOLE, _ONE_ROUND),
    Scenario("ok-2", "Log in with a passkey", _ago(hours=1.1), ("signal", "plan", "build", "gate"), _ONE_ROUND),
    Scenario("ok-3", "Rename the billing service", _ago(hours=2.6), WHOLE),
    Scenario("ok-4", "Speed up the nightly export", _ago(hours=6.3), tuple(FLOWS), _ONE_ROUND, step_seconds=(20, 240)),
    Scenario("ok-5", "Upgrade the ORM", _ago(hours=9), ("build",), shape="v1", step_seconds=(20, 240)),
    Scenario("ok-6", "Sort the search results by date", _ago(hours=14), WHOLE, shape="v1"),
    Scenario("ok-7", "Archive old tickets", _ago(hours=19), ("signal", "plan")),
    Scenario("ok-8", "Document the webhook format", _ago(hours=23), ("signal",), _ONE_ROUND),
)  # fmt: skip
"""The runs the engine plays, most interesting first."""


def write_scenario(runs: Path, scenario: Scenario, now: datetime, seed: int) -> str:
    """Write one run so that its last file is as old as the scenario says; its run id."""
    measure = _play(runs / "measure", "measure", scenario, SimulatedPace(now), seed, dry=True)
    start = now - scenario.ago - (measure - now)
    run_id = scenario.run_id or new_run_id(start, random.Random(seed))  # noqa: S311  # reproducible on purpose
    _play(runs / run_id, run_id, scenario, SimulatedPace(start), seed, dry=False)
    return run_id


def _play(directory: Path, run_id: str, scenario: Scenario, pace: SimulatedPace, seed: int, *, dry: bool) -> datetime:
    rng = random.Random(seed)  # noqa: S311
    files = RunFiles(directory, run_id, pace, rng, numbered=scenario.shape == "v2", dry=dry)
    engine = Engine(
        files, pace, rng, seconds=_durations(scenario, seed), outcomes=scenario.outcomes, shape=scenario.shape
    )  # fmt: skip
    engine.record.create(scenario.flows, title=scenario.title, initiator=scenario.initiator)
    try:
        for key in scenario.flows:
            if engine.play(FLOWS[key]).status != "succeeded" and not scenario.carry_on:
                break
    except Stopped:
        pass  # it hangs: what is on disk is all there will ever be
    end = max(files.written.values())
    if not dry:
        files.age()
    return end


def _durations(scenario: Scenario, seed: int) -> Callable[[], float]:
    rng = random.Random(seed + 1)  # noqa: S311
    return lambda: rng.uniform(*scenario.step_seconds)
