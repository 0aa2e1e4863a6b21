"""A package that is only named is spared while others are imported, and there again afterwards."""

import sys
from types import ModuleType

import pytest

from cockpit.runtime import secrets


def _reader(wave: ModuleType) -> object:
    return wave.Wave_read


def test_it_is_a_stand_in_for_as_long_as_others_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with secrets._spare("wave"):
        import wave

        assert _reader(wave) is object
    assert "wave" not in sys.modules
    import wave as real

    assert isinstance(_reader(real), type)
    assert _reader(real) is not object


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
