"""Switching the model provider: a reviewed change of a configuration, with a backup, and back."""

import json
import os
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cockpit.actions import provider_job
from cockpit.actions.own_job import OwnJobError
from cockpit.actions.provider_job import foresee, load, main, restore_changes, switch_changes
from tests.checkouts import agents_checkout, agents_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return agents_checkout(tmp_path) / "config" / "agents.config.json"


def switching(config: Path, provider: str = "github-models", **more: str) -> list[str]:
    """Arguments of a switch planned now."""
    backup = config.with_name("agents.config.json.20261121T040000Z.bak")
    words = {"config": str(config), "expect": load(config).sha256, "backup": str(backup), "provider": provider, **more}
    return ["switch", *(f"--{name}={value}" for name, value in words.items())]


def models_of(config: Path) -> list[str]:
    return [agent["defaultModel"] for agent in json.loads(config.read_text())["agents"]]


def test_provider_and_every_model_change_together_and_nothing_else(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, mode = config.read_text(), config.stat().st_mode
    config.chmod(0o640)
    assert main(switching(config)) == 0
    after = json.loads(config.read_text())
    assert after["runtime"]["defaultProvider"] == "github-models"
    assert models_of(config) == ["gpt-4o-mini"] * 5
    expected = json.loads(before)
    expected["runtime"]["defaultProvider"] = "github-models"
    for agent in expected["agents"]:
        agent["defaultModel"] = "gpt-4o-mini"
    assert config.read_text() == json.dumps(expected, indent=2, ensure_ascii=False) + "\n"
    (backup,) = config.parent.glob("*.bak")
    assert backup.read_text() == before
    assert stat.S_IMODE(config.stat().st_mode) == stat.S_IMODE(backup.stat().st_mode) == 0o640 != stat.S_IMODE(mode)
    assert "runtime.defaultProvider: ollama -> github-models" in capsys.readouterr().out
    assert sorted(path.name for path in config.parent.iterdir()) == ["agents.config.json", backup.name]


def test_a_model_that_the_new_provider_has_stays() -> None:
    data = agents_config()
    data["models"]["github-models"]["gemma2"] = {}
    changes = switch_changes(data, "github-models", "gpt-4o-mini")
    assert ("agents", 2, "defaultModel") not in changes
    assert len(changes) == 5


def test_back_means_provider_and_models_and_keeps_what_was_added_since(config: Path) -> None:
    before = config.read_text()
    assert main(switching(config)) == 0
    (backup,) = config.parent.glob("*.bak")
    data = json.loads(config.read_text())
    data["projects"].append({"id": "project_1", "name": "made meanwhile"})
    data["agents"].append({"id": "newcomer", "defaultModel": "gpt-4o-mini"})
    config.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    words = [f"--config={config}", f"--expect={load(config).sha256}", f"--from={backup}"]
    second = config.with_name("agents.config.json.second.bak")
    assert main(["restore", *words, f"--backup={second}"]) == 0
    now = json.loads(config.read_text())
    assert [project["id"] for project in now["projects"]] == ["project_1"]
    assert now["agents"].pop()["defaultModel"] == "gpt-4o-mini"
    now["projects"] = []
    assert now == json.loads(before)
    assert backup.read_text() == before


def test_a_plain_switch_and_back_is_byte_identical(config: Path) -> None:
    before = config.read_bytes()
    assert main(switching(config, "azure-ai-foundry")) == 0
    (backup,) = config.parent.glob("*.bak")
    words = [f"--config={config}", f"--expect={load(config).sha256}", f"--from={backup}", f"--backup={config}.2.bak"]
    assert main(["restore", *words]) == 0
    assert config.read_bytes() == before


def test_the_exact_difference_is_told_beforehand(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    found = foresee(switching(config))
    lines = config.read_text().splitlines()
    shown = [effect for effect in found.effects if effect.startswith("agents.config.json:")]
    assert len(shown) == 2 * 6
    number = lines.index('    "defaultProvider": "ollama",') + 1
    assert shown[0] == f'agents.config.json:{number} - "defaultProvider": "ollama",'
    assert shown[1] == f'agents.config.json:{number} + "defaultProvider": "github-models",'
    assert any("GITHUB_TOKEN is set neither here nor in .env" in warning for warning in found.warnings)
    assert any("fallback azure-ai-foundry has not these models" in warning for warning in found.warnings)
    assert main(switching(config)) == 0
    changed = [f"+ {line.strip()}" for line in config.read_text().splitlines() if line not in lines]
    assert sorted(changed) == sorted(each.partition(" ")[2] for each in shown if " + " in each)


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_credential_that_is_there_is_not_warned_of_and_never_shown(
    config: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    if where == "environment":
        monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    else:
        (config.parent.parent / ".env").write_text("# x\nexport GITHUB_TOKEN=ghp_secret\n")
    found = foresee(switching(config))
    assert not any("GITHUB_TOKEN" in warning for warning in found.warnings)
    assert "ghp_secret" not in repr(found)


def _no_object(data: dict[str, Any]) -> str:
    return json.dumps([data])


def _agents_gone(data: dict[str, Any]) -> str:
    data["agents"] = [{"id": "planner"}]
    return json.dumps(data)


def _runtime_text(data: dict[str, Any]) -> str:
    data["runtime"] = "none"
    return json.dumps(data)


BROKEN: dict[str, Callable[[dict[str, Any]], str]] = {
    "cut off": lambda data: json.dumps(data)[:-30],
    "empty": lambda _: "",
    "no object": _no_object,
    "an agent without a model": _agents_gone,
    "runtime is a text": _runtime_text,
    "nested": lambda _: '{"a":' * 50_000,
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_configuration_that_cannot_be_changed_safely_is_left_alone(
    config: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = switching(config)
    config.write_text(BROKEN[how](agents_config()))
    before = config.read_bytes()
    words[2] = f"--expect={sha256(before).hexdigest()}"
    with pytest.raises(OwnJobError):
        foresee(words)
    assert main(words) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("error: ")
    assert config.read_bytes() == before
    assert [path.name for path in config.parent.iterdir()] == ["agents.config.json"]


@pytest.mark.parametrize("missing", ["nobody", "", "metadata"])
def test_an_unknown_provider_is_refused_with_what_there_is(config: Path, missing: str) -> None:
    with pytest.raises(OwnJobError, match="no models of a provider"):
        switch_changes(load(config).data, missing, None)
    with pytest.raises(OwnJobError, match="has no model 'gemma2'; it has gpt-4o-mini"):
        switch_changes(load(config).data, "github-models", "gemma2")


def test_nothing_to_change_is_refused(config: Path) -> None:
    with pytest.raises(OwnJobError, match="nothing to change"):
        switch_changes(load(config).data, "ollama", None)
    with pytest.raises(OwnJobError, match="nothing to change"):
        restore_changes(load(config).data, load(config).data)


def test_a_configuration_behind_a_link_is_refused(config: Path, tmp_path: Path) -> None:
    words = switching(config)
    real = tmp_path / "shared.json"
    config.rename(real)
    config.symlink_to(real)
    before = real.read_bytes()
    with pytest.raises(OwnJobError, match="symbolic link"):
        foresee(words)
    assert main(words) == 1
    assert real.read_bytes() == before
    assert config.is_symlink()


def test_a_fifo_does_not_block(config: Path) -> None:
    words = switching(config)
    config.unlink()
    os.mkfifo(config)
    with pytest.raises(OwnJobError, match="no file"):
        foresee(words)


def test_what_changed_after_the_plan_is_not_overwritten(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = switching(config)
    config.write_text(config.read_text().replace("0.1.0", "0.1.1"))
    before = config.read_bytes()
    assert main(words) == 1
    assert "changed after this was planned" in capsys.readouterr().out
    assert config.read_bytes() == before


def test_a_backup_is_never_overwritten(config: Path) -> None:
    words = switching(config)
    backup = config.with_name("agents.config.json.20261121T040000Z.bak")
    backup.write_text("somebody's")
    with pytest.raises(OwnJobError, match="exists already"):
        foresee(words)
    assert main(words) == 1
    assert backup.read_text() == "somebody's"


def test_what_the_web_interface_writes_in_the_last_moment_is_not_lost(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = switching(config)
    real = provider_job._write_new

    def meddle(path: Path, data: bytes, like: os.stat_result) -> None:
        real(path, data, like)
        if path.name.endswith(".cockpit.tmp"):
            config.write_text(config.read_text().replace('"projects": []', '"projects": [{"id": "p"}]'))

    monkeypatch.setattr(provider_job, "_write_new", meddle)
    assert main(words) == 1
    assert "changed meanwhile" in capsys.readouterr().out
    assert json.loads(config.read_text())["projects"] == [{"id": "p"}]
    assert [path.name for path in config.parent.iterdir()] == ["agents.config.json"]


def test_a_hostile_configuration_is_shown_harmless(config: Path) -> None:
    data = agents_config()
    data["agents"][0]["defaultModel"] = "\x1b]52;c;aGk=\x07\u202e[@click=app.quit]x"
    config.write_text(json.dumps(data, indent=2, ensure_ascii=False))
    found = foresee(switching(config))
    assert all(line.isprintable() and "\x1b" not in line for line in (*found.effects, *found.warnings))


def test_the_recorded_configuration_can_be_switched_and_back(real_data: Path, tmp_path: Path) -> None:
    config = tmp_path / "config" / "agents.config.json"
    config.parent.mkdir()
    before = (real_data / "agents-orchestration" / "config.before.json").read_bytes()
    config.write_bytes(before)
    assert main(switching(config)) == 0
    assert models_of(config) == ["gpt-4o-mini"] * 5
    (backup,) = config.parent.glob("*.bak")
    words = [f"--config={config}", f"--expect={load(config).sha256}", f"--from={backup}", f"--backup={config}.2.bak"]
    assert main(["restore", *words]) == 0
    assert config.read_bytes() == before
