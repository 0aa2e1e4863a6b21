"""The flows and steps of the demo: those the real orchestrator runs (formats/flow-studio.md section 6).

Plain tuples and no imports beyond the standard library: the producer starts in a few hundredths of a second.
"""

from typing import NamedTuple


class Step(NamedTuple):
    """One step of a flow.

    Attributes:
        id: The step's id, unique in its flow.
        agent: The agent that runs it.
        artifact: The file it leaves in the flow's directory.
        role: What it is for.
        loop_target: For a critic: the step it sends the work back to.
        max_iterations: How often it may do so.
    """

    id: str
    agent: str
    artifact: str
    role: str
    loop_target: str | None = None
    max_iterations: int | None = None


class Flow(NamedTuple):
    """One flow: its key, its place in the life cycle, a title and its steps in order."""

    key: str
    number: int
    title: str
    steps: tuple[Step, ...]

    def position(self, step: str) -> int:
        """The index of a step id, -1 where the flow has no such step."""
        return next((at for at, known in enumerate(self.steps) if known.id == step), -1)


_S = Step
FLOWS: dict[str, Flow] = {
    flow.key: flow
    for flow in (
        Flow(
            "signal",
            1,
            "Flow 1 - Signal → Spec",
            (
                _S("normalize", "signal-normalizer", "issue_normalized.md", "Parse the raw input, find its context."),
                _S("frame", "problem-framer", "problem_statement.md", "State the problem and how success is told."),
                _S("author_reqs", "requirements-author", "requirements.md", "Write the requirements."),
                _S(
                    "critique_reqs",
                    "requirements-critic",
                    "requirements_critique.md",
                    "Review the requirements harshly.",
                    "author_reqs",
                    3,
                ),
                _S("author_bdd", "bdd-author", "bdd_scenarios.md", "Turn requirements into scenarios."),
                _S("scope", "scope-assessor", "scope_assessment.md", "Estimate scope and early risks."),
            ),
        ),
        Flow(
            "plan",
            2,
            "Flow 2 - Spec → Design",
            (
                _S("impact", "impact-analyzer", "impact_map.json", "Map what the change touches."),
                _S("options", "design-optioneer", "design_options.md", "Lay out the design options."),
                _S("adr", "adr-author", "adr.md", "Record the decision."),
                _S("interface", "interface-designer", "interface_spec.md", "Design contracts and schemas."),
                _S("observability", "observability-designer", "observability_spec.md", "Plan metrics and logs."),
                _S("test_strategy", "test-strategist", "test_plan.md", "Plan the tests."),
                _S("work", "work-planner", "work_plan.md", "Cut the work into subtasks."),
                _S("design_critique", "design-critic", "design_critique.md", "Validate the design."),
            ),
        ),
        Flow(
            "build",
            3,
            "Flow 3 - Plan → Code",
            (
                _S("branch", "repo-operator", "git_status.md", "Ensure a clean tree, create the branch."),
                _S("load_context", "context-loader", "subtask_context_manifest.json", "Load the subtask's context."),
                _S("clarify", "clarifier", "clarification_questions.md", "Write down open questions."),
                _S("author_tests", "test-author", "test_changes_summary.md", "Write the tests."),
                _S("critique_tests", "test-critic", "test_critique.md", "Review the tests.", "author_tests", 3),
                _S("implement", "code-implementer", "impl_changes_summary.md", "Write code that passes the tests."),
                _S("critique_code", "code-critic", "code_critique.md", "Review the code.", "implement", 3),
                _S("mutate", "mutator", "mutation_report.md", "Run mutation tests."),
                _S("fix", "fixer", "fix_summary.md", "Fix what mutation testing found."),
                _S("docs", "doc-writer", "doc_updates.md", "Update the documentation."),
                _S("self_review", "self-reviewer", "build_receipt.json", "Review the build as a whole."),
                _S("commit", "repo-operator", "commit_info.md", "Commit to the branch."),
            ),
        ),
        Flow(
            "review",
            4,
            "Flow 4 - Draft → Ready",
            (
                _S("run_prep", "run-prep", "flow_plan.md", "Prepare the review."),
                _S("branch", "repo-operator", "git_status.md", "Check out the branch."),
                _S("pr_create", "pr-creator", "pr_creation_status.md", "Open the draft pull request."),
                _S("harvest", "pr-feedback-harvester", "pr_feedback.md", "Collect the feedback."),
                _S("cluster", "review-worklist-writer", "review_worklist.json", "Group it into work items."),
                _S(
                    "worklist_loop",
                    "review-worklist-writer",
                    "review_actions.md",
                    "Work through the items.",
                    "worklist_loop",
                    50,
                ),
                _S("close_pr", "pr-commenter", "pr_status.md", "Answer the comments."),
                _S("cleanup", "review-cleanup", "review_receipt.json", "Write the review's receipt."),
                _S("sanitize", "secrets-sanitizer", "secrets_scan.md", "Scan for secrets."),
                _S("commit", "repo-operator", "git_status.md", "Commit and push."),
                _S("gh_update", "gh-issue-manager", "gh_issue_status.md", "Update the issue."),
            ),
        ),
        Flow(
            "gate",
            5,
            "Flow 5 - Code → Artifact",
            (
                _S("receipt", "receipt-checker", "receipt_audit.md", "Audit the build receipt."),
                _S("contract", "contract-enforcer", "contract_audit.md", "Check the contracts."),
                _S("security", "security-scanner", "security_audit.md", "Scan for vulnerabilities."),
                _S("coverage", "coverage-enforcer", "coverage_audit.md", "Check the coverage."),
                _S("policy_check", "policy-analyst", "policy_audit.md", "Check the policies."),
                _S("gate_fix", "gate-fixer", "gate_fix_summary.md", "Fix mechanical failures."),
                _S("merge_decision", "merge-decider", "merge_decision.md", "Recommend merge or bounce."),
            ),
        ),
        Flow(
            "deploy",
            6,
            "Flow 6 - Artifact → Prod",
            (
                _S("decide", "repo-operator", "deployment_log.md", "Merge and tag."),
                _S("monitor", "deploy-monitor", "ci_status.md", "Watch the pipelines."),
                _S("smoke", "smoke-verifier", "verification_report.md", "Smoke-test the deployment."),
                _S("finalize", "deploy-decider", "deployment_decision.md", "Decide: stable, roll back, investigate."),
                _S("report", "gh-reporter", "deploy_report_posted.md", "Report."),
            ),
        ),
        Flow(
            "wisdom",
            7,
            "Flow 7 - Prod → Wisdom",
            (
                _S("audit", "artifact-auditor", "artifact_audit.md", "Check that every artifact is there."),
                _S("regression", "regression-analyst", "regression_report.md", "Look for regressions."),
                _S("history", "flow-historian", "flow_history.json", "Write the history."),
                _S("learnings", "learning-synthesizer", "learnings.md", "Extract the learnings."),
                _S("feedback", "feedback-applier", "feedback_actions.md", "Apply them."),
                _S("wisdom_report", "gh-reporter", "wisdom_report_posted.md", "Report."),
            ),
        ),
    )
}
"""Every flow of the life cycle, in order."""

REQUIRED_INPUT: dict[tuple[str, str], tuple[str, str]] = {("build", "implement"): ("plan", "adr.md")}
"""What a step cannot do without, as (flow, artifact), where that flow is part of the run."""


def flow_yaml(flow: Flow) -> str:
    """The flow's configuration as the orchestrator keeps it in `swarm/config/flows/<flow>.yaml`."""
    lines = [f"key: {flow.key}", f'title: "{flow.title}"', "", "steps:"]
    for at, step in enumerate(flow.steps):
        following = flow.steps[at + 1].id if at + 1 < len(flow.steps) else None
        lines += [
            f"  - id: {step.id}",
            "    agents:",
            f"      - {step.agent}",
            f'    role: "{step.role}"',
            "    routing:",
        ]
        if step.loop_target:
            lines += [
                "      kind: microloop",
                f"      loop_target: {step.loop_target}",
                "      loop_condition_field: status",
                '      loop_success_values: ["VERIFIED", "verified"]',
                f"      max_iterations: {step.max_iterations}",
            ]
        else:
            lines.append("      kind: linear")
        if following:
            lines.append(f"      next: {following}")
        lines += ["    teaching_notes:", "      outputs:", f'        - "RUN_BASE/{flow.key}/{step.artifact}"', ""]
    return "\n".join(lines)


def flows_yaml() -> str:
    """The list of flows, as in `swarm/config/flows.yaml`."""
    lines = ["version: 1", "", "flows:"]
    for flow in FLOWS.values():
        lines += [f"  - key: {flow.key}", f"    index: {flow.number}", f'    title: "{flow.title}"', ""]
    return "\n".join(lines)
