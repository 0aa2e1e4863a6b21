"""Archives: deterministic, verified, exact, and harmless whatever they hold."""

import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.actions.archive import create, sidecar, verify
from cockpit.actions.archive_job import create_argv, main
from cockpit.actions.catalogue import archive_fingerprint, list_archives, plan_restore
from cockpit.actions.manifest import ArchiveError, Manifest
from cockpit.actions.restore import matches, move_aside, restore
from cockpit.errors import CockpitError
from cockpit.models.run import RunRef

Picture = dict[str, tuple[object, ...]]


def picture(top: Path) -> Picture:
    """Everything that must survive: kind, mode, time, content, target of every entry."""
    seen: Picture = {}
    for folder, names, files in os.walk(top):
        for name in [".", *names, *files]:
            path = Path(folder) / name
            entry = path.lstat()
            content: object = None
            if stat.S_ISLNK(entry.st_mode):
                content = os.readlink(path)  # noqa: PTH115
            elif stat.S_ISREG(entry.st_mode):
                content = path.read_bytes()
            seen[os.path.relpath(path, top)] = (entry.st_mode, entry.st_mtime_ns, content)
    return seen


def ref_of(root: Path, path: str = "run-1") -> RunRef:
    return RunRef(source="flow-studio", root=str(root), path=path, id=Path(path).name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with one run of everything a run may hold."""
    root = tmp_path / "runs"
    run = root / "run-1"
    (run / "build" / "receipts").mkdir(parents=True)
    (run / "empty").mkdir()
    (run / "meta.json").write_text('{"id": "run-1"}\n')
    (run / "build" / "receipts" / "a-b.json").write_bytes(os.urandom(3_000_000))
    (run / "build" / "empty.log").touch()
    (run / "link").symlink_to("meta.json")
    (run / "dangling").symlink_to("/nowhere//at/all/")
    (run / os.fsdecode(b"not-utf8-\xff\n\x1b[31m")).write_text("x")
    (run / ("long-" * 40)).write_text("y")
    (run / "script.sh").write_text("#!/bin/sh\n")
    (run / "script.sh").chmod(0o750)
    (run / "secret").write_text("z")
    (run / "secret").chmod(0o600)
    for number, path in enumerate(sorted(run.rglob("*"))):
        os.utime(path, ns=(0, 1_763_712_000_999_999_000 + number), follow_symlinks=False)
    os.utime(run, ns=(0, -1_500_000_000))
    return root


def target_in(tmp_path: Path, name: str = "run-1-x") -> Path:
    folder = tmp_path / "state" / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.tar.gz"


def test_the_same_tree_gives_the_same_bytes_whatever_surrounds_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = create(root / "run-1", ref_of(root), target_in(tmp_path, "one"))
    monkeypatch.chdir(tmp_path)
    second = target_in(tmp_path, "two")
    argv = create_argv(ref_of(root), second, aside=False)
    environment = {**os.environ, "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    subprocess.run(argv, check=True, env=environment, cwd="/", umask=0o077, stdout=subprocess.DEVNULL)
    assert first.path.read_bytes() == second.read_bytes()
    assert sidecar(first.path).read_bytes() == sidecar(second).read_bytes()
    assert first.sha256 == hashlib.sha256(second.read_bytes()).hexdigest()


def test_the_archive_is_a_plain_tar_that_other_tools_read(root: Path, tmp_path: Path) -> None:
    made = create(root / "run-1", ref_of(root), target_in(tmp_path))
    with tarfile.open(made.path) as tar:
        infos = tar.getmembers()
    names = [info.name for info in infos]
    assert names[0] == "run-1.manifest.json"
    assert names[1] == "run-1"
    assert names[1:] == sorted(names[1:], key=lambda name: [os.fsencode(part) for part in name.split("/")])
    assert {(info.uid, info.gid, info.uname, info.gname) for info in infos} == {(0, 0, "", "")}
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "xzf", str(made.path), "-C", str(out)], check=True)
    assert picture(out / "run-1").keys() == picture(root / "run-1").keys()
    assert (out / "run-1" / "meta.json").read_text() == '{"id": "run-1"}\n'
    assert (out / "run-1" / "secret").stat().st_mtime_ns == (root / "run-1" / "secret").stat().st_mtime_ns


def test_the_manifest_beside_is_readable_json_with_the_sums(root: Path, tmp_path: Path) -> None:
    made = create(root / "run-1", ref_of(root), target_in(tmp_path))
    text = sidecar(made.path).read_text("ascii")
    assert text.endswith("}\n")
    members = {each["path"]: each for each in json.loads(text)["members"]}
    assert members["meta.json"]["sha256"] == hashlib.sha256(b'{"id": "run-1"}\n').hexdigest()
    assert members["dangling"]["target"] == "/nowhere//at/all/"
    assert members["empty"]["kind"] == "dir"
    assert verify(made.path).manifest == Manifest.from_bytes(text.encode())


def test_fifos_and_sockets_are_listed_and_never_opened(root: Path, tmp_path: Path) -> None:
    os.mkfifo(root / "run-1" / "build" / "pipe")
    said: list[str] = []
    made = create(root / "run-1", ref_of(root), target_in(tmp_path), said.append)
    assert made.manifest.skipped == ("build/pipe",)
    assert any("build/pipe" in line for line in said)
    assert verify(made.path).manifest.skipped == ("build/pipe",)


def test_archive_move_aside_restore_is_an_identity(root: Path, tmp_path: Path) -> None:
    before = picture(root / "run-1")
    made = create(root / "run-1", ref_of(root), target_in(tmp_path))
    assert picture(root / "run-1") == before
    aside = move_aside(made, root / "run-1", root)
    assert not (root / "run-1").exists()
    assert aside == tmp_path / "state" / "archived-runs" / "run-1-x"
    assert restore(made.path, root) == root / "run-1"
    assert picture(root / "run-1") == before
    assert not aside.exists()


def test_a_restore_from_the_archive_alone_is_an_identity_too(root: Path, tmp_path: Path) -> None:
    before = picture(root / "run-1")
    made = create(root / "run-1", ref_of(root), target_in(tmp_path))
    move_aside(made, root / "run-1", root).rename(tmp_path / "thrown-away")
    restore(made.path, root)
    assert picture(root / "run-1") == before
    assert sorted(path.name for path in root.iterdir()) == [".cockpit", "run-1"]
    assert list((root / ".cockpit").iterdir()) == []


def test_what_was_moved_aside_and_then_changed_is_not_put_back(root: Path, tmp_path: Path) -> None:
    before = picture(root / "run-1")
    made = create(root / "run-1", ref_of(root), target_in(tmp_path))
    aside = move_aside(made, root / "run-1", root)
    entry = (aside / "meta.json").stat()
    (aside / "meta.json").write_text('{"id": "run-2"}\n')
    os.utime(aside / "meta.json", ns=(0, entry.st_mtime_ns))
    assert not matches(made.manifest, aside)
    restore(made.path, root)
    assert picture(root / "run-1") == before
    assert aside.exists()


names = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0") | st.sampled_from("\udc80\udcff"), min_size=1, max_size=12
).filter(lambda name: name not in (".", "..", ".cockpit") and len(os.fsencode(name)) < 200)
times = st.integers(-(2**31) * 10**9, 2**34 * 10**9 - 1)
leaves = st.one_of(
    st.tuples(st.just("file"), st.binary(max_size=300), st.integers(0o400, 0o777), times),
    st.tuples(st.just("link"), names, st.just(0), times),
)
trees = st.recursive(
    leaves,
    lambda inner: st.tuples(
        st.just("dir"), st.dictionaries(names, inner, max_size=4), st.integers(0o700, 0o777), times
    ),
    max_leaves=12,
)


def _build(path: Path, tree: tuple[str, object, int, int]) -> None:
    kind, content, mode, mtime = tree
    if kind == "link":
        path.symlink_to(str(content))
    elif kind == "file":
        assert isinstance(content, bytes)
        path.write_bytes(content)
        path.chmod(mode)
    else:
        assert isinstance(content, dict)
        path.mkdir()
        for name, inner in content.items():
            _build(path / name, inner)
        path.chmod(mode)
    os.utime(path, ns=(mtime, mtime), follow_symlinks=False)


@given(content=st.dictionaries(names, trees, max_size=4), mtime=times)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_small_tree_comes_back_as_it_was(content: dict[str, object], mtime: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        root.mkdir()
        _build(root / "run-1", ("dir", content, 0o755, mtime))
        before = picture(root / "run-1")
        made = create(root / "run-1", ref_of(root), target_in(Path(folder)))
        (root / "run-1").rename(Path(folder) / "gone")
        restore(made.path, root)
        assert picture(root / "run-1") == before


def test_verify_notices_any_flipped_byte(root: Path, tmp_path: Path) -> None:
    made = create(root / "run-1", ref_of(root), target_in(tmp_path))
    data = made.path.read_bytes()
    for place in (10, len(data) // 3, len(data) // 2, len(data) - 20, len(data) - 5):
        made.path.write_bytes(data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :])
        with pytest.raises(ArchiveError):
            verify(made.path)
    made.path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ArchiveError):
        verify(made.path)
    made.path.write_bytes(b"")
    with pytest.raises(ArchiveError):
        verify(made.path)


def forged(archive: Path, manifest: dict[str, object], members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    """Write an archive by hand, as somebody with bad intentions would."""
    data = (json.dumps(manifest, sort_keys=True, indent=2) + "\n").encode()
    head = tarfile.TarInfo(f"{manifest['run']}.manifest.json")
    head.size = len(data)
    head.mode = 0o644
    with (
        gzip.open(archive, mode="wb") as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        tar.addfile(head, io.BytesIO(data))
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def entry(path: str, kind: str = "file", content: bytes = b"", **more: object) -> dict[str, object]:
    sums = hashlib.sha256(content).hexdigest() if kind == "file" else ""
    mode = 0o755 if kind == "dir" else 0o644
    size = len(content) if kind == "file" else 0
    base = {"path": path, "kind": kind, "mode": mode, "mtime_ns": 0, "size": size, "sha256": sums, "target": ""}
    return {**base, **more}


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("run-1", ["../evil"]),
        ("run-1", ["/evil"]),
        ("run-1", ["a/../../evil"]),
        ("run-1", ["a//b"]),
        ("run-1", [""]),
        ("run-1", ["link/evil"]),
        ("run-1", ["x", "x"]),
        ("../run-1", []),
        ("/tmp/run-1", []),
        (".", []),
        ("a/../../run-1", []),
    ],
)
def test_an_archive_that_would_write_elsewhere_is_refused(tmp_path: Path, path: str, members: list[str]) -> None:
    root = tmp_path / "deep" / "runs"
    root.mkdir(parents=True)
    archive = target_in(tmp_path)
    top = tarfile.TarInfo("run-1")
    top.type, top.mode = tarfile.DIRTYPE, 0o755
    link = tarfile.TarInfo("run-1/link")
    link.type, link.mode, link.linkname = tarfile.SYMTYPE, 0o777, str(tmp_path)
    listed = [entry(".", "dir"), entry("link", "link", mode=0o777, target=str(tmp_path)), *map(entry, members)]
    manifest = {"format": 1, "run": "run-1", "source": "x", "path": path, "skipped": [], "members": listed}
    infos = [tarfile.TarInfo(f"run-1/{name}") for name in members]
    forged(archive, manifest, [(top, b""), (link, b""), *((info, b"") for info in infos)])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ArchiveError):
        restore(archive, root)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_forged_program_does_not_come_back_as_setuid(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    archive = target_in(tmp_path)
    top = tarfile.TarInfo("run-1")
    top.type, top.mode = tarfile.DIRTYPE, 0o755
    program = tarfile.TarInfo("run-1/sh")
    program.mode = 0o6755
    listed = [entry(".", "dir"), entry("sh", content=b"x", mode=0o6755)]
    manifest = {"format": 1, "run": "run-1", "source": "x", "path": "run-1", "skipped": [], "members": listed}
    forged(archive, manifest, [(top, b""), (program, b"x")])
    restore(archive, root)
    assert stat.S_IMODE((root / "run-1" / "sh").stat().st_mode) == 0o755


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b'{"format": 2}', b"\xff", b"[" * 100_000])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        Manifest.from_bytes(data)


def test_restore_refuses_a_place_that_is_taken_or_gone(root: Path, tmp_path: Path) -> None:
    made = create(root / "run-1", ref_of(root), target_in(tmp_path))
    before = picture(root / "run-1")
    with pytest.raises(ArchiveError, match="exists"):
        restore(made.path, root)
    assert picture(root / "run-1") == before
    with pytest.raises(ArchiveError, match="no place"):
        restore(made.path, tmp_path / "nowhere")


def test_an_archive_that_exists_is_never_replaced(root: Path, tmp_path: Path) -> None:
    target = target_in(tmp_path)
    made = create(root / "run-1", ref_of(root), target)
    before = target.read_bytes()
    with pytest.raises(ArchiveError, match="exists already"):
        create(root / "run-1", ref_of(root), made.path)
    assert target.read_bytes() == before
    target.unlink()
    with pytest.raises(ArchiveError, match="exists already"):
        create(root / "run-1", ref_of(root), target)
    assert not target.exists()


def test_archives_are_listed_with_the_place_they_belong_to(root: Path, tmp_path: Path) -> None:
    made = create(root / "run-1", ref_of(root), target_in(tmp_path))
    (made.path.parent / "broken.manifest.json").write_text("{")
    (found,) = list_archives(tmp_path / "state", root)
    assert found.ref == ref_of(root)
    assert found.path == made.path
    assert plan_restore(found).refused is not None
    move_aside(made, root / "run-1", root)
    plan = plan_restore(found)
    assert plan.refused is None
    assert plan.fingerprint == archive_fingerprint(made.path) != ""
    assert any("archived-runs" in line for line in plan.effects)


def test_the_command_says_what_it_does_and_fails_with_the_reason(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "state" / "archives" / "run-1-x.tar.gz"
    target.parent.parent.mkdir()
    argv = list(create_argv(ref_of(root), target, aside=True))
    assert argv[:4] == [sys.executable, "-P", "-m", "cockpit.actions.archive_job"]
    assert main(argv[4:]) == 0
    assert not (root / "run-1").exists()
    out = capsys.readouterr().out
    assert hashlib.sha256(target.read_bytes()).hexdigest() in out
    assert "\x1b" not in out
    assert main(["restore", f"--root={root}", f"--archive={target}"]) == 0
    assert (root / "run-1").is_dir()
    assert main(argv[4:]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("error: ")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be an ordinary user for a moment, where the tests run as root, whom no permission stops."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(65534)
    except PermissionError:
        # A root without capabilities, as in some containers, is stopped like anybody else.
        yield
        return
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory that an ordinary user can reach, which pytest's are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def test_a_file_that_cannot_be_read_is_an_error_and_nothing_stays(open_folder: Path) -> None:
    with as_nobody():
        run = open_folder / "run-1"
        run.mkdir()
        (run / "locked").write_text("x")
        (run / "locked").chmod(0)
        target = target_in(open_folder)
        with pytest.raises(CockpitError, match="locked: Permission denied"):
            create(run, ref_of(open_folder), target)
        assert list(target.parent.iterdir()) == []
        target.parent.chmod(0o500)
        (run / "locked").chmod(0o600)
        with pytest.raises(CockpitError, match="Permission denied"):
            create(run, ref_of(open_folder), target)
        target.parent.chmod(0o700)


def test_a_run_that_cannot_be_moved_stays_and_its_archive_too(open_folder: Path) -> None:
    with as_nobody():
        root = open_folder / "runs"
        run = root / "run-1"
        run.mkdir(parents=True)
        (run / "x").write_text("x")
        made = create(run, ref_of(root), target_in(open_folder))
        root.chmod(0o500)
        with pytest.raises(ArchiveError, match="cannot be moved aside"):
            move_aside(made, run, root)
        assert (run / "x").read_text() == "x"
        assert verify(made.path).manifest == made.manifest
        root.chmod(0o700)


def test_directories_without_write_permission_come_back_so(open_folder: Path) -> None:
    with as_nobody():
        root = open_folder / "runs"
        (root / "run-1" / "sealed").mkdir(parents=True)
        (root / "run-1" / "sealed" / "x").write_text("x")
        (root / "run-1" / "sealed").chmod(0o555)
        (root / "run-1").chmod(0o555)
        before = picture(root / "run-1")
        made = create(root / "run-1", ref_of(root), target_in(open_folder))
        (root / "run-1").chmod(0o755)
        (root / "run-1").rename(open_folder / "gone")
        restore(made.path, root)
        assert picture(root / "run-1") == before
        for folder in (root / "run-1", root / "run-1" / "sealed", open_folder / "gone" / "sealed"):
            folder.chmod(0o755)


@pytest.mark.real
def test_every_recorded_run_survives_the_archive(real_data: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(real_data / "flow-studio" / "runs", root, symlinks=True)
    runs = [path for path in root.iterdir() if path.is_dir()]
    assert len(runs) > 30
    for run in runs:
        before = picture(run)
        made = create(run, ref_of(root, run.name), target_in(tmp_path, run.name))
        move_aside(made, run, root).rename(tmp_path / "gone")
        restore(made.path, root)
        assert picture(run) == before
        shutil.rmtree(tmp_path / "gone")
