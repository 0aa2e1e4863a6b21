"""The parts of the documentation that are made from the code: `make docs` writes them, a test compares them."""

import sys
from pathlib import Path

from cockpit.cli.manpage import manpage
from cockpit.config_reference import END as SETTINGS_END
from cockpit.config_reference import START as SETTINGS_START
from cockpit.config_reference import markdown_reference
from cockpit.presenters.keys import END as KEYS_END
from cockpit.presenters.keys import START as KEYS_START
from cockpit.presenters.keys import markdown_keys

REPOSITORY = Path(__file__).resolve().parent.parent


def generated() -> dict[str, str]:
    """What each file should hold, by its path within the repository; the hand-written parts are as they are."""
    return {
        "README.md": _between("README.md", KEYS_START, KEYS_END, markdown_keys()),
        "docs/configuration.md": _between(
            "docs/configuration.md", SETTINGS_START, SETTINGS_END, f"\n{markdown_reference()}\n"
        ),
        "docs/keys.md": _between("docs/keys.md", KEYS_START, KEYS_END, markdown_keys()),
        "docs/cockpit.1": manpage(),
    }


def _between(name: str, start: str, end: str, text: str) -> str:
    """A file with the part between two comments replaced."""
    before, opened, rest = (REPOSITORY / name).read_text(encoding="utf-8").partition(start)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise SystemExit(f"{name} needs the comments {start} and {end}")
    return f"{before}{start}\n{text}\n{end}{after}"


def main() -> None:
    """Write every file that is not as it should be, and name it."""
    for name, text in generated().items():
        path = REPOSITORY / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
