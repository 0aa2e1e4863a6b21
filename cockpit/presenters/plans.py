"""A plan as the lines of its dialog: exactly what would happen, and how to take it back."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence

from cockpit.actions.effects import SUPERSEDES
from cockpit.errors import MovedError
from cockpit.models.action import ActionInput, ActionSpec, Confirm, InputKind, Plan, Reach
from cockpit.models.request import Place, PlannedCheck, PlannedRequest
from cockpit.presenters import times, words
from cockpit.verbs import BUILT_IN_ACTIONS, RESERVED
from widgets.rows import Cell, TextRow, Tone


def command_text(argv: Sequence[str] | None) -> str:
    """The command as it could be pasted into a shell."""
    return shlex.join(argv) if argv else ""


def template_text(argv: Sequence[str]) -> str:
    """The template of a command; quoted like a command, but for the fields in it."""
    plain = (word.replace("{", "").replace("}", "") for word in argv)
    return " ".join(
        word if shlex.quote(bare) == bare else shlex.quote(word) for word, bare in zip(argv, plain, strict=True)
    )


def plan_lines(plan: Plan) -> list[TextRow]:
    """Why it is refused, if it is; what is run or sent, and where; what must be known; what happens; how to undo it."""
    fields = [*_about(plan), *_work(plan), *_meaning(plan)]
    rows = [
        (Cell(f"{'' if index else name:<10}", Tone.DIM), cell)
        for name, cells in fields
        for index, cell in enumerate(cells)
        if cell.text
    ]
    return [TextRow(key=str(index), spans=spans, hang=10) for index, spans in enumerate(rows)]


Field = tuple[str, Sequence[Cell]]
"""A name, and the lines that stand beside it and below; none means that the name is not shown either."""


def _about(plan: Plan) -> Iterator[Field]:
    """Whether it can be done, what to, and what was chosen."""
    yield "refused", [words.text(plan.refused, Tone.BAD)] if plan.refused else ()
    yield "undoes", [words.text(f"#{plan.undoes}: {plan.title}")] if plan.undoes is not None else ()
    yield "run", [words.text(plan.run, Tone.STRONG)]
    yield "step", [words.text(" › ".join(part for part in (plan.flow, plan.step) if part))]
    if plan.reach is Reach.SYSTEM:
        yield "reach", [Cell("the whole system, not only this run", Tone.WARN)]
    yield "chosen", [words.text(f"{name}={value}") for name, value in sorted(plan.options.items())]


def _work(plan: Plan) -> Iterator[Field]:
    """What is run or sent, where, with what around it."""
    yield "command", [words.text(command_text(plan.argv), Tone.ACCENT, 2_000)]
    yield "request", list(_request(plan.request)) if plan.request else ()
    yield "in", [words.text(plan.cwd or "")]
    if plan.argv:
        changes = [words.text(f"{name}={value}") for name, value in sorted(plan.env.items())]
        yield "env", changes or [Cell("unchanged", Tone.DIM)]


def _meaning(plan: Plan) -> Iterator[Field]:
    """What must be known before saying yes, what happens, how long it takes, and how it is taken back."""
    if plan.danger:
        yield "danger", [Cell("it cannot be taken back, or reaches beyond this host", Tone.BAD)]
    yield "warning", [words.text(warning, Tone.WARN) for warning in plan.warnings]
    yield "effect", [words.text(_inside(effect, plan.run_key)) for effect in plan.effects]
    yield "takes", [Cell(_takes(plan))]
    way = f"cockpit {plan.undone_by}" if plan.undone_by else ""
    yield "undo", [words.text(f"{plan.undo} ({way})" if way and way not in plan.undo else plan.undo)]
    yield "dry run", [words.text(command_text(plan.dry_run), Tone.DIM, 2_000)]
    state = f", made from the state {words.text(plan.fingerprint[:12]).text}" if plan.fingerprint else ""
    yield "plan", [Cell(f"{plan.hash[:12]}{state}", Tone.DIM)]


def _inside(effect: str, run_key: str) -> str:
    """What is superseded, named from the run's directory on: a plan is about one run, and lines are short."""
    name = run_key.rpartition("/")[2]
    return re.sub(rf"(?:[^ ]*?/)?{re.escape(name)}/", "", effect, count=1) if effect.startswith(SUPERSEDES) else effect


def request_text(request: PlannedRequest) -> str:
    """The request as a command that could be pasted into a shell; the token stays a variable."""
    words_of = ["curl", "-sS", "-X", request.method]
    if request.body is not None:
        body = json.dumps(request.body, ensure_ascii=False)
        words_of += ["-H", "Content-Type: application/json", "--data", body]
    text = shlex.join([*words_of, request.url])
    return f'{text} -H "Authorization: Bearer ${request.token_env}"' if request.token_env else text


def _request(request: PlannedRequest) -> Iterator[Cell]:
    """Method and URL, body, token, and what is asked before and after."""
    yield words.text(f"{request.method} {request.url}", Tone.ACCENT, 2_000)
    if request.body is not None:
        yield words.text(json.dumps(request.body, ensure_ascii=False), Tone.PLAIN, 2_000)
    token = f", token from ${request.token_env}" if request.token_env else ""
    yield words.text(f"sent once; the answer may take {times.span(request.timeout_s)}{token}", Tone.DIM)
    for prior in request.prior:
        yield words.text(f"needs a job {prior.earlier.action} before, else: {prior.says}")
    for name, checks in (("before", request.before), ("after", request.after)):
        for check in checks:
            yield words.text(f"{name}: {_check(check)}, else: {check.says}")


def _check(check: PlannedCheck) -> str:
    where = "the answer" if check.at is Place.ANSWER else f"GET {check.url}" if check.at is Place.SERVICE else check.url
    if check.at_most is not None:
        return f"{where} says {check.field} at most {check.at_most}"
    return f"{where} says {check.field}{'' if check.equals is None else f' = {check.equals}'}"


def _takes(plan: Plan) -> str:
    parts = []
    if plan.expected_s is not None:
        parts.append(f"about {times.span(plan.expected_s)}")
    if plan.expected_tokens is not None:
        parts.append(f"about {plan.expected_tokens:,} tokens")
    if not parts and plan.refused is None:
        return "not known: no past receipt tells how long such a thing takes"
    return ", ".join(parts)


def moved_lines(error: MovedError) -> list[TextRow]:
    """What moved since a plan was made, a line for each fact; then what that means."""
    rows = [
        TextRow(
            key=change.name,
            spans=(
                words.text(f"{change.name:<18}", Tone.DIM),
                words.text(change.before or "none"),
                Cell("  ->  ", Tone.DIM),
                words.text(change.after or "none", Tone.WARN),
            ),
            hang=18,
        )
        for change in error.changes
    ]
    if not rows:
        rows.append(TextRow(key="message", spans=(words.text(error, Tone.WARN),)))
    told = Cell("The plan was for the run as it was. Look at the new plan before you say yes.", Tone.DIM)
    return [*rows, TextRow(key=""), TextRow(key="told", spans=(told,))]


def offer_lines(spec: ActionSpec, refused: str | None) -> list[TextRow]:
    """An action of a run: its key and id, what it is, why not, what it runs or sends, and what is to be chosen."""
    about = [Cell("dangerous", Tone.BAD)] if spec.danger else []
    if spec.reach is Reach.SYSTEM:
        about.append(Cell("whole system", Tone.WARN))
    if spec.confirm is Confirm.TYPED:
        about.append(Cell("typed confirmation", Tone.DIM))
    head = [
        Cell(f"{spec.key or '':<3}", Tone.ACCENT),
        Cell(f"{words.text(spec.id).text:<18} ", Tone.DIM if refused else Tone.STRONG),
        words.text(spec.title),
        *(Cell(f"  {cell.text}", cell.tone) for cell in about),
    ]
    below = [words.text(f"not now: {refused}", Tone.WARN)] if refused else []
    if spec.id in RESERVED - BUILT_IN_ACTIONS:
        below.append(words.text(f"cockpit do {spec.id} RUN  (`cockpit {spec.id}` alone is another thing)"))
    below.append(words.text(template_text(spec.argv), Tone.DIM, 2_000))
    if spec.request:
        service = spec.request.service
        below.append(words.text(f"{spec.request.method} {spec.request.path} at {service}", Tone.DIM, 2_000))
    below += [words.text(input_text(each)) for each in spec.inputs]
    lines = [tuple(head), *((Cell(" " * _OFFER_INDENT), cell) for cell in below if cell.text)]
    return [TextRow(key=f"{spec.id}-{index}", spans=line, hang=_OFFER_INDENT) for index, line in enumerate(lines)]


_OFFER_INDENT = 22


def input_text(each: ActionInput) -> str:
    """An input as it is chosen: `--set stage=5|25|100`, what it is, and what it is where nothing is chosen."""
    kinds = {InputKind.CHOICE: "|".join(each.choices), InputKind.FLAG: "yes|no", InputKind.INTEGER: "NUMBER"}
    value = kinds.get(each.kind, "FILE" if each.kind is InputKind.PATH else "VALUE")
    if each.default is not None:
        otherwise = f"else {each.default}"
    elif each.recall is not None:
        otherwise = "else as in the job before"
    else:
        otherwise = "may be left out" if each.optional else "required"
    return f"--set {each.name}={value}  {each.title} ({otherwise})"


def dry_run_lines(lines: Sequence[str], exit_code: int | None, ended: str | None) -> list[TextRow]:
    """What a dry run said, and how it ended."""
    end = ended or f"exit {exit_code}"
    tone = Tone.OK if exit_code == 0 else Tone.BAD
    spans = [(Cell("  "), words.text(line)) for line in lines]
    rows = [(Cell("dry run   ", Tone.DIM), words.text(end, tone)), *spans]
    return [TextRow(key=f"dry-{index}", spans=line, hang=10) for index, line in enumerate(rows)]
