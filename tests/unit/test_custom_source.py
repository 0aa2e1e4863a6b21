"""Systems declared in TOML: the worked example of the documents, other layouts, and mistakes."""

import fnmatch
import json
import os
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli import main
from cockpit.diagnosis.verdict import judge
from cockpit.errors import UsageError
from cockpit.models.detail import RunDetail
from cockpit.models.run import Run, RunState
from cockpit.settings import load_settings
from cockpit.sources import registry
from cockpit.sources.base import Configurable, Source
from cockpit.sources.custom import CustomSource
from cockpit.sources.custom.declaration import Declaration, validate
from cockpit.sources.custom.paths import compiled, field_path, find, lookup
from cockpit.sources.custom.reader import when
from tests.conftest import NOW, REPOSITORY

DOCUMENT = (REPOSITORY / "docs" / "custom-sources.md").read_text("utf-8")
BLOCKS = re.findall(r"```(json|toml|text)\n(.*?)```", DOCUMENT, re.DOTALL)


def block(kind: str, number: int = 0) -> str:
    return str([text for name, text in BLOCKS if name == kind][number])


def declared(text: str) -> tuple[Declaration, ...]:
    return validate(tomllib.loads(text)["custom"])


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    os.utime(path, ns=(1_795_136_400 * 10**9,) * 2)
    return path


def read(source: CustomSource, root: Path) -> dict[str, RunDetail]:
    return {ref.id: source.detail(ref) for ref in source.scan(root)}


def judged(source: CustomSource, root: Path, now: datetime = NOW) -> dict[str, Run]:
    return {name: judge(detail, now) for name, detail in read(source, root).items()}


@pytest.fixture
def nightly(tmp_path: Path) -> Path:
    """The worked example as the document has it."""
    run = tmp_path / "nightly" / "jobs" / "2026-11-20"
    write(run / "job.json", block("json", 0))
    write(run / "steps" / "01-fetch.json", {"what": "fetch", "result": "done", "span": [1795132860, 1795132980]})
    write(run / "steps" / "02-train.json", block("json", 1))
    write(run / "logs" / "train.log", "epoch 1\n")
    (tmp_path / "nightly" / "jobs" / "cache").mkdir()
    return tmp_path / "nightly"


def test_the_worked_example_says_what_the_document_says(
    nightly: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write(tmp_path / "config.toml", block("toml"))
    arguments = ["--root", str(nightly), "--config", str(config), "--now", "2026-11-21T12:00:00Z"]
    assert main(["show", "2026-11-20", "--json", *arguments]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["claimed"], shown["contradicted"]) == ("failed", "done", True)
    assert (shown["title"], shown["backend"], shown["flow"], shown["step"]) == (
        "Nightly model", "nightly", "main", "train",
    )  # fmt: skip
    assert shown["reasons"][0]["text"] == "main.train failed: Killed"
    evidence = shown["reasons"][0]["evidence"][0]
    assert evidence == {
        "rank": "physics", "path": "jobs/2026-11-20/steps/02-train.json", "line": None, "quote": "process.exit = 137",
    }  # fmt: skip
    assert shown["started_at"] == "2026-11-20T00:00:00Z"
    assert shown["steps"] == {"done": 1, "failed": 1, "total": 3}
    assert [item["path"] for item in shown["artifacts"] if item["kind"] == "log"] == ["jobs/2026-11-20/logs/train.log"]
    assert main(["runs", *arguments]) == 0
    printed = capsys.readouterr().out
    for words in re.split(r"\s{2,}", block("text", 1).splitlines()[1].strip()):
        assert words in printed


def test_without_its_failure_the_example_is_partial(nightly: Path) -> None:
    write(nightly / "jobs" / "2026-11-20" / "steps" / "02-train.json", {"what": "train", "process": {"exit": 0}})
    (run,) = judged(CustomSource(declared(block("toml"))), nightly).values()
    assert (run.state, run.contradicted) == (RunState.PARTIAL, True)
    assert "no trace of report" in run.reasons[0].text


@pytest.mark.parametrize(
    ("word", "state", "contradicted"),
    [
        ("DONE", RunState.SUCCEEDED, False),
        ("broken", RunState.FAILED, False),
        ("on_hold", RunState.WAITING, False),
        ("in_line", RunState.PENDING, False),
        ("running", RunState.STUCK, True),
        ("paused", RunState.PAUSED, False),
        ("cancelled", RunState.INTERRUPTED, False),
    ],
)
def test_status_words(tmp_path: Path, word: str, state: RunState, contradicted: bool) -> None:
    text = block("toml").replace('plan = ["fetch", "train", "report"]', "")
    write(tmp_path / "jobs" / "a" / "job.json", {"state": {"phase": word, "message": "why"}, "times": {"begin": 1e9}})
    (run,) = judged(CustomSource(declared(text)), tmp_path).values()
    assert (run.state, run.contradicted, run.claimed) == (state, contradicted, word.lower())


def test_a_word_nobody_declared_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "jobs" / "a" / "job.json", {"state": {"phase": "wibble"}})
    (detail,) = read(CustomSource(declared(block("toml"))), tmp_path).values()
    assert detail.problems[0].reason.startswith("the status word 'wibble' is not declared")


LIST = """
[[custom]]
name = "flat"
runs = ["out/*.json"]
status = "status"
time = "epoch_ms"
started = "t"
logs = "{id}/*.log"
[custom.steps]
within = "stages"
name = "n"
status = "s"
started = "a"
ended = "b"
"""


def test_record_files_with_a_list_of_steps(tmp_path: Path) -> None:
    stages = [{"n": "one", "s": "ok", "a": 1000, "b": 3000}, {"s": "error", "a": 3000, "b": 4000}, 7]
    write(tmp_path / "out" / "alpha.json", {"status": "success", "t": 1000, "stages": stages})
    write(tmp_path / "out" / "[x].json", {"status": "running", "stages": {"first": {"s": "ok"}}})
    write(tmp_path / "out" / "bad.json", {"status": "success", "stages": "none"})
    write(tmp_path / "out" / "alpha" / "a.log", "x")
    log = write(tmp_path / "out" / "[x]" / "a.log", "x")
    source = CustomSource(declared(LIST))
    found = read(source, tmp_path)
    assert set(found) == {"alpha", "[x]", "bad"}
    alpha = found["alpha"]
    assert [(step.step, step.status.value) for step in alpha.steps] == [
        ("one", "succeeded"), ("2", "failed"), ("3", "unknown"),
    ]  # fmt: skip
    assert alpha.receipts[0].duration_ms == 2000
    assert alpha.record.started_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    failed = alpha.steps[1].evidence
    assert failed is not None
    assert failed.quote == "stages[1]: s = error"
    assert judge(alpha, NOW).contradicted
    assert [step.step for step in found["[x]"].steps] == ["first"]
    assert [item.path for item in found["[x]"].artifacts] == ["out/[x]/a.log"]
    assert found["bad"].problems[0].reason == "stages holds neither a list nor an object of steps"
    owner = source.owner(tmp_path, log)
    assert owner is not None
    assert owner.id == "[x]"
    assert source.owner(tmp_path, tmp_path / "out" / "else" / "a.log") is None


def test_a_fixed_record_name_gives_the_run_its_directorys_name(tmp_path: Path) -> None:
    text = '[[custom]]\nname = "n"\nruns = "jobs/**/job.json"\nstatus = "s"\n'
    write(tmp_path / "jobs" / "a" / "b" / "job.json", {"s": "ok"})
    write(tmp_path / "jobs" / "job.json", {"s": "ok"})
    source = CustomSource(declared(text))
    assert {(ref.path, ref.id) for ref in source.scan(tmp_path)} == {
        ("jobs/a/b/job.json", "b"), ("jobs/job.json", "jobs"),
    }  # fmt: skip


def test_several_declarations_several_roots_and_the_owner(nightly: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other / "out" / "x.json", {"status": "ok"})
    only = LIST.replace('name = "flat"', f'name = "flat"\nroots = ["{other}"]', 1)
    source = CustomSource(declared(block("toml") + only))
    assert isinstance(source, Source)
    assert isinstance(source, Configurable)
    assert source.detect(nightly)
    assert source.detect(other)
    write(nightly / "out" / "y.json", {"status": "ok"})
    assert [ref.id for ref in source.scan(nightly)] == ["2026-11-20"]  # flat was not declared for this root
    (ref,) = source.scan(nightly)
    run = nightly / "jobs" / "2026-11-20"
    for changed in (run, run / "job.json", run / "steps" / "01-fetch.json", run / "deep" / "down.txt"):
        assert source.owner(nightly, changed) == ref
    assert source.owner(nightly, nightly / "jobs" / "cache" / "x") is None
    assert source.owner(nightly, tmp_path / "else") is None
    assert not CustomSource().detect(nightly)


def test_the_fingerprint_follows_files_and_declaration(nightly: Path) -> None:
    source = CustomSource(declared(block("toml")))
    (ref,) = source.scan(nightly)
    first = source.fingerprint(ref)
    detail = source.detail(ref)
    assert detail.fingerprint == first == source.fingerprint(ref)
    again = source.detail(ref, detail)
    assert again.cache["steps/01-fetch.json"] is detail.cache["steps/01-fetch.json"]  # not read twice
    write(nightly / "jobs" / "2026-11-20" / "logs" / "train.log", "epoch 1\nepoch 2\n")
    second = source.fingerprint(ref)
    assert second != first
    source.configure(tomllib.loads(block("toml").replace('broken = "failed"', 'broken = "stopped"'))["custom"])
    assert source.fingerprint(ref) != second


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"x"', '{"state": 5}', '{"state": {"phase": ["x"]}}'])
def test_broken_records_and_steps_are_reported(nightly: Path, content: str) -> None:
    run = nightly / "jobs" / "2026-11-20"
    write(run / "job.json", content)
    write(run / "steps" / "03-report.json", content)
    os.mkfifo(run / "steps" / "04-fifo.json")
    (run / "steps" / "05-link.json").symlink_to("/etc/passwd")
    (run / "loop").symlink_to(run)
    detail = CustomSource(declared(block("toml"))).detail(next(CustomSource(declared(block("toml"))).scan(nightly)))
    judge(detail, NOW)
    assert any("FIFO" in problem.reason for problem in detail.problems)
    assert not any("root:" in str(step) for step in detail.steps)
    if content in ("", "{", "[]", "null", '"x"'):
        assert any(problem.fatal for problem in detail.problems)


def test_a_record_that_cannot_be_read_alone_is_unreadable(tmp_path: Path) -> None:
    write(tmp_path / "jobs" / "a" / "job.json", "{broken")
    (run,) = judged(CustomSource(declared(block("toml"))), tmp_path).values()
    assert run.state is RunState.UNREADABLE


# what is right, what is written instead, where the line of the mistake begins, what is said
MISTAKES = (
    ('broken = "failed"', 'broken = "fail"', "broken", "custom.0.words.broken: 'fail' is none of pending, idle, "),
    ('done = "succeeded", oom', 'done = "good", oom', "words = {", "custom.0.steps.words.done: 'good' is none of "),
    ('error = "messages[-1]"', 'error = "messages["', 'error = "mess', "custom.0.steps.error: 'messages[' is not a fi"),
    ('runs = "jobs/*"', 'runs = "/jobs/*"', "runs", "is not a pattern of relative paths"),
    ('runs = "jobs/*"', 'runs = "jobs/../*"', "runs", "is not a pattern of relative paths"),
    ('runs = "jobs/*"', 'runs = "jo**/*"', "runs", "** stands once, and alone between slashes"),
    ('runs = "jobs/*"', "runs = []", "runs", "custom.0.runs"),
    ('files = "steps/*.json"', "", "[custom.steps]", "custom.0.steps: say where the steps are: either files or within"),
    (
        'title = "job.name"',
        'tittle = "job.name"',
        "tittle",
        "custom.0.tittle: there is no such key; did you mean",
    ),
    ('record = "job.json"', "record = 5", "record", "custom.0.record"),
)


def refusal(config: Path) -> str:
    with pytest.raises(UsageError) as error:
        load_settings(config)
    return str(error.value)


@pytest.mark.parametrize(("right", "wrong", "begins", "said"), MISTAKES)
def test_mistakes_name_file_line_and_key(tmp_path: Path, right: str, wrong: str, begins: str, said: str) -> None:
    assert block("toml").count(right) == 1
    text = block("toml").replace(right, wrong)
    line = next(at for at, row in enumerate(text.splitlines(), 1) if row.startswith(begins))
    message = refusal(write(tmp_path / "config.toml", text))
    assert message.startswith(f"{tmp_path}/config.toml:{line}: custom.0."), message
    assert said in message


def test_the_mistakes_of_the_document_are_reported_as_it_says(tmp_path: Path) -> None:
    text = block("toml").replace('broken = "failed"', 'broken = "fail"').replace("messages[-1]", "messages[")
    message = refusal(write(tmp_path / "config.toml", text)).replace(f"{tmp_path}/", "")
    documented = block("text", 2).splitlines()
    assert len(documented) == len(message.splitlines()) == 2
    for shown, real in zip(documented, message.splitlines(), strict=True):
        assert real.startswith(shown.removesuffix("..."))


def test_the_session_hands_declarations_to_the_registered_source(nightly: Path, tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path / "config.toml", block("toml")))
    registry.configure(settings.for_sources)
    try:
        assert "custom" in {source.id for source in registry.detect(nightly)}
    finally:
        registry.configure({})
    assert "custom" not in {source.id for source in registry.detect(nightly)}


def test_field_paths() -> None:
    data = {"a": {"b": [{"c": 1}, {"c": 2}]}, "x.y": 3, 'q"': 4}
    assert lookup(data, "a.b[-1].c") == 2
    assert lookup(data, "a.b.0.c") == 1
    assert lookup(data, '"x.y"') == 3
    assert lookup(data, r'"q\""') == 4
    assert lookup([[5]], "[0][0]") == 5
    assert lookup(data, None) is None
    for nowhere in ("a.c", "a.b[7].c", "a.b.x", "a.b[0].c.d"):
        assert lookup(data, nowhere) is None
    for wrong in ("", ".", "a.", ".a", "a..b", "a[", "a]", "a[x]", 'a"b'):
        with pytest.raises(ValueError, match=r"path|dot"):
            field_path(wrong)


@given(st.text(max_size=30))
def test_any_text_is_a_field_path_or_refused(text: str) -> None:
    try:
        assert field_path(text)
    except ValueError:
        return
    lookup({"a": [1]}, text)


@given(st.text(alphabet="ab*?[]!^-.\\", min_size=1, max_size=12), st.text(alphabet="ab.-]^\\", min_size=1, max_size=6))
def test_any_pattern_compiles_and_leaves_hidden_names_alone(pattern: str, name: str) -> None:
    if compiled(pattern.replace("**", "*")).match(name) and name.startswith("."):
        assert pattern.startswith(".")


@given(
    st.text(alphabet="abc*?[]!-", min_size=1, max_size=10).filter(lambda text: "**" not in text),
    st.text("abc-]", min_size=1, max_size=6),
)
def test_patterns_mean_what_the_shells_mean(pattern: str, name: str) -> None:
    assert (compiled(pattern).match(name) is not None) == fnmatch.fnmatchcase(name, pattern)


def test_search_and_pattern_agree(tmp_path: Path) -> None:
    for rel in ("a/x.json", "a/b/x.json", "a/.h/x.json", ".top/x.json", "a/b/c/d/e/f/g/h/x.json", "a/y.txt"):
        write(tmp_path / rel, "{}")
    everything = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    for pattern in ("a/*.json", "**/x.json", "a/**/x.json", "*/*/x.json", "a/.h/*", "a/[xy].*", "a/?.json"):
        by_name = {rel for rel in everything if compiled(pattern).match(rel)}
        assert set(find(str(tmp_path), pattern, folders=False)) == by_name, pattern
        assert by_name, pattern


def test_times() -> None:
    at = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    assert when("2026-11-20T00:00:00Z", "auto") == at
    assert when(at.timestamp(), "auto") == at
    assert when(int(at.timestamp() * 1000), "auto") == at
    assert when(str(int(at.timestamp())), "epoch") == at
    assert when(at.timestamp(), "epoch_ms") == datetime(1970, 1, 21, 18, 38, 52, 800_000, tzinfo=UTC)
    for value, spelled in (
        ("x", "auto"),
        (5, "iso"),
        (None, "auto"),
        (float("nan"), "epoch"),
        (1e300, "epoch"),
        ([], "auto"),
    ):
        assert when(value, spelled) is None
