"""Runs to stand before: the ones most journeys need, written in the layouts of the real thing."""

from pathlib import Path

from tests.builders import FlowStudioRun

FAILED, RUNNING, DONE = "run-20261121-040000-failed", "run-20261121-040000-runnin", "run-20261121-040000-alldon"
AGENTS = {
    "branch": "repo-operator",
    "load_context": "context-loader",
    "clarify": "clarifier",
    "author_tests": "test-author",
    "critique_tests": "test-critic",
    "implement": "code-implementer",
}
ERROR = "TimeoutError: step exceeded 300s while waiting for tool Bash"


def runs_of(root: Path) -> Path:
    """Where the runs of a root lie."""
    return root / "swarm" / "runs"


def transcript(run: FlowStudioRun, step: str, lines: list[str], flow: str = "build") -> Path:
    """A transcript of a step."""
    agent = AGENTS[step]
    for index, line in enumerate(lines):
        record = {"timestamp": f"2026-11-21T04:00:{index % 60:02}Z", "role": "assistant", "content": line}
        run.append(f"{flow}/llm/{step}-{agent}-claude.jsonl", record)
    return run.path / flow / "llm" / f"{step}-{agent}-claude.jsonl"


def failed(root: Path, name: str = FAILED, *, at: float = 20) -> FlowStudioRun:
    """Two steps done, the third failed; with routing, a transcript and the error in events and receipt."""
    run = FlowStudioRun(runs_of(root), name)
    run.event("run_started", "build", at=0)
    for place, step in enumerate(("branch", "load_context")):
        run.step("build", step, AGENTS[step], at=at + 2 * place)
        run.decision("build", step, "CONTINUE", at=at + 2 * place + 1, reason=f"{step} is done")
    run.step("build", "clarify", AGENTS["clarify"], at=at + 6, ok=False, error=ERROR)
    run.decision("build", "clarify", "ESCALATE", at=at + 8, reason="clarify failed", needs_human=True)
    transcript(run, "clarify", ["reading", "warning: slow", "still reading", f"fatal {ERROR}", "bye"])
    run.event("run_completed", "build", at=at + 9, status="failed", error=ERROR)
    run.meta("failed", at=at + 9, error=ERROR, completed_at=None)
    return run


def running(root: Path, name: str = RUNNING, *, at: float = 60) -> FlowStudioRun:
    """One step done, the next one at work."""
    run = FlowStudioRun(runs_of(root), name)
    run.meta("running", at=0)
    run.step("build", "branch", AGENTS["branch"], at=at)
    run.event("step_start", "build", "load_context", AGENTS["load_context"], at=at + 2)
    return run


def done(root: Path, name: str = DONE, *, at: float = 20) -> FlowStudioRun:
    """Every step it knows of ended well."""
    run = FlowStudioRun(runs_of(root), name)
    run.step("signal", "normalize", "signal-normalizer", at=at)
    for place, (step, agent) in enumerate(
        [
            ("frame", "problem-framer"), ("author_reqs", "requirements-author"),
            ("critique_reqs", "requirements-critic"), ("author_bdd", "bdd-author"), ("scope", "scope-assessor"),
        ],
        1,
    ):  # fmt: skip
        run.step("signal", step, agent, at=at + 2 * place)
    run.event("run_completed", "signal", at=at + 20, status="succeeded")
    run.meta("succeeded", flows=("signal",), at=at + 20)
    return run


def three(root: Path) -> tuple[FlowStudioRun, FlowStudioRun, FlowStudioRun]:
    """A failed run, one at work and one that went well."""
    return failed(root), running(root), done(root)


def pwned(root: Path) -> list[Path]:
    """What a name that was taken for a command would have made."""
    return list(root.rglob("pwned"))


def makefile(root: Path, retry: str = "\t@echo retried $(RUN_ID) $(FLOW) $(STEP)") -> Path:
    """A Makefile with the targets of the real thing; `retry` is the recipe of the retry."""
    path = root / "Makefile"
    path.write_text(
        f"stepwise-retry:\n{retry}\n\nstepwise-build:\n\t@echo resumed $(RUN_ID) at $(START_STEP)\n"
        "stepwise-%:\n\t@echo other flow $*\n"
    )
    return path
