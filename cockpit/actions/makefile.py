"""What a Makefile says of a target, without running make."""

from pathlib import Path

from cockpit.sanitize import clean


def target_warnings(argv: tuple[str, ...], cwd: Path, marker: str | None) -> tuple[str, ...]:
    """A warning where the Makefile that a command was found by names no such target."""
    if marker != "Makefile" or Path(argv[0]).name != "make" or len(argv) < 2:
        return ()
    target = argv[1]
    if target[:1] == "-" or "=" in target or _names_target(cwd / "Makefile", target):
        return ()
    return (f"{clean(cwd)}/Makefile itself names no target {clean(target)} (it may include one)",)


def _names_target(makefile: Path, target: str) -> bool:
    """Whether a Makefile seems to have a rule for `target`, by name or by a pattern with the same beginning."""
    try:
        text = makefile.read_text("utf-8", "replace")
    except OSError:
        return False
    for line in text.splitlines():
        if line.startswith(("\t", "#")) or ":" not in line:
            continue
        names, *rest = line.split(":")
        # In a static pattern rule (`$(TARGETS): stepwise-%: ...`) the pattern stands second.
        patterns = rest[0].split() if len(rest) > 1 and "%" in rest[0] else []
        for name in (*names.split(), *patterns):
            stem = name.split("%", 1)
            if name == target or (len(stem) > 1 and target.startswith(stem[0]) and target.endswith(stem[1])):
                return True
    return False
