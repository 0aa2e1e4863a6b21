"""Where runs are found, what they are called, and to whom a changed path belongs."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.sources.flow_studio import FlowStudioSource
from cockpit.sources.flow_studio.layout import Kind, place
from cockpit.sources.paths import decode, encode, run_dir
from tests.builders import FlowStudioRun

SOURCE = FlowStudioSource()
HOSTILE = [
    b"$(touch pwned)",
    b"--help",
    b"a b",
    b"new\nline",
    b"caf\xe9",
    b"back\\slash",
    b"\\xe9",
    b"[@click=quit]x",
    b"\x1b]52;c;x\x07",
    "👩\u200d🚀\u202e".encode(),
]


def names(root: Path) -> list[str]:
    return sorted(ref.path for ref in SOURCE.scan(root))


def test_containers_are_searched_and_runs_are_not(tmp_path: Path) -> None:
    for folder in ("runs", "swarm/runs", "swarm/examples", "a/b/.runs", "runs/_corrupt"):
        FlowStudioRun(tmp_path / folder).meta()
    FlowStudioRun(tmp_path / "runs" / "run-20261121-040000-abc123" / "build" / "runs", "inner").meta()
    for folder in (".hidden", "node_modules", ".cockpit/archive", "runs/_wisdom", "a/b/c/d"):
        FlowStudioRun(tmp_path / folder, "lost").meta()
    run = "run-20261121-040000-abc123"
    assert names(tmp_path) == sorted(
        f"{folder}/{run}" for folder in ("a/b/.runs", "runs", "runs/_corrupt", "swarm/examples", "swarm/runs")
    )


def test_a_root_may_be_a_run(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path)
    run.meta()
    run.event("run_created")
    (ref,) = SOURCE.scan(run.path)
    assert (ref.path, ref.id) == (".", run.name)
    assert run_dir(ref) == run.path
    assert SOURCE.detail(ref).record.claimed == "running"
    owner = SOURCE.owner(run.path, run.path / "meta.json")
    assert owner == ref


@pytest.mark.parametrize("marker", ["meta.json", "spec.json", "events.jsonl", "run_state.json"])
def test_one_record_makes_a_run_of_any_name(tmp_path: Path, marker: str) -> None:
    FlowStudioRun(tmp_path / "runs", "whatever").raw(marker, b"{}")
    assert names(tmp_path) == ["runs/whatever"]


def test_source_trees_and_other_systems_are_no_runs(tmp_path: Path) -> None:
    (tmp_path / "project" / "build" / "lib").mkdir(parents=True)
    (tmp_path / "project" / "plan").mkdir()
    (tmp_path / "runs" / "20261121-other").mkdir(parents=True)
    (tmp_path / "runs" / "20261121-other" / "run.json").write_text("{}")
    (tmp_path / "runs" / "empty").mkdir()
    assert names(tmp_path) == []
    assert not SOURCE.detect(tmp_path)


def test_a_run_without_records_is_known_by_its_steps_or_its_name(tmp_path: Path) -> None:
    FlowStudioRun(tmp_path / "runs", "steps-only").receipt("build", "implement", "code-implementer")
    (tmp_path / "runs" / "run-20261121-040000-abc123").mkdir()
    assert names(tmp_path) == ["runs/run-20261121-040000-abc123", "runs/steps-only"]


def test_hostile_names_are_kept_and_lead_back_to_their_directory(tmp_path: Path) -> None:
    for raw in HOSTILE:
        folder = os.fsencode(tmp_path / "runs") + b"/" + raw
        os.makedirs(folder)  # noqa: PTH103 - a name of bytes
        with open(folder + b"/meta.json", "wb") as file:  # noqa: PTH123 - a name of bytes
            file.write(b'{"status": "failed"}')
    refs = list(SOURCE.scan(tmp_path))
    assert {os.fsencode(run_dir(ref).name) for ref in refs} == set(HOSTILE)
    assert len({ref.key for ref in refs}) == len(HOSTILE)
    for ref in refs:
        assert ref.model_validate_json(ref.model_dump_json()) == ref
        assert SOURCE.detail(ref).record.claimed == "failed"
        owner = SOURCE.owner(tmp_path, run_dir(ref) / "build" / "receipts" / "x.json")
        assert owner == ref
    assert not (tmp_path / "pwned").exists()


@given(st.binary(min_size=1, max_size=20).filter(lambda raw: b"/" not in raw and b"\0" not in raw))
def test_names_of_any_bytes_are_escaped_without_loss(raw: bytes) -> None:
    name = os.fsdecode(raw)
    shown = encode(name)
    shown.encode("utf-8")
    assert decode(shown) == name
    if name.isascii() and "\\" not in name:
        assert shown == name


@given(st.text(max_size=20))
def test_decoding_anything_never_raises(text: str) -> None:
    decode(text.encode("utf-8", "ignore").decode())


def test_links_are_not_followed(tmp_path: Path) -> None:
    real = FlowStudioRun(tmp_path / "elsewhere", "outside")
    real.meta()
    root = tmp_path / "root" / "runs"
    FlowStudioRun(root, "inside").meta()
    (root / "latest").symlink_to("inside")
    (root / "out").symlink_to(real.path)
    (root / "circle").symlink_to(root)
    assert names(root) == ["inside"]
    assert SOURCE.owner(root, root / "latest" / "meta.json") is None


def test_a_root_that_is_gone_is_the_callers_to_know(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(SOURCE.scan(tmp_path / "gone"))
    assert not SOURCE.detect(tmp_path / "gone")


def test_owner_agrees_with_scan(real_data: Path) -> None:
    root = real_data / "flow-studio"
    refs = list(SOURCE.scan(root))
    for ref in refs:
        for path in sorted(run_dir(ref).rglob("*"))[::7]:
            assert SOURCE.owner(root, path) == ref
    for path in (root / "config" / "flows" / "build.yaml", root / "runs" / "MANIFEST.md", root, root.parent):
        assert SOURCE.owner(root, path) is None


def test_the_owner_of_a_deleted_run_is_known_by_its_name(tmp_path: Path) -> None:
    owner = SOURCE.owner(tmp_path, tmp_path / "runs" / "run-20261121-040000-abc123" / "build" / "x.json")
    assert owner is not None
    assert owner.path == "runs/run-20261121-040000-abc123"
    assert SOURCE.owner(tmp_path, tmp_path / ".cockpit" / "run-20261121-040000-abc123" / "x") is None


def test_watch_paths_are_the_places_where_records_are_written(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path / "runs")
    run.meta()
    run.receipt("build", "implement", "code-implementer")
    (ref,) = SOURCE.scan(tmp_path)
    assert SOURCE.watch_paths(ref) == [run.path, run.path / "build", run.path / "build" / "receipts"]


@pytest.mark.parametrize(
    ("rel", "kind", "flow"),
    [
        ("meta.json", Kind.META, ""),
        ("events.jsonl", Kind.EVENTS, ""),
        ("build/receipts/a-b.json", Kind.RECEIPT, "build"),
        ("receipts/a-b.json", Kind.RECEIPT, ""),
        ("build/handoff/a.draft.json", Kind.HANDOFF, "build"),
        ("build/handoffs/a-b.json", Kind.HANDOFF, "build"),
        ("build/routing/decisions.jsonl", Kind.DECISIONS, "build"),
        ("build/routing/candidates_step_a.json", Kind.CANDIDATES, "build"),
        ("build/routing/injections/flow-1.json", Kind.INJECTION, "build"),
        ("build/logs/a.jsonl", Kind.LOG, "build"),
        ("logs/run.jsonl", Kind.LOG, ""),
        ("build/llm/a-b-claude.jsonl", Kind.TRANSCRIPT, "build"),
        ("build/timeouts.jsonl", Kind.TIMEOUTS, "build"),
        ("build/boundary_scan.log", Kind.BOUNDARY, "build"),
        ("scent_trail.json", Kind.SCENT_TRAIL, ""),
        ("build/scent_trail.json", Kind.SCENT_TRAIL, "build"),
        ("build/receipts/deeper/a.json", Kind.OTHER, "build"),
        ("build/meta.json", Kind.OTHER, "build"),
    ],
)
def test_which_file_is_what(rel: str, kind: Kind, flow: str) -> None:
    assert place(rel) == (kind, flow)
