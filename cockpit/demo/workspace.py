"""Makes a demo workspace: a Flow Studio checkout with the three other systems below it, a history, working commands."""

import contextlib
import json
import os
import shlex
import sys
from datetime import datetime
from pathlib import Path

from cockpit.demo import oddities, systems
from cockpit.demo.flows import FLOWS, flow_yaml, flows_yaml
from cockpit.demo.scenarios import SCENARIOS, write_scenario
from cockpit.demo.session import RUNS
from cockpit.errors import UsageError

MARKER = ".cockpit-demo.json"
"""The file that tells a demo workspace from a directory of somebody's own."""

_README = """\
This workspace was made by `cockpit demo`. Its runs are invented; its formats and its make targets are not:

    make stepwise-build RUN_ID=<run> START_STEP=implement   # play a flow on, from a step
    make stepwise-retry RUN_ID=<run> FLOW=build STEP=implement

Below it lie checkouts of three more systems. Their commands are stand-ins, too, found when bin/ is on the PATH:

    cd curriculum-builder && python3.11 scripts/orchestration.py list
    cd agents-orchestration && invoke coordinator-run
    ai-csuite/dev.db                                        # the database of a server that does not run

Delete the directory to be rid of it.
"""

# Values reach the recipes through the environment and are quoted by the shell; `override` with `value` keeps make
# from expanding what a caller put into them ($(shell ...) would run otherwise).
_MAKEFILE = """\
# Written by `cockpit demo`. Plays flows with a small producer that writes what Flow Studio's own does.
PYTHON := {python}
PACKAGE := {package}
FLOWS := {flows}

override RUN_ID := $(value RUN_ID)
override START_STEP := $(value START_STEP)
override FLOW := $(value FLOW)
override STEP := $(value STEP)
override STEP_SECONDS := $(if $(value STEP_SECONDS),$(value STEP_SECONDS),1.5)
export RUN_ID START_STEP FLOW STEP STEP_SECONDS

PRODUCER := PYTHONPATH=$(PACKAGE) $(PYTHON) -m cockpit.demo.producer

.PHONY: help stepwise-retry $(addprefix stepwise-,$(FLOWS))

help:
\t@echo 'make stepwise-<flow> RUN_ID=<run> [START_STEP=<step>]    flows: $(FLOWS)'
\t@echo 'make stepwise-retry  RUN_ID=<run> FLOW=<flow> STEP=<step>'

stepwise-retry:
\t@$(PRODUCER) retry --run-id="$$RUN_ID" --flow="$$FLOW" --step="$$STEP" --delay="$$STEP_SECONDS"

$(addprefix stepwise-,$(FLOWS)): stepwise-%:
\t@$(PRODUCER) flow --flow=$* --run-id="$$RUN_ID" --start-step="$$START_STEP" --delay="$$STEP_SECONDS"
"""


def make_workspace(directory: Path, now: datetime, *, incident: bool = False, state_dir: Path | None = None) -> Path:
    """Make a demo workspace, or take up the one that is there.

    A workspace that exists keeps its runs; its Makefile and configuration are written anew, so that they name the
    interpreter of today.

    Args:
        directory: Where: missing, empty, or a demo workspace.
        now: The moment its history ends at.
        incident: Whether a new one gets an open incident.
        state_dir: Where its state is kept, where that is not in the workspace.

    Returns:
        The workspace's root, resolved.

    Raises:
        UsageError: The directory is not empty and is not a demo workspace, or cannot be written.
    """
    target = directory.expanduser().absolute()
    try:
        target.mkdir(parents=True, exist_ok=True)
        root = target.resolve()
        fresh = _is_fresh(root)
        _write_frame(root)
        if fresh:
            made = write_history(root / RUNS, now) | systems.write_past(root, now)
            marker = {"made_by": "cockpit demo", "made_at": now.isoformat(), "runs": len(made)}
            (root / MARKER).write_text(json.dumps(marker, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            if incident:
                # Only here: producers import this module, and need nothing of the cockpit.
                from cockpit.demo.incident import work_incident

                work_incident(root, made, now, state_dir)
    except OSError as error:
        raise UsageError(f"cannot make a demo workspace in {directory}: {error.strerror or error}") from error
    return root


def write_history(runs: Path, now: datetime) -> dict[str, str]:
    """Write every run of the past; label of each -> its run id."""
    made = {scenario.label: write_scenario(runs, scenario, now, seed) for seed, scenario in enumerate(SCENARIOS, 1)}
    made["paused"] = oddities.write_paused(runs, now)
    made["interrupted"] = oddities.write_interrupted(runs, now)
    made["partial"] = oddities.write_partial(runs, now)
    made["unreadable"] = oddities.write_unreadable(runs, now)
    made["documents"] = oddities.write_documented(runs, now)
    return made


def _is_fresh(root: Path) -> bool:
    if (root / MARKER).is_file():
        return False
    with contextlib.suppress(StopIteration):
        entry = next(root.iterdir())
        raise UsageError(
            f"{root} is not empty ({entry.name}) and was not made by `cockpit demo`; name another directory"
        )
    return True


def _write_frame(root: Path) -> None:
    config = root / "swarm" / "config"
    (config / "flows").mkdir(parents=True, exist_ok=True)
    (root / RUNS).mkdir(parents=True, exist_ok=True)
    package = Path(__file__).resolve().parents[2]
    makefile = _MAKEFILE.format(
        python=_for_make(sys.executable), package=_for_make(str(package)), flows=" ".join(FLOWS)
    )
    files = {root / "Makefile": makefile, root / "README.md": _README, config / "flows.yaml": flows_yaml()}
    files |= {config / "flows" / f"{flow.key}.yaml": flow_yaml(flow) for flow in FLOWS.values()}
    whole = {path: (text, 0o644) for path, text in files.items()}
    for path, (text, mode) in (whole | systems.frame(root, str(package), sys.executable, shlex.quote)).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(mode)
        os.replace(temporary, path)  # noqa: PTH105  # the atomic one, by name


def _for_make(path: str) -> str:
    """A path as a shell word inside a make variable."""
    return shlex.quote(path).replace("$", "$$").replace("#", r"\#")
