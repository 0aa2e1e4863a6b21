"""Looking into bundles: ours are whole, hostile ones are told what is wrong with them, nothing is extracted."""

import gzip
import io
import json
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.reports import inspect as looking
from cockpit.reports.inspect import Inspection, inspect

INC = "inc-20261121-01"


def manifest(files: dict[str, bytes]) -> bytes:
    listed = [{"name": name, "sha256": sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()]
    return json.dumps({"incident": INC, "files": listed}).encode()


def archive(path: Path, members: list[tuple[tarfile.TarInfo | str, bytes]]) -> Path:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for member, data in members:
            entry = tarfile.TarInfo(f"{INC}/{member}") if isinstance(member, str) else member
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    path.write_bytes(packed.getvalue())
    return path


def look(
    tmp_path: Path, *more: tuple[tarfile.TarInfo | str, bytes], files: dict[str, bytes] | None = None
) -> Inspection:
    held = {"report.md": b"# x\n"} if files is None else files
    return inspect(archive(tmp_path / "b.tar.gz", [*held.items(), ("manifest.json", manifest(held)), *more]))


def special(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def test_a_whole_one_is_whole(tmp_path: Path) -> None:
    found = look(tmp_path)
    assert (found.ok, found.incident, found.files, found.problems) == (True, INC, 1, ())
    assert found.sha256 == sha256((tmp_path / "b.tar.gz").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        (special("../../etc/passwd"), "leads out of the archive"),
        (special("/etc/passwd"), "leads out of the archive"),
        (special(f"{INC}/../x"), "leads out of the archive"),
        (special(f"{INC}/./x"), "leads out of the archive"),
        (special(f"{INC}/a\\..\\x"), "leads out of the archive"),
        (special(f"{INC}/link", tarfile.SYMTYPE, "/etc/passwd"), "no ordinary file"),
        (special(f"{INC}/hard", tarfile.LNKTYPE, f"{INC}/report.md"), "no ordinary file"),
        (special(f"{INC}/fifo", tarfile.FIFOTYPE), "no ordinary file"),
        (special(f"{INC}/x\x1b]52;c;aGk=\x07"), "no plain name"),
        (special("alone"), "not in the folder"),
        ("extra.txt", "not in the manifest"),
        ("report.md", "twice in the archive"),
    ],
)
def test_what_does_not_belong_there_is_told(tmp_path: Path, member: tarfile.TarInfo | str, problem: str) -> None:
    found = look(tmp_path, (member, b""))
    assert not found.ok
    assert any(problem in each for each in found.problems), found.problems
    assert not any("\x1b" in each for each in found.problems)
    assert [each.name for each in tmp_path.iterdir()] == ["b.tar.gz"]


def test_changed_and_missing_files_are_told(tmp_path: Path) -> None:
    said = manifest({"a.txt": b"1", "gone.txt": b"2"})
    found = inspect(archive(tmp_path / "b.tar.gz", [("a.txt", b"other"), ("manifest.json", said)]))
    assert found.problems == (f"changed: {INC}/a.txt", f"missing: {INC}/gone.txt")


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b"null", b'{"incident": 1, "files": []}', b"[" * 100_000])
def test_a_manifest_that_is_none_is_told(tmp_path: Path, said: bytes) -> None:
    found = inspect(archive(tmp_path / "b.tar.gz", [("manifest.json", said)]))
    assert not found.ok
    assert any("manifest.json" in each for each in found.problems)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MAX_UNPACKED", 1 << 20)
    found = look(tmp_path, files={"zeros": bytes(8 << 20)})
    assert any("unpacks to more than" in each for each in found.problems)


def test_too_many_entries_end_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MAX_FILES", 3)
    found = look(tmp_path, files={f"{number}": b"" for number in range(9)})
    assert any("more than 3 entries" in each for each in found.problems)


@given(st.binary(max_size=2_000), st.booleans())
def test_any_bytes_are_answered(tmp_path_factory: pytest.TempPathFactory, data: bytes, zipped: bool) -> None:
    path = tmp_path_factory.mktemp("any") / "b"
    path.write_bytes(gzip.compress(data) if zipped else data)
    assert not inspect(path).ok


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_flipped_byte_never_goes_unnoticed_in_a_file(
    tmp_path_factory: pytest.TempPathFactory, place: int, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    held = {"report.md": b"evidence " * 40}
    packed = archive(folder / "b.tar.gz", [*held.items(), ("manifest.json", manifest(held))])
    tar = bytearray(gzip.decompress(packed.read_bytes()))
    tar[512 + place % len(held["report.md"])] ^= flip
    packed.write_bytes(gzip.compress(bytes(tar)))
    assert not inspect(packed).ok
