"""What make says where its exit code is always 2 (formats/flow-studio.md 5)."""

from cockpit.models.action import OutcomeRule

_NO_TARGET = OutcomeRule(
    pattern=r"^make(?:\[\d+\])?: \*\*\* No rule to make target",
    failed=True,
    says="the Makefile has no such target: nothing ran (set profile or commands of this root in the configuration)",
)
MAKE_OUTCOME = (
    _NO_TARGET,
    OutcomeRule(
        pattern=r"^make(?:\[\d+\])?: \*\*\* No targets specified and no makefile found",
        failed=True,
        says="there is no Makefile: nothing ran",
    ),
    OutcomeRule(
        pattern=r"\buv: (?:command )?not found", failed=True, says="the tree's commands need uv, which is missing"
    ),
    OutcomeRule(
        pattern=r"^make(?:\[\d+\])?: \*\*\* \[.*\] (?:Error \d+|[A-Z])",
        failed=True,
        says="a command of the target failed (make itself says 2, whatever that said)",
    ),
)
"""Failures, the more telling first."""
