"""The generated parts of the documentation are those of the code, and every setting is explained."""

import pytest

from cockpit.config_reference import sections
from tests.generated import REPOSITORY, generated


@pytest.mark.parametrize("name", sorted(generated()))
def test_generated_pages_are_up_to_date(name: str) -> None:
    path = REPOSITORY / name
    assert path.exists(), f"{name} is missing: make docs"
    assert path.read_text(encoding="utf-8") == generated()[name], f"{name} is out of date: make docs"


def test_every_setting_is_explained() -> None:
    mute = [
        f"{section.header} {row.key}" for section in sections() for row in section.rows
        if not row.told or row.takes == "value"
    ]  # fmt: skip
    assert not mute
    assert not [section.header for section in sections() if not section.told]
    headers = {section.header for section in sections()}
    assert {"", "[limits]", "[[roots]]", "[services.NAME]", "[[actions.inputs]]", "[custom.steps]"} <= headers
