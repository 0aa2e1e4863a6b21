"""A package that is only named is spared while others are imported, and there again afterwards."""

import sys

import pytest

from cockpit.runtime import secrets


def test_it_is_a_stand_in_for_as_long_as_others_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with secrets._spare("wave"):
        import wave

        assert wave.Wave_read is object
    assert "wave" not in sys.modules
    import wave as real

    assert isinstance(real.Wave_read, type)
    assert real.Wave_read is not object


def test_what_is_loaded_already_stays() -> None:
    with secrets._spare("json"):
        import json

        assert json.loads("[1]") == [1]
    assert sys.modules["json"] is json


def test_an_import_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with pytest.raises(ZeroDivisionError), secrets._spare("wave"):
        raise ZeroDivisionError
    assert "wave" not in sys.modules
