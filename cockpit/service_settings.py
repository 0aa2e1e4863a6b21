"""Where the services answer that requests of actions go to: `[services.<name>]`, and the environment."""

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from cockpit.errors import UsageError
from cockpit.models.request import Service
from cockpit.units import seconds


def service_variable(name: str) -> str:
    """The environment variable that overrides the URL of a service: `COCKPIT_AI_CSUITE_URL` for `ai-csuite`."""
    return f"COCKPIT_{name.upper().replace('-', '_')}_URL"


def check_base_url(text: str) -> str:
    """A base URL without a slash at its end.

    Raises:
        ValueError: It is no http(s) URL of a host, or holds more than that. The message does not repeat it.
    """
    told = "write a URL such as http://127.0.0.1:8001"
    if not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>'):
        raise ValueError(f"it holds characters that a URL cannot hold; {told}")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{error}; {told}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(f"it is no http or https URL of a host; {told}")
    if "@" in parts.netloc:
        raise ValueError("it holds credentials; name a variable with the token in token_env instead")
    if "?" in text or "#" in text:
        raise ValueError(f"it holds a query or a fragment; {told}")
    if ".." in parts.path.split("/"):
        raise ValueError(f"its path holds '..'; {told}")
    return text.rstrip("/")


class ServiceSettings(BaseModel):
    """A service that requests of actions go to: `[services.<name>]` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """Base URL, http or https, without credentials. `COCKPIT_<SERVICE>_URL` in the environment is stronger."""
    token_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of the environment variable that holds its token; the token itself belongs in no file."""
    timeout: float = Field(default=10.0, gt=0, le=600, allow_inf_nan=False)
    """Seconds (or `10s`) one answer may take."""

    @field_validator("url")
    @classmethod
    def _base(cls, value: str) -> str:
        return check_base_url(value)

    @field_validator("timeout", mode="before", json_schema_input_type=float | str)
    @classmethod
    def _duration(cls, value: object) -> object:
        return seconds(value)


def _named(value: dict[str, ServiceSettings]) -> dict[str, ServiceSettings]:
    strange = next((name for name in value if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name)), None)
    if strange is not None:
        raise ValueError(f"{strange!r} is no name of a service: lower-case letters, digits and '-'")
    return value


Services = Annotated[dict[str, ServiceSettings], AfterValidator(_named)]
"""Service name to where it answers."""


def find_service(services: Mapping[str, ServiceSettings], name: str, environ: Mapping[str, str]) -> Service | None:
    """Where a service answers, or `None` where nothing says so.

    Args:
        services: Of the settings.
        name: As the actions have it.
        environ: The environment; what it says of the URL is stronger.

    Raises:
        UsageError: The environment names a broken URL.
    """
    known = services.get(name)
    variable = service_variable(name)
    url = environ.get(variable)
    if url:
        try:
            url = check_base_url(url)
        except ValueError as error:
            raise UsageError(f"{variable}: {error}") from None
    elif known is None:
        return None
    else:
        url = known.url
    if known is None:
        return Service(name=name, url=url)
    return Service(name=name, url=url, token_env=known.token_env, timeout_s=known.timeout)
