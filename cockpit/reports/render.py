"""Templates to texts: Jinja2 in a sandbox, shipped templates that users replace by files of the same name.

Deterministic: no clock, no randomness and no environment is within a template's reach; what it shows is what it is
given. Imported late: Jinja2 is not needed to look at runs.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.exceptions import TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cockpit.errors import UsageError
from cockpit.reports import markdown
from cockpit.sanitize import clean

SUFFIX = ".j2"
MAX_TEMPLATE = 256 * 1024
"""Bytes of a user's template."""
MAX_TEXT = 8 << 20
"""Characters of a finished report; a template that loops without end is stopped there."""
_GLOBALS = ("range", "dict", "lipsum", "cycler", "joiner", "namespace")


def template_ids() -> tuple[str, ...]:
    """Names of the shipped templates without their suffix, sorted (`postmortem.md`)."""
    folder = files("cockpit.reports") / "templates"
    names = (each.name for each in folder.iterdir() if each.name.endswith(SUFFIX))
    return tuple(sorted(name.removesuffix(SUFFIX) for name in names))


def render(name: str, facts: Mapping[str, Any], own: Path | None = None) -> str:
    """The text of a template, with exactly one newline at its end.

    Args:
        name: Template without suffix: `postmortem.md`.
        facts: What it may show; foreign values go through the filters `inline`, `code`, `block` or `prose`.
        own: Directory of the user's templates, which go before the shipped ones.

    Raises:
        UsageError: There is no such template, or it is wrong; the message names file and line.
    """
    environment = _environment(own)
    try:
        parts: list[str] = []
        size = 0
        for part in environment.get_template(f"{name}{SUFFIX}").generate(facts):
            size += len(part)
            if size > MAX_TEXT:
                raise UsageError(f"the template {clean(name)} makes more than {MAX_TEXT >> 20} MiB of text")
            parts.append(part)
    except TemplateSyntaxError as error:
        where = error.filename or error.name or name
        raise UsageError(f"{clean(where)}:{error.lineno}: {clean(error.message)}") from error
    except TemplateNotFound as error:
        raise UsageError(f"no template {clean(str(error))!r}; there are: {', '.join(template_ids())}") from error
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise UsageError(f"{clean(_place(error, name))}: {clean(error, 300)}") from error
    return "".join(parts).strip("\n") + "\n"


def source_of(name: str, own: Path | None = None) -> Path | None:
    """The user's file that is used for a template, or `None` where it is the shipped one."""
    path = None if own is None else own / f"{name}{SUFFIX}"
    return path if path is not None and path.is_file() else None


@lru_cache(maxsize=4)
def _environment(own: Path | None) -> ImmutableSandboxedEnvironment:
    loaders: list[BaseLoader] = [FunctionLoader(_shipped)]
    if own is not None:
        loaders.insert(0, FunctionLoader(lambda name: _users(own, name)))
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        # Markdown is no HTML: what is foreign is escaped by the filters below.
        autoescape=False,
    )
    for name in _GLOBALS:
        if name != "range":
            environment.globals.pop(name, None)
    environment.filters.update(inline=markdown.inline, code=markdown.code, block=markdown.block, prose=markdown.prose)
    # A choice at random is no report.
    environment.filters.pop("random", None)
    return environment


def _shipped(name: str) -> tuple[str, str, Any] | None:
    if "/" in name or "\\" in name:
        return None
    found = files("cockpit.reports") / "templates" / name
    return (found.read_text("utf-8"), name, lambda: True) if found.is_file() else None


def _users(own: Path, name: str) -> tuple[str, str, Any] | None:
    if "/" in name or "\\" in name:
        return None
    path = own / name
    try:
        if not path.is_file():
            return None
        entry = path.stat()
        if entry.st_size > MAX_TEMPLATE:
            raise UsageError(f"{clean(path)}: a template may have {MAX_TEMPLATE} bytes at most")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{clean(path)}: cannot be read: {error}") from error
    stamp = (entry.st_mtime_ns, entry.st_size)
    return text, str(path), lambda: _stamp(path) == stamp


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        entry = path.stat()
    except OSError:
        return None
    return entry.st_mtime_ns, entry.st_size


def _place(error: BaseException, name: str) -> str:
    """`file:line` of the template an error came from."""
    place = name
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith(SUFFIX):
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
