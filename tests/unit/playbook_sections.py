"""What each section of the five documents asks for, and the playbook that has it: facts in the project's own words.

Key: the document and the headings of the section as slugs. Value: the playbook, and what must be said there.
"""

SECTIONS: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    # -- 000
    ("000", "failed-run"): ("failed-run", (
        "{flow}/receipts/{step}-{agent}.json", "succeeded, failed or interrupted", "stack trace",
        "{flow}/llm/{step}-{agent}-*.jsonl", "{flow}/handoff*/{step}*.json", "concerns", "routing.reason",
    )),
    ("000", "failed-run/common-causes"): ("failed-run", (
        "modulenotfounderror | a dependency is missing | add it to the requirements",
        "filenotfounderror on an input | the step before did not produce", "timeouterror | the step took longer",
        "raise the limit or make the step smaller", "validationerror | the agent's output is malformed",
        "teaching notes, adjust the prompt", "exit code other than 0 | a tool's command failed",
        "output in the receipt",
    )),
    ("000", "failed-run/verification-after-fix"): ("failed-run", (
        "make stepwise-<flow> run_id=<new run id>", "the newest receipt of the step says succeeded",
        "figures of the evidence panel agree",
    )),
    ("000", "stuck-run"): ("stuck-run", (
        "the first step with no receipt, or an incomplete one", "look for a handoff that says blocked",
        "did the step before leave its output", "routing/decisions.jsonl", "escalate nobody handled",
        "a microloop at its maximum", "same failure signature come back",
    )),
    ("000", "stuck-run/common-causes"): ("stuck-run", (
        "a handoff is blocked | a required input is missing", "escalate in the routing log | a person has to decide",
        "maximum of iterations is reached | the microloop is exhausted", "see whether a detour would help",
        "signature twice | a known failure pattern | route to the detour", "lint-fix",
        "no handoff envelope | the step crashed before it was finalised",
    )),
    ("000", "stuck-run/resuming-a-stuck-run"): ("stuck-run", (
        "make stepwise-{flow} run_id={run} start_step={step}",
        "make stepwise-retry run_id={run} flow={flow} step={step}",
    )),
    ("000", "wrong-output"): ("wrong-output", (
        "figures of the evidence panel", "not measured", "what did the flow before hand over", "teaching notes loaded",
        "{flow}/scent_trail.json", "read the assumptions in the handoffs", "understood as they were meant",
    )),
    ("000", "wrong-output/common-causes"): ("wrong-output", (
        "tests are hollow, or a figure was worked for", "mutation testing", "requirements were ambiguous",
        "from the signal flow", "run again from the step that took that decision", "budget for context was used up",
        "bring them up to date and plan again",
    )),
    ("000", "wrong-output/verification-checklist"): ("wrong-output", (
        "all figures of the evidence panel agree", "assumptions are written down, and they hold",
        "decisions on the scent trail are sound", "matches the specification as it is now",
        "nothing on a critical path is \"not measured\"",
    )),
    ("000", "security-incident"): ("security-incident", (
        "api keys, tokens, passwords", "say what was exposed", "say for how long", "say who had access",
        "the scan for secrets ran", "what slipped through", "pushed upstream lately", "commits that nobody can explain",
        "the security team", "the users affected", "legal, where it is required",
    )),
    ("000", "security-incident/immediate-actions-by-secret-type"): ("security-incident", (
        "openai api key | the dashboard", "anthropic api key | the console", "github token | settings, developer",
        "aws credentials | iam", "rotate the access key", "database password", "every connection string",
    )),
    ("000", "security-incident/post-containment"): ("security-incident", (
        "git log --all --oneline -s sk-ant-", "git log --remotes --oneline --max-count=20",
        "{flow}/boundary_scan.log",
    )),
    ("000", "security-incident/notification-template"): ("security-incident", (
        "--template security", "severity, time of discovery", "credential exposure, data leak, unauthorised access",
        "what was done at what time (revoked, replaced, systems updated)", "possible impact", "with their owners",
    )),
    ("000", "action-item-template"): ("post-incident", (
        "one specific thing to do", "who is responsible", "| a date", "how one knows that it is done",
        "pending, in-progress or complete",
    )),
    ("000", "action-item-template/example-action-items"): ("post-incident", (
        "a pre-commit hook that detects secrets", "a commit with a test secret is refused", "the platform team",
        "rotate every api key the flow used", "site reliability", "old keys answer 401, new ones work",
    )),
    ("000", "quick-reference-artifact-locations"): ("evidence-trail", (
        "<flow>/receipts/<step>-<agent>.json | status, tokens, duration, evidence",
        "<flow>/handoffs/<step>-<agent>.json", "summary, concerns, assumptions, routing",
        "<flow>/llm/<step>-<agent>-<engine>.jsonl | the whole conversation", "<flow>/routing/decisions.jsonl",
        "<flow>/scent_trail.json", "<flow>/logs/<step>.jsonl",
    )),
    ("000", "the-rule"): ("evidence-trail", (
        "receipts show what happened, transcripts why, routing logs what was decided", "before an agent is asked",
    )),
    # -- 001
    ("001", "1-first-triage-flow"): ("first-triage", (
        "-> validate -> passes? --yes--> plan -> iterate -> resolved", "orchestration.py validate {run}",
        "orchestration.py plan {run}", "orchestration.py iterate {run}", "outputs/reviews/validation_report.md",
        "apply the fix", "validate again", "status and next write",
    )),
    ("001", "2-failure-classification-flow"): ("classify-failure", (
        "stage_conflict], exit code 5 | the topic specification is not ready | stage-conflict",
        "quality, schema or graph | validation-failure", "reliability of codex_exec | structured-output",
        "remote_llm: authentication | missing-api-key", "remote_llm: configuration | invalid-base-url",
        "recover with a fresh run | invalid-run-metadata",
    )),
    ("001", "3-common-failures-and-recovery-flows"): ("classify-failure", ("find the signature below",)),
    ("001", "3-common-failures-and-recovery-flows/a-stage-conflict-on-run"): ("stage-conflict", (
        "still initialized", "no scope document was given", "fill in inputs/topic_spec.json", "--scope-file",
        "scope document? --yes--> run with --scope-file", "orchestration.py run {run}",
    )),
    ("001", "3-common-failures-and-recovery-flows/b-validation-failure"): ("validation-failure", (
        "validate or run ended with exit code 1", "schema", "integrity of the graph", "evidence mode", "quality rules",
        "outputs/reviews/validation_report.md", "orchestration.py validate {run}", "orchestration.py plan {run}",
        "orchestration.py iterate {run}", "generator or its configuration", "classify the failures",
    )),
    ("001", "3-common-failures-and-recovery-flows/c-codex-exec-mode-failed-to-return-valid-structured-json"): (
        "structured-output", (
            "a time-out", "the output is malformed", "the account may not use that model", "unset agent_model",
            "raise agent_timeout_seconds", "coding_agent_cmd", "codex --version", "orchestration.py run {run}",
            "escalate, with logs and settings",
        )),
    ("001", "3-common-failures-and-recovery-flows/d-openai-api-key-is-required-remote-llm"): ("missing-api-key", (
        "agent_provider=remote_llm without a key", "set openai_api_key", "codex_exec or internal", "run it again",
    )),
    ("001", "3-common-failures-and-recovery-flows/e-invalid-openai-base-url"): ("invalid-base-url", (
        "no scheme or no host", "set a valid address", "https wherever it leaves this host", "run it again",
    )),
    ("001", "3-common-failures-and-recovery-flows/f-invalid-run-metadata"): ("invalid-run-metadata", (
        "another version of the program wrote it", "edited by hand", "orchestration.py archive <run_id>",
        "refuses an invalid run", "orchestration.py init", "with the inputs of this one",
        "artifacts are generated anew",
    )),
    ("001", "4-stale-artifact-resolution-flow"): ("stale-artifacts", (
        "the stage lags behind the commands", "do not show the latest edits", "every command syncs the stage",
        "-> validate -> plan -> iterate -> stage and outputs current", "orchestration.py iterate {run}",
    )),
    ("001", "5-escalation-flow"): ("escalation", (
        "fails again across retries and providers", "deterministic validator fails after a change of a known-good",
        "core contract cannot be parsed: topic specification, curriculum, run.json", "the command that was run",
        "the run's id", "mode of the provider and the environment variables", "the exact error, with its type",
        "paths of the artifacts concerned, with their times", "collect the bundle",
    )),
    ("001", "6-post-incident-flow"): ("post-incident", (
        "a regression test fails without the fix", "operational root cause is written down",
        "behaviour or procedure changed", "make gate", "root cause and prevention", "publish a summary",
    )),
    # -- 002
    ("002", "severity-levels"): ("response-protocol", (
        "sev1 | production is down, data is lost, or security is breached | at once", "leaked secrets",
        "sev2 | service is degraded, or deployments are blocked | the same day", "broken ci",
        "sev3 | a defect that users meet, or runs that fail | the next business day", "flaky tests",
        "sev4 | minor or cosmetic | the normal backlog",
    )),
    ("002", "severity-levels/severity-decision-tree"): ("response-protocol", (
        "production affected? --yes--> data lost or security compromised? --yes--> sev1", "users blocked?",
        "correctness affected? --yes--> sev3",
    )),
    ("002", "response-protocol"): ("response-protocol", ("## detect", "## contain", "## diagnose", "## fix",
                                                         "## verify", "## document")),
    ("002", "response-protocol/1-detect"): ("response-protocol", (
        "an alert of the monitoring | acknowledge it, then look at the dashboard",
        "a report of a user | confirm that it can be reproduced", "a run that failed | read its receipts",
        "an audit | write the finding down and assess its scope",
        "a routine check | escalate according to the severity",
        "when it was discovered", "who or what detected it", "first symptoms",
    )),
    ("002", "response-protocol/2-contain"): ("response-protocol", (
        "containing comes before understanding", "security breach | revoke the credentials, isolate",
        "production down | go back to the last state known to be good, switch to maintenance mode",
        "blocked deployments | pause the pipeline", "failed runs | mark the run as failed",
        "corrupted data | stop all writes, take a snapshot", "the immediate harm is stopped",
        "scope of the impact is known", "stakeholders are told, in a sev1 or sev2", "to contain it is written down",
    )),
    ("002", "response-protocol/3-diagnose"): ("response-protocol", (
        "physics: exit codes, files as they are, processes, the state of git", "receipts: receipts of steps",
        "artifacts: generated files, diffs, handoff", "narrative: what agents claim and users report",
        "which flow, which step, which agent", "is it newer than what it speaks of",
        "same inputs must lead to the same",
        "last state that was good", "not just the one nearest",
    )),
    ("002", "response-protocol/4-fix"): ("response-protocol", (
        "prefer what can be taken back", "revert | a good state is known", "hotfix | small and aimed at one place",
        "full fix | the root cause can be addressed", "workaround | a mitigation for a while",
        "addresses the root cause, or it is written down why not", "tested before it is deployed",
        "a plan to roll it back", "the change is written down",
    )),
    ("002", "response-protocol/5-verify"): ("response-protocol", (
        "go by physics, not by what is told", "original failure does not come back", "related to it still works",
        "evidence shows that the fix works", "nothing new is broken",
    )),
    ("002", "response-protocol/6-document"): ("response-protocol", ("mandatory in a sev1 or sev2",)),
    ("002", "incident-capture-template"): ("response-protocol", (
        "time, event, evidence | detected, containment started, root cause identified, fix deployed, verification",
        "commands run | command, output", "decision, rationale, alternative considered",
        "role, person, contribution | incident commander, technical lead",
    )),
    ("002", "post-mortem-requirements"): ("response-protocol", ("cockpit postmortem inc",)),
    ("002", "post-mortem-requirements/mandatory-elements"): ("response-protocol", (
        "summary: what happened, in one paragraph", "impact: who was affected, for how long, how far it reached",
        "timeline: what happened in order, with times", "root cause: the issue that lies beneath",
        "contributing factors: what made it possible", "each with an owner and a deadline",
        "prevention: what keeps it from coming back",
    )),
    ("002", "post-mortem-requirements/the-blameless-rule"): ("response-protocol", (
        "a script failed or that a validation let something through", "what in the system allowed this",
        "which signal was missed", "what would have prevented it", "detected it earlier", "who did it",
        "whose fault is it",
    )),
    ("002", "post-mortem-requirements/root-cause-analysis"): ("response-protocol", (
        "symptom | tests fail in ci", "proximate cause | an import is missing",
        "contributing factor | the pre-commit checks", "root cause | a dependency was added",
        "systemic issue | a change of dependencies", "five times why", "standard ones",
    )),
    ("002", "the-rule"): ("response-protocol", (
        "detect, contain, diagnose, fix, verify, document", "let evidence decide", "systems, not of people",
        "keeps it from coming back",
    )),
    # -- 003
    ("003", "incident-severity-levels"): ("escalation", ("p0", "p1", "p2", "p3")),
    ("003", "incident-severity-levels/critical-p0"): ("escalation", (
        "p0 critical (sev1) | the whole system is out, or data is lost | all agents down, a corrupted database, "
        "a breach | 15 minutes | every stakeholder, at once",
    )),
    ("003", "incident-severity-levels/high-p1"): ("escalation", (
        "major functions impaired, several agents fail | half of the agents or more fail", "an external api is out",
        "| 1 hour | team lead and on-call engineer",
    )),
    ("003", "incident-severity-levels/medium-p2"): ("escalation", (
        "a single agent fails, raised error rates, slow responses | 4 hours | on-call engineer",
    )),
    ("003", "incident-severity-levels/low-p3"): ("escalation", (
        "warnings that are not critical, cosmetic issues, gaps in the documentation | the next business day",
    )),
    ("003", "common-incident-scenarios"): ("classify-failure", (
        "agent-failure", "provider-outage", "resource-exhaustion", "workflow-stuck", "security-alert",
    )),
    ("003", "common-incident-scenarios/1-agent-execution-failure"): ("agent-failure", (
        "does not start, ends with an error, or leaves its workflow incomplete",
        "logs/orchestrator.log is never written",
        "config/agents.config.json", "ollama, github models or azure", "recent changes", "invoke run-planner",
        "run-executor and run-reviewer", "defaultprovider", "take the change back", "the execution is stable",
        "the workflow is complete", "look at the metrics", "details, root cause and resolution",
        "gaps in the procedure",
    )),
    ("003", "common-incident-scenarios/2-model-provider-unavailable"): ("provider-outage", (
        "connections time out or are refused, credentials are not accepted, or a limit", "http://localhost:11434",
        "githubstatus.com", "service health", "http://localhost:11434/api/tags", "models.github.com/health",
        "in .env", "limits and the quota", "ollama serve", "fallback provider", "higher quota", "wait longer each time",
        "start the runs again", "connection is watched", "provider's status is up to date", "service levels",
        "circuit breaker", "continuity plan",
    )),
    ("003", "common-incident-scenarios/3-high-resource-usage"): ("resource-exhaustion", (
        "cpu | 90 % in use", "memory | 95 % in use", "disk | less than 10 % free", "no longer responds", "top -b -n 1",
        "df -h", "free -h", "how it has grown", "processes that take the most", "is this load expected",
        "a leak or a runaway", "changed in the configuration lately", "runtime.ollama.concurrency",
        "not urgent", "find logs/ -mtime +7 -delete", "artifacts/", "end processes that hang", "with less at once",
        "stays below its limits", "system is stable", "how it scales", "each agent its limits", "more hosts",
    )),
    ("003", "common-incident-scenarios/4-workflow-stuck-or-hanging"): ("workflow-stuck", (
        "longer than expected, nothing has been logged for a while", "seems to run and yields nothing",
        "not invoke coordinator-run", "starts a second workflow", "its last activity", "agent and step that hang",
        "waits for something outside", "agents wait for each other", "time-outs that are configured", "end it",
        "checkpoint that its documents speak of does not exist", "give it more time", "the new execution moves",
        "complete by its evidence", "its status is right", "a heartbeat", "circuit breaker", "time-outs are reviewed",
    )),
    ("003", "common-incident-scenarios/5-security-alert"): ("security-alert", (
        "exposed credentials, an attempt at unauthorised access, malicious activity, or a dependency with a known flaw",
        "within 5 minutes", "isolate the system", "revoke the credentials", "log and watch more",
        "how far the exposure",
        "systems and data affected", "signs of unauthorised access", "rotate every credential", "into .env",
        "close the known flaws", "pip install --upgrade -r requirements.txt", "is what it is meant to be",
        "restore it from a backup", "services are back, with the new credentials", "security review",
        "policies are up to date", "further controls", "what was learned",
    )),
    ("003", "escalation-procedures"): ("escalation", ("decide by the conditions",)),
    ("003", "escalation-procedures/when-to-escalate"): ("escalation", (
        "persists after the first attempts", "severity has risen", "several systems are affected",
        "data may be lost, or security may be concerned", "longer than the time its severity allows",
    )),
    ("003", "escalation-procedures/escalation-contacts"): ("escalation", (
        "1 | on-call engineer | first response and troubleshooting; at any hour",
        "2 | technical lead | complex technical issues; decisions on architecture or design",
        "3 | project manager | impact on the business, talking to stakeholders",
        "4 | security team | security incidents",
        "compliance",
    )),
    ("003", "post-incident-activities"): ("post-incident", ("so that it stays over",)),
    ("003", "post-incident-activities/immediate-post-resolution-24-hours"): ("post-incident", (
        "within 24 hours", "how it was resolved", "stakeholders know", "watches for it to come back",
        "workarounds that are still in place",
    )),
    ("003", "post-incident-activities/post-incident-review-1-week"): ("post-incident", (
        "within a week", "root cause is analysed", "timeline is documented", "what could be better",
        "action items that prevent it", "playbook is brought up to date", "the team knows",
    )),
    ("003", "post-incident-activities/metrics-to-track"): ("post-incident", (
        "mttr | mean time to resolve", "mttd | mean time to detect", "incident count | how many, by severity",
        "recurrence rate | the share of incidents that come back", "sla compliance | the share resolved within",
    )),
    ("003", "communication-templates"): ("communication", ("cockpit notify inc --template",)),
    ("003", "communication-templates/initial-notification"): ("communication", (
        "severity and a short description; status (investigating), impact, start, expected end or \"unknown\"; "
        "details; when the next update comes",
    )),
    ("003", "communication-templates/resolution-notification"): ("communication", (
        "status (resolved), duration, root cause, what resolved it; where and when the review is",
    )),
    ("003", "useful-commands"): ("health-check", ("one look at everything",)),
    ("003", "useful-commands/system-health-check"): ("health-check", (
        "top -b -n 1", "df -h", "free -h", "pgrep -a -f", "ps aux | grep agents", "tail -n 100",
        "logs/orchestrator.log", "http://localhost:11434/api/tags",
    )),
    ("003", "useful-commands/recovery-commands"): ("health-check", (
        "invoke run-parallel | restart all agents", "invoke run-planner, run-executor, run-reviewer",
        "invoke coordinator-run", "starts a new workflow", "find logs/ -mtime +7 -delete",
    )),
    ("003", "useful-commands/diagnostic-commands"): ("health-check", (
        "which python", "python --version", "pip show crewai", "invoke validate-config", "invoke test",
    )),
    ("003", "regular-maintenance"): ("maintenance", ("## daily", "## weekly", "## monthly")),
    ("003", "regular-maintenance/daily"): ("maintenance", (
        "errors of the night", "look at the dashboard", "backups were completed",
    )),
    ("003", "regular-maintenance/weekly"): ("maintenance", (
        "old logs and artifacts", "active alerts are reviewed", "security patches", "metrics of the incidents",
    )),
    ("003", "regular-maintenance/monthly"): ("maintenance", (
        "playbooks are reviewed", "contacts for escalation", "disaster recovery", "trends of the incidents",
    )),
    ("003", "references"): ("agent-failure", ("config/agents.config.json", "logs/")),
    # -- 004
    ("004", "0-general-rules"): ("self-work-rules", (
        "audit entry for the incident", "an adr", "what is done can be taken back", "the founder (level 0) decides",
        "budgets and safety caps", "self-work is paused",
    )),
    ("004", "1-revert-fast-recovery"): ("revert", (
        "a service level is breached", "evals drop", "a safety violation", "the budget is overrun",
        "reason, pull request and commit", "git revert", "hotfix branch", "smoke test of the preview is green",
        "the evals are green", "the hotfix is merged", "the adr has the outcome", "self-work goes on",
        "incidents/revert-<id>.json", "the link of the adr",
    )),
    ("004", "2-bisect-root-cause-isolation"): ("bisect", (
        "persistent and its culprit unclear", "the range is known", "the sandbox is a work tree",
        "build, smoke test, evals", "figures of every step are recorded", "refers to the incident",
        "incidents/bisect-<id>.json", "self/spec_report.json",
    )),
    ("004", "3-shadow-vendor-candidate"): ("shadow", (
        "looks promising", "post /providers/shadow/start with capability and candidate",
        "latency, errors and cost are compared", "within the bounds of the policy", "a ramp is proposed",
        "provider_shadow_diffs/<id>.json", "sorted keys",
    )),
    ("004", "4-ramp-progressive-traffic"): ("ramp", (
        "shadow's difference is within policy", "5 % -> look -> 25 % -> look -> 50 % -> look -> 100 %",
        "/providers/ramp/5", "return on ad spend", "on any breach: pause", "rollback", "the candidate is active",
        "the shadow is ended", "ramp_reports/<id>.json",
    )),
    ("004", "5-rollback-anomaly-response"): ("rollback", (
        "any anomaly during a canary or a ramp", "capability is paused", "traffic is back at the baseline",
        "the incident is filed", "differences are captured", "founder is told, if it is high or critical",
        "a pull request with the fix", "a plan for a new shadow", "incidents/rollback-<id>.json",
    )),
    ("004", "communication"): ("self-work-rules", (
        "shown where people look", "summary of the pull request has status and links", "a medium one that repeats",
    )),
    ("004", "determinism"): ("self-work-rules", ("sorted keys and end with a newline", "the seed is recorded")),
    ("004", "api-mappings-phase-60"): ("self-work-rules", (
        "post /incidents/revert with run_id and reason; incidents/revert-<id>.json", "post /incidents/bisect",
        "incidents/bisect-<id>.json", "apps/orchestrator/orchestrator",
    )),
}  # fmt: skip

LEFT_OUT = {("000", "see-also"), ("002", "see-also"), ("003", "purpose")}
"""Links to other documents of the same authors, and what a document says of itself."""
