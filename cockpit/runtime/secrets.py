"""Looking for secrets in the files of the run in scope: says where one is and of what kind, never what it is.

Detection is that of detect-secrets, its plugins asked line by line: nothing is verified over the network and nothing
of its global configuration is used. Bounded in files, bytes and line length; call it in a thread.
"""

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from types import ModuleType
from typing import Any

from cockpit.diagnosis.masking import MASK, mask
from cockpit.errors import CockpitError
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.finding import Finding
from cockpit.models.records import Artifact
from cockpit.runtime.evidence import EvidenceReader
from cockpit.sources.paths import on_disk

MAX_FILES = 400
MAX_FILE_BYTES = 2 << 20
MAX_BYTES = 16 << 20
"""Bytes read of one file, and of all files of a run; what lies beyond is not looked at, and the finding says so."""
_MAX_LINE = 256 * 1024
_WINDOW, _OVERLAP = 4_000, 400
"""A long line is looked at in pieces: some plugins' expressions take long over long texts."""
_MAX_FOUND = 50
_QUOTE = 200
_BEFORE = 60
_TOKEN = "".join(chr(code) for code in range(33, 127) if chr(code) not in "\"'`,;:()<>[]{}|=")
"""Characters that hang together with a secret."""
_INSIDE = frozenset(_TOKEN) - {"\\"}
_BY_ITSELF = 8

# Plugins that know the shape of a credential. Those that guess by entropy report every hash and run id.
_PLUGINS: tuple[tuple[str, str], ...] = (
    ("artifactory", "ArtifactoryDetector"), ("aws", "AWSKeyDetector"), ("azure_storage_key", "AzureStorageKeyDetector"),
    ("basic_auth", "BasicAuthDetector"), ("cloudant", "CloudantDetector"), ("discord", "DiscordBotTokenDetector"),
    ("github_token", "GitHubTokenDetector"), ("gitlab_token", "GitLabTokenDetector"),
    ("ibm_cloud_iam", "IbmCloudIamDetector"), ("ibm_cos_hmac", "IbmCosHmacDetector"), ("jwt", "JwtTokenDetector"),
    ("mailchimp", "MailchimpDetector"), ("npm", "NpmDetector"), ("openai", "OpenAIDetector"),
    ("private_key", "PrivateKeyDetector"), ("pypi_token", "PypiTokenDetector"), ("sendgrid", "SendGridDetector"),
    ("slack", "SlackDetector"), ("softlayer", "SoftlayerDetector"), ("square_oauth", "SquareOAuthDetector"),
    ("stripe", "StripeDetector"), ("telegram_token", "TelegramBotTokenDetector"), ("twilio", "TwilioKeyDetector"),
)  # fmt: skip
# What detect-secrets does not know and the documents name (formats/flow-studio.md 2.11).
_OWN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("Anthropic API key", re.compile(r"\b(sk-ant-[A-Za-z0-9_-]{16,200})")),
    ("API key", re.compile(r"\b(sk-(?:proj-)?[A-Za-z0-9_]{32,200})\b")),
    ("Google API key", re.compile(r"\b(AIza[A-Za-z0-9_-]{35})\b")),
    ("GitHub token", re.compile(r"\b(github_pat_[A-Za-z0-9_]{20,255})\b")),
    (
        "password or secret in an assignment",
        re.compile(
            r"""(?:\b|(?<=\\[ntr]))(?:password|passwd|secret|api_key|apikey)\b\\?["']?\s{0,4}[:=]\s{0,4}"""
            r"""\\?["']([^"'\\\s]{8,200})\\?["']""",
            re.IGNORECASE,
        ),
    ),
)  # fmt: skip
# What every shape above holds somewhere: lines without it are not looked at any further.
_HINT = re.compile(
    rb"sk-|AIza|github_pat_|gh[pousr]_|glpat-|GR13|A3T|AKIA|ASIA|ABIA|ACCA|AKC|AP[\dA-F]|xox|eyJ|PRIVATE KEY"
    rb"|hooks\.slack|://|SG\.|sq0csp-|[rs]k_live|npm|pypi-|AccountKey|-us\d|\d{8,10}:[\w-]{35}|[MNO][\w-]{23,25}\.[\w-]{6}\."
    rb"|AC[a-z0-9]{32}|SK[a-z0-9]{32}|(?i:passw|secret|api_?-?key|token|aws|ibm|iam|cos_|hmac|cloudant|softlayer)"
)
_PLACEHOLDER = re.compile(
    r"^(?:\$|<|\{|%|\*{3}|x{4}|\.{3})|example|changeme|change_me|placeholder|dummy|redacted|masked|your[_-]|todo|^test"
    r"|^(?:none|null|true|false|string|required|missing|undefined)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SecretsLook:
    """What a search of a run's files for credentials found.

    Attributes:
        places: Where they are, masked.
        kinds: Of what kind, with how many of each.
        files: How many files were looked at.
        complete: Whether that is all of them, each to its end, as far as they can be read.
    """

    places: tuple[Evidence, ...] = ()
    kinds: Mapping[str, int] = field(default_factory=dict)
    files: int = 0
    complete: bool = True


def look_for_secrets(reader: EvidenceReader, detail: RunDetail) -> SecretsLook:
    """Look into the run's own files: the place and the kind of each credential, never the secret.

    Files that cannot be read (databases, those of another user) are skipped; then the search is not complete.
    """
    places: list[Evidence] = []
    kinds: dict[str, int] = {}
    paths = _paths(detail)
    complete = len(paths) <= MAX_FILES
    looked = 0
    budget = MAX_BYTES
    for path in paths[:MAX_FILES]:
        if budget <= 0 or len(places) >= _MAX_FOUND:
            complete = False
            break
        limit = min(budget, MAX_FILE_BYTES)
        data = _read(reader, path, limit)
        if data is None:
            # A transcript that a receipt names and nobody wrote hides nothing.
            complete = complete and not os.path.lexists(on_disk(str(reader.root), path))
            continue
        complete = complete and len(data) < limit
        looked += 1
        budget -= len(data)
        for number, line in enumerate(data.splitlines(), start=1):
            if not _HINT.search(line):
                continue
            found = dict.fromkeys(find_secrets(line[:_MAX_LINE].decode("utf-8", "replace")))
            for kind, quote in found:
                kinds[kind] = kinds.get(kind, 0) + 1
                places.append(Evidence(rank=Rank.PHYSICS, path=path, line=number, quote=f"{kind}: {quote}"[:_QUOTE]))
            if len(places) >= _MAX_FOUND:
                break
    return SecretsLook(tuple(places), kinds, looked, complete)


def scan_secrets(reader: EvidenceReader, detail: RunDetail) -> tuple[Finding, ...]:
    """The finding for credentials in the run's own files, see `look_for_secrets`.

    Args:
        reader: Reads below the run's root.
        detail: The run.

    Returns:
        At most one finding, with one piece of evidence a place.
    """
    look = look_for_secrets(reader, detail)
    if not look.places:
        return ()
    named = ", ".join(sorted(look.kinds))
    several = "secrets" if len(look.places) > 1 else "secret"
    more = "" if look.complete else "; more files were not looked at"
    return (
        Finding(
            id="secret-in-files",
            title=f"{len(look.places)} {several} in files of the run: {named}",
            kind="security",
            playbook="security-incident",
            confidence=0.9,
            cause=f"A credential was written into an artifact or a transcript{more}.",
            fix="Revoke and rotate it at its provider now; then find out where the file was copied or published to.",
            warning="Do not archive, publish or quote these files before the credential is revoked; deleting them only "
            "hides what was exposed.",
            supporting=look.places,
        ),
    )


def may_hold_secret(line: bytes) -> bool:
    """Whether a line has anything of the shape of a credential; most have not, and asking is cheap."""
    return _HINT.search(line) is not None


def find_secrets(line: str) -> Iterator[tuple[str, str]]:
    """Kind and masked surroundings of each credential in a line."""
    for start in range(0, max(len(line) - _OVERLAP, 1), _WINDOW - _OVERLAP):
        yield from _in_window(line[start : start + _WINDOW])


def secret_values(line: str) -> Iterator[tuple[str, str]]:
    r"""Kind and text of each credential in a line, for whoever takes it out; never to be shown or kept.

    What hangs together with one counts as part of it, see `_around`, but for an escape before or after it (`\n`):
    JSON without its secrets is JSON still. A secret that is long enough to be told from words comes by itself too.
    """
    for start in range(0, max(len(line) - _OVERLAP, 1), _WINDOW - _OVERLAP):
        window = line[start : start + _WINDOW]
        for kind, value in _hits(window):
            place = window.find(value)
            first, last = _token_start(window, place), place + len(value)
            slash = window.rfind("\\", first, place)
            first = first if slash < 0 else min(slash + 2, place)
            while last < len(window) and window[last] in _INSIDE:
                last += 1
            yield kind, window[first:last]
            if len(value) >= _BY_ITSELF:
                yield kind, value


def _in_window(line: str) -> Iterator[tuple[str, str]]:
    hits = _hits(line)
    values = [value for _, value in hits]
    told: list[str] = []
    for kind, value in hits:
        if not any(value in other for other in told):
            told.append(value)
            yield kind, _around(line, value, values)


def _hits(line: str) -> list[tuple[str, str]]:
    """Kind and value of each credential, the longest first: what is part of another one is the same secret."""
    hits = [(kind, found[1]) for kind, pattern in _OWN for found in pattern.finditer(line)]
    hits += [(plugin.secret_type, value) for plugin in _plugins() for value in plugin.analyze_string(line)]
    return sorted(
        ((kind, value) for kind, value in hits if value and not _PLACEHOLDER.search(value)),
        key=lambda one: -len(one[1]),
    )


def _around(line: str, value: str, secrets: Sequence[str]) -> str:
    """The words before a secret, and in its place and that of every other one a mask.

    A plugin may give a part of a secret only (two of the three parts of a token): whatever hangs together with it is
    taken for the whole. Nothing after it is shown.
    """
    start = _token_start(line, line.find(value))
    before = line[max(0, start - _BEFORE) : start]
    cut = start - len(before)
    if cut and before and line[cut - 1] in _TOKEN and before[0] in _TOKEN:
        # Half a word may be half a secret.
        before = before.lstrip(_TOKEN)
    for secret in secrets:
        before = before.replace(secret, MASK)
    return f"{mask(before)}{MASK}".strip()


def _token_start(line: str, place: int) -> int:
    while place > 0 and line[place - 1] in _TOKEN:
        place -= 1
    return place


@lru_cache(maxsize=1)
def _plugins() -> tuple[Any, ...]:
    """The plugins, imported when they are first needed; one that this version lacks is left out."""
    import importlib

    found = []
    with _spare("requests"):
        for module, name in _PLUGINS:
            try:
                found.append(getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)())
            except (ImportError, AttributeError):
                continue
    return tuple(found)


class _Spared(ModuleType):
    """Stands for a package of which nothing is used but names in annotations."""

    def __getattr__(self, name: str) -> type:
        """Any name is a class."""
        return object


@contextmanager
def _spare(name: str) -> Iterator[None]:
    """Import others without a package they name: it is there again for whoever imports it afterwards.

    The plugins import an HTTP client to ask services whether a secret is alive. Nothing here ever asks, and the client
    takes more memory and time than everything else they need.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = _Spared(name)
    try:
        yield
    finally:
        del sys.modules[name]


def _paths(detail: RunDetail) -> list[str]:
    """The run's files, those most likely to repeat what a tool printed first."""
    first = [one.transcript for one in detail.receipts if one.transcript]
    first += [one.path for one in detail.receipts] + [one.path for one in detail.handoffs]
    rest = sorted(detail.artifacts, key=lambda one: (one.kind != "transcript", one.path))
    records = [] if detail.record.evidence is None else [detail.record.evidence.path]
    # One more than is looked at, to tell whether that was all.
    return list(islice(dict.fromkeys([*first, *records, *(one.path for one in rest if _text(one))]), MAX_FILES + 1))


def _text(artifact: Artifact) -> bool:
    return not artifact.path.lower().endswith(
        (".gz", ".zip", ".png", ".jpg", ".db", ".sqlite", ".faiss", ".pkl", ".tar")
    )


def _read(reader: EvidenceReader, path: str, limit: int) -> bytes | None:
    """The head of a file below the root; `None` of what cannot be read or is no ordinary file."""
    try:
        real = reader.resolve(path)
        handle = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (CockpitError, OSError):
        return None
    with os.fdopen(handle, "rb") as file:
        try:
            return file.read(limit) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
        except OSError:
            return None
