"""How this system's commands end, in its own words (formats/curriculum-builder.md 2, Typed errors and Exact texts).

Its exit codes are honest, but exit 1 is a failed validation as well as a crash, and make turns every one into 2.
"""

from cockpit.models.action import OutcomeRule


def _fails(pattern: str, says: str) -> OutcomeRule:
    return OutcomeRule(pattern=pattern, failed=True, says=says)


OUTCOME = (
    _fails(r"^\[stage_conflict\] ", "the topic specification is not ready: complete it, or run with a scope document"),
    _fails(
        r"^\[internal_error\] codex_exec mode failed",
        "codex gave no valid structured JSON: unset AGENT_MODEL, raise the time limit, look at CODING_AGENT_CMD",
    ),
    _fails(r"^\[config_error\] AGENT_MODEL is incompatible", "AGENT_MODEL does not go with codex_exec: unset it"),
    _fails(r"^\[config_error\] CODING_AGENT_CMD is empty", "CODING_AGENT_CMD is empty"),
    _fails(r"^\[config_error\] OPENAI_API_KEY is required", "OPENAI_API_KEY is not set: set it or switch provider"),
    _fails(r"^\[config_error\] OPENAI_BASE_URL is invalid", "OPENAI_BASE_URL is no http(s) address"),
    _fails(r"^\[internal_error\] remote_llm request failed", "the remote model refused or could not be reached"),
    _fails(r"^\[internal_error\] remote_llm ", "the remote model's answer could not be used"),
    _fails(r"^\[internal_error\] llm (?:proposer|repair) ", "the model's answer was no curriculum"),
    _fails(r"^\[invalid_argument\] Invalid run metadata", "run.json is invalid: archive the run and make a fresh one"),
    _fails(r"^\[invalid_argument\] Expected JSON object", "run.json is no object: archive the run, make a fresh one"),
    _fails(r"^\[not_found\] Run not found", "the system knows no such run in this directory"),
    _fails(r"^\[not_found\] Scope file not found", "there is no such scope document"),
    _fails(r"^\[invalid_argument\] Scope file must be inside", "the system takes no scope document from there"),
    _fails(
        r"^\[invalid_argument\] Unable to (?:compute diff|build plan)",
        "the artifacts do not fit: validate, or run it",
    ),
    _fails(
        r"^Run directory already exists: ", "a run of this second and name is there already: once more makes another"
    ),
    _fails(r"^\[[a-z]+_[a-z]+\] ", "the system refused: its message is in the output"),
    _fails(r"^Topic spec missing or incomplete: ", "the topic specification breaks its contract"),
    _fails(r"^Missing curriculum file: ", "there is no curriculum yet: run it first"),
    _fails(r"^FAILED: [1-9]", "the curriculum failed its validation: the report says why"),
    _fails(r"^FileNotFoundError: .*'codex'", "there is no codex program: set CODING_AGENT_CMD or another provider"),
    _fails(r"^TimeoutError: timed out", "the remote model did not answer in time"),
    _fails(r"^(?:json\.decoder\.)?JSONDecodeError: |^UnicodeDecodeError: ", "a file of the run is torn or no text"),
    _fails(r"^(?:[a-z_]\w*\.)*(?:[A-Z]\w*(?:Error|Exception)|InvalidURL)\b", "the command crashed: see its traceback"),
    OutcomeRule(
        pattern=r"^Orchestration run completed: ", failed=False, says="generated, validated, planned and compared"
    ),
)
"""Failures first, the more telling before the general. What tells of a crash is the line below its traceback."""
