"""Examples and exit codes of `--help` and of the manual page, by verb."""

import argparse
from collections.abc import Iterator

EXIT_CODES: tuple[tuple[str, str], ...] = (
    ("0", "ok"),
    ("1", "the thing asked about is bad: a failed job, an unreadable run, a refused plan"),
    ("2", "usage or configuration; also: not confirmed, read-only"),
    ("3", "a gate is not met"),
    ("4", "the journal's hash chain is broken"),
    ("5", "the run moved since its plan was made; nothing was done"),
    ("69", "no root, or it cannot be read"),
    ("70", "internal error; the traceback's file is named"),
    ("129", "hang-up"),
)
"""Of every verb (the headless contract)."""

_ACTS = (
    "0 done, or started with --no-wait · 1 it failed, or cannot be done here · 2 not confirmed, or read-only · "
    "5 the run moved since its plan; nothing was done"
)
EXITS: dict[str, str] = {
    "show": "0 also for a run that failed · 1 its record cannot be read · 2 there is no such run",
    "diagnose": "0 with and without findings · 2 there is no such run",
    "plan": "0 it can be done · 1 it is refused, and why",
    "resume": _ACTS,
    "retry": _ACTS,
    "archive": _ACTS,
    "restore": _ACTS,
    "undo": _ACTS,
    "do": _ACTS,
    "bulk": "0 all went well · 1 one of them failed or could not be done · 2 not confirmed, or read-only",
    "jobs": "0 ok · 1 the job that was asked about failed",
    "perform": _ACTS,
    "verify": "0 the evidence says so · 1 a tick is contradicted",
    "gate": "0 it is met · 3 what is missing",
    "incident phase": "0 ok · 3 a gate on the way is not met, and what is missing",
    "incident close": "0 ok · 3 a gate on the way is not met, and what is missing",
    "bundle": "0 ok · 1 the bundle is not whole (verify)",
    "postmortem": "0 ok · 1 FILE no longer matches the evidence (--check)",
    "playbooks": "0 ok · 1 a playbook has mistakes (lint)",
    "audit": "0 ok · 4 the chain is broken, and where (verify)",
    "doctor": "0 ok · 1 something is not as it should be",
    "keys": "0 ok · 2 the key map of the configuration has mistakes",
    "config check": "0 ok · 2 what is wrong, with file, line and key",
}
"""What the exit codes of a verb mean, where they say more than that it worked."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "status": ("cockpit status", "cockpit status --root /srv/flow-studio --json"),
    "runs": ("cockpit runs --filter 'state:failed age<2h'", "cockpit runs --by cluster --limit 20"),
    "show": ("cockpit show run-7", "cockpit show run-7 --json"),
    "diagnose": ("cockpit diagnose run-7",),
    "actions": ("cockpit actions run-7",),
    "plan": ("cockpit plan retry run-7", "cockpit plan retry run-7 --step implement --dry-run"),
    "resume": ("cockpit resume run-7", "cockpit resume run-7 --flow build --step implement --yes"),
    "retry": ("cockpit retry run-7 --step implement", "cockpit retry run-7 --yes --no-wait --timeout 30m"),
    "archive": ("cockpit archive run-7", "cockpit archive run-7 --remove"),
    "restore": ("cockpit restore run-7",),
    "undo": ("cockpit undo --list", "cockpit undo --run run-7"),
    "do": ("cockpit do drain-queue run-7 --set keep=5", "cockpit drain-queue run-7 --set keep=5"),
    "bulk": (
        "cockpit bulk retry --filter 'state:failed finding:missing-module' --dry-run",
        "cockpit bulk retry run-7 run-8 --parallel 2 --stop-on-failure --yes",
    ),
    "jobs": ("cockpit jobs", "cockpit jobs job-20261121-081309-1 --follow"),
    "incident": ("cockpit incident list", "cockpit incident show 01"),
    "incident declare": ("cockpit incident declare --title 'Build masks failures' --answers nny --run run-7",),
    "incident list": ("cockpit incident list --all",),
    "incident show": ("cockpit incident show 01",),
    "incident timeline": ("cockpit incident timeline 01",),
    "incident describe": ("cockpit incident describe 01 --symptoms 'green runs with failed steps'",),
    "incident attach": ("cockpit incident attach 01 run-8",),
    "incident detach": ("cockpit incident detach 01 run-8 --reason 'another failure'",),
    "incident phase": ("cockpit incident phase 01 contain",),
    "incident close": ("cockpit incident close 01",),
    "incident reopen": ("cockpit incident reopen 01 --reason 'it failed again'",),
    "incident severity": ("cockpit incident severity 01 SEV1 --reason 'customers are affected'",),
    "incident note": ("cockpit incident note 01 'restarted the worker' --at 14:02",),
    "incident pin": ("cockpit incident pin 01 swarm/runs/run-7/events.jsonl:12 --note 'the first error'",),
    "incident decide": ("cockpit incident decide 01 'roll back' --because 'it is quicker' --instead-of 'a fix'",),
    "incident role": ("cockpit incident role 01 incident-commander me",),
    "incident task": (
        "cockpit incident task 01 'Block on failed flows' --owner ada --due 2d --verify 'the sample run fails'",
        "cockpit incident task done 01 t1 --outcome 'it failed as it should'",
    ),
    "incident update": ("cockpit incident update 01 'Retrying with a larger limit' --next 30m",),
    "incident escalate": (
        "cockpit incident escalate 01 L2 --reason 'it persists' --to grace",
        "cockpit incident escalate 01 --answered e1",
    ),
    "incident section": ("cockpit incident section 01",),
    "incident capture": ("cockpit incident capture 01 -o capture.md",),
    "incident file": ("cockpit incident file 01 revert",),
    "gate": ("cockpit gate 01", "cockpit gate 01 verify"),
    "bundle": ("cockpit bundle 01 -o incident.tar.gz", "cockpit bundle verify incident.tar.gz"),
    "postmortem": ("cockpit postmortem 01 -o postmortem.md", "cockpit postmortem 01 --check postmortem.md"),
    "metrics": ("cockpit metrics --since 30d",),
    "handoff": ("cockpit handoff --since 8h -o handoff.md",),
    "notify": (
        "cockpit notify 01 --template initial",
        "cockpit notify 01 --template update --set eta='15:30' --send mail",
    ),
    "record": ("cockpit record --run nightly -- invoke coordinator-run",),
    "checklist": ("cockpit checklist run-7 --playbook failed-run", "cockpit checklist 01"),
    "tick": ("cockpit tick run-7 failed-run/find-step --evidence swarm/runs/run-7/events.jsonl:12",),
    "untick": ("cockpit untick run-7 failed-run/find-step",),
    "skip": ("cockpit skip run-7 failed-run/find-step --reason 'known already'",),
    "claim": ("cockpit claim run-7 failed-run/find-step --owner grace",),
    "unclaim": ("cockpit unclaim run-7 failed-run/find-step",),
    "verify": ("cockpit verify run-7", "cockpit verify 01 --json"),
    "note": ("cockpit note run-7 failed-run/find-step 'the lock was held by run-6'",),
    "perform": ("cockpit perform run-7 failed-run/retry --show", "cockpit perform run-7 failed-run/retry"),
    "playbooks": ("cockpit playbooks", "cockpit playbooks show failed-run", "cockpit playbooks lint mine.md"),
    "audit": ("cockpit audit --since 2h --actor ada", "cockpit audit verify"),
    "doctor": ("cockpit doctor", "cockpit doctor --root /srv/flow-studio"),
    "info": ("cockpit info --json",),
    "keys": ("cockpit keys", "cockpit keys --json"),
    "config": ("cockpit config show roots limits --changed", "cockpit config check ./config.toml"),
    "config show": ("cockpit config show --changed", "cockpit config show attention"),
    "config check": ("cockpit config check", "cockpit config check ./config.toml"),
    "config path": ("cockpit config path",),
    "config edit": ("cockpit config edit",),
    "config reference": ("cockpit config reference",),
    "config template": ("cockpit config template > ~/.config/cockpit/config.toml",),
    "config schema": ("cockpit config schema > ~/.config/cockpit/schema.json",),
    "completion": ("cockpit completion bash > ~/.local/share/bash-completion/completions/cockpit",),
    "demo": ("cockpit demo", "cockpit demo /tmp/cockpit-demo --headless"),
}
"""Each as it would be typed; a test parses them."""

MORE: dict[str, str] = {
    "runs": """\
A filter is words and terms, all of which must hold:
  word            in id, title, flow, step or reason (a regular expression; a capital makes it case-sensitive)
  !word           not there
  state:failed,stuck  source:flow-studio  flow:build  step:implement  finding:missing-module  tag:nightly
  is:contradicted  is:attention  is:active  is:problem
  age<2h  silent>10m  failed>0""",
}
"""What a verb takes, where a line is not enough."""

VIEW_EXAMPLES = (
    "cockpit demo                                    a live demo workspace, to look around",
    "cockpit /srv/flow-studio                        the terminal UI on a tree, a directory of runs, or one run",
    "cockpit status --root /srv/flow-studio          the same in one screen of text",
    "cockpit show run-7                              everything about a run",
)
"""How to begin."""


def below(parser: argparse.ArgumentParser, prefix: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every verb below a parser with its parser: `incident`, `incident declare` ..."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield f"{prefix}{name}", child
                yield from below(child, f"{prefix}{name} ")


def complete_helps(parser: argparse.ArgumentParser) -> None:
    """Put examples and exit codes below what each verb says of itself."""
    for name, child in below(parser):
        found = EXAMPLES.get(name, ())
        parts = [text for text in (child.epilog, MORE.get(name)) if text]
        if found:
            parts.append("\n".join([f"example{'s' if len(found) > 1 else ''}:", *(f"  {each}" for each in found)]))
        if name in EXITS:
            parts.append("\n".join(["exit codes:", *(f"  {each}" for each in EXITS[name].split(" · "))]))
        child.epilog = "\n\n".join(parts)
        if child.formatter_class is argparse.HelpFormatter:
            child.formatter_class = _Formatter


class _Formatter(argparse.HelpFormatter):
    """Wraps what a verb says of itself and leaves its examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)
