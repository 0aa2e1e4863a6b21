"""Switching the model provider of an agents-orchestration checkout, and back, as a reviewed change of its config.

`python -P -m cockpit.actions.provider_job switch  --config=F --expect=SHA256 --backup=F2 --provider=P [--model=M]`
`python -P -m cockpit.actions.provider_job restore --config=F --expect=SHA256 --backup=F2 --from=F3`

`defaultProvider` alone is not enough: an agent whose model the provider lacks fails at once, in hundreds of fallback
lines (formats/agents-orchestration.md 5.5). So every agent whose model the provider does not have gets one it has.
Back means: provider and models as the backup has them; what else changed since (projects of the web interface) stays.
"""

import argparse
import os
import re
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cockpit.actions.json_edit import Place, changed_lines, edit, parse, shown
from cockpit.actions.own_job import Foresight, JobParser, OwnJobError, read_regular, run_job, say, trouble
from cockpit.actions.storage import publish, sync_dir, write_all
from cockpit.sanitize import clean
from cockpit.sources.fields import items, obj, word

MODULE = "cockpit.actions.provider_job"
_PROVIDER: Place = ("runtime", "defaultProvider")
_MAX_BYTES = 4 * 1024 * 1024
_SECRETS = ("tokenEnv", "endpointEnv", "deploymentEnv")
"""Keys of a model that name an environment variable it needs."""


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration as it was read.

    Attributes:
        path: The file.
        text: Its text.
        data: Its value.
        info: Its stat.
    """

    path: Path
    text: str
    data: dict[str, Any]
    info: os.stat_result

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return sha256(self.text.encode()).hexdigest()


def load(path: Path) -> Config:
    """Read a configuration; never through a link.

    Raises:
        OwnJobError: It cannot be read, or is no JSON object.
    """
    data, info = read_regular(path, _MAX_BYTES)
    try:
        text = data.decode("utf-8")
        value = parse(text)
    except UnicodeDecodeError as error:
        raise OwnJobError(f"{clean(path)} is not UTF-8") from error
    except OwnJobError as error:
        raise OwnJobError(f"{clean(path)}: {error}; mend it by hand, nothing was changed") from error
    if not isinstance(value, dict):
        raise OwnJobError(f"{clean(path)} holds no JSON object; nothing was changed")
    return Config(path, text, value, info)


def switch_changes(data: Mapping[str, Any], provider: str, model: str | None) -> dict[Place, str]:
    """What must change so that every agent uses `provider`.

    Args:
        data: The configuration.
        provider: One that `models` has.
        model: For agents whose model it lacks; its first one by default.

    Raises:
        OwnJobError: The configuration does not have them, or nothing would change.
    """
    models = obj(obj(data.get("models")).get(provider))
    if not models:
        raise OwnJobError(f"the configuration has no models of a provider {clean(provider)!r}")
    chosen = model or next(iter(models))
    if chosen not in models:
        known = " ".join(clean(name, 60) for name in models)
        raise OwnJobError(f"{clean(provider)} has no model {clean(chosen)!r}; it has {known}")
    changes: dict[Place, str] = {}
    if _at(data, _PROVIDER) != provider:
        changes[_PROVIDER] = provider
    for number, agent in enumerate(items(data.get("agents"))):
        used = obj(agent).get("defaultModel")
        if used not in models:
            changes["agents", number, "defaultModel"] = chosen
    return _possible(data, changes, f"{clean(provider)} is the provider of every agent already")


def restore_changes(data: Mapping[str, Any], backup: Mapping[str, Any]) -> dict[Place, str]:
    """What must change so that provider and models are those of a backup; agents it does not know stay.

    Raises:
        OwnJobError: Nothing would change, or the backup says nothing.
    """
    before = _at(backup, _PROVIDER)
    if not isinstance(before, str):
        raise OwnJobError(f"the backup has no {shown(_PROVIDER)}")
    changes: dict[Place, str] = {} if _at(data, _PROVIDER) == before else {_PROVIDER: before}
    models = {word(agent.get("id")): agent.get("defaultModel") for agent in map(obj, items(backup.get("agents")))}
    for number, agent in enumerate(items(data.get("agents"))):
        was = models.get(word(obj(agent).get("id")))
        if isinstance(was, str) and was != obj(agent).get("defaultModel"):
            changes["agents", number, "defaultModel"] = was
    return _possible(data, changes, "provider and models are those of the backup already")


def _possible(data: Mapping[str, Any], changes: dict[Place, str], otherwise: str) -> dict[Place, str]:
    if not changes:
        raise OwnJobError(f"{otherwise}; there is nothing to change")
    for place in changes:
        if not isinstance(_at(data, place), str):
            raise OwnJobError(f"{shown(place)} is missing or no text: mend the configuration by hand")
    return changes


def _at(data: Any, place: Place) -> object:  # noqa: ANN401 - any JSON
    for part in place:
        try:
            data = data[part]
        except (LookupError, TypeError):
            return None
    return data


def write(config: Config, text: str, backup: Path) -> None:
    """Keep the configuration beside itself, then replace it, durably and all at once, and read both back.

    Raises:
        OwnJobError: It could not be done; the configuration is as it was, unless the message says otherwise.
    """
    kept = config.text.encode()
    temporary = backup.with_name(f".{backup.name}.tmp")
    try:
        _write_new(temporary, kept, config.info)
        publish(temporary, backup)
    except OSError as error:
        _remove(temporary)
        raise trouble("cannot keep a backup as", _named(error, backup)) from error
    try:
        _check_kept(backup, kept)
        _replace(config, text)
    except OwnJobError:
        _remove(backup)
        raise
    if load(config.path).text != text:
        raise OwnJobError(f"{clean(config.path)} does not read back as it was written; the backup is {clean(backup)}")


def _check_kept(backup: Path, kept: bytes) -> None:
    if read_regular(backup, _MAX_BYTES)[0] != kept:
        raise OwnJobError(f"the backup {clean(backup)} does not read back as it was written; nothing was changed")


def _replace(config: Config, text: str) -> None:
    temporary = config.path.with_name(f".{config.path.name}.cockpit.tmp")
    try:
        _write_new(temporary, text.encode(), config.info)
        # The web interface rewrites this file too: what it wrote meanwhile must not be lost.
        if load(config.path).sha256 != config.sha256:
            raise OwnJobError(f"{clean(config.path)} changed meanwhile; nothing was changed here")
        temporary.replace(config.path)
        sync_dir(config.path.parent)
    except OSError as error:
        raise trouble("cannot write", _named(error, config.path)) from error
    finally:
        _remove(temporary)


def _write_new(path: Path, data: bytes, like: os.stat_result) -> None:
    _remove(path)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        write_all(fd, data)
        with suppress(PermissionError):
            os.fchown(fd, like.st_uid, like.st_gid)
        os.fchmod(fd, stat.S_IMODE(like.st_mode))
        os.fsync(fd)
    finally:
        os.close(fd)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _named(error: OSError, path: Path) -> OSError:
    return OSError(error.errno, error.strerror or str(error), str(path))


def foresee(arguments: list[str]) -> Foresight:
    """The exact difference it would make to the configuration.

    Raises:
        OwnJobError: It cannot be done.
    """
    options, config, changes, text = _prepare(arguments)
    name = config.path.name
    effects = [f"keeps {clean(config.path)} as {clean(options.backup)}"]
    for number, before, after in changed_lines(config.text, text):
        effects += [f"{name}:{number} - {before.strip()}", f"{name}:{number} + {after.strip()}"]
    effects.append(f"nothing else of {name} changes; it is replaced at once and read back")
    provider = str(changes.get(_PROVIDER, _at(config.data, _PROVIDER)))
    return Foresight(tuple(clean(effect) for effect in effects), tuple(_warnings(config, parse(text), provider)))


def _warnings(config: Config, after: dict[str, Any], provider: str) -> list[str]:
    found = ["services and a web server that run keep the configuration they began with until they are restarted"]
    models = obj(obj(after.get("models")).get(provider))
    used = [word(obj(agent).get("defaultModel")) for agent in items(after.get("agents"))]
    needed = {word(obj(models.get(model)).get(key)) for model in used if model for key in _SECRETS}
    known = {*os.environ, *_dotenv(config.path.parent.parent / ".env")}
    found += [
        f"{clean(name)} is set neither here nor in .env: {clean(provider)} will refuse"
        for name in sorted(filter(None, needed - known))
    ]
    others = [word(one) for one in items(obj(after.get("runtime")).get("fallbackProviders"))]
    lacking = [
        one
        for one in others
        if one and one != provider and not set(filter(None, used)) <= set(obj(obj(after.get("models")).get(one)))
    ]
    if lacking:
        said = " ".join(clean(one) for one in lacking)
        found.append(f"the fallback {said} has not these models: if {clean(provider)} fails too, nothing takes over")
    return found


def _dotenv(path: Path) -> set[str]:
    """The names a `.env` file sets; its values are not looked at."""
    try:
        data, _ = read_regular(path, _MAX_BYTES)
    except OwnJobError:
        return set()
    lines = data.decode("utf-8", "replace").splitlines()
    return {found[1] for found in map(re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*\S").match, lines) if found}


def _prepare(arguments: list[str]) -> tuple[argparse.Namespace, Config, dict[Place, str], str]:
    parser = JobParser(MODULE)
    parser.add_argument("what", choices=("switch", "restore"))
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--expect", required=True)
    parser.add_argument("--backup", type=Path, required=True)
    parser.add_argument("--provider")
    parser.add_argument("--model")
    parser.add_argument("--from", type=Path, dest="source")
    options = parser.parse_args(arguments)
    config = load(options.config)
    if config.sha256 != options.expect:
        raise OwnJobError(f"{clean(options.config)} changed after this was planned; nothing was done")
    if os.path.lexists(options.backup):
        raise OwnJobError(f"{clean(options.backup)} exists already; nothing was done")
    if options.what == "switch":
        if not options.provider:
            raise OwnJobError("which provider?")
        changes = switch_changes(config.data, options.provider, options.model)
    else:
        if options.source is None:
            raise OwnJobError("restore from which backup?")
        changes = restore_changes(config.data, load(options.source).data)
    return options, config, changes, edit(config.text, changes)


def main(arguments: list[str]) -> int:
    """Do it; says on standard output what happens, and returns 0, or 1 with the reason as the last line."""

    def job() -> int:
        options, config, changes, text = _prepare(arguments)
        write(config, text, options.backup)
        say(f"kept {config.path} as {options.backup}")
        for place, value in changes.items():
            say(f"{shown(place)}: {_at(config.data, place)} -> {value}")
        say(f"changed {config.path} and read it back; services that run must be restarted to see it")
        return 0

    return run_job(job)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
