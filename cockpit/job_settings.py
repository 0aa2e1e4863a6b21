"""The `[jobs]` table of the configuration file: how long jobs may take, how much they may write, how many at once."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cockpit.units import parse_size, seconds

_LONGEST = 366 * 86_400.0


class JobSettings(BaseModel):
    """Limits of jobs. Times are seconds, or text such as `30m`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout: float = Field(default=0.0, ge=0, le=_LONGEST, allow_inf_nan=False)
    """A job is ended after this time; 0 for never."""
    timeouts: dict[str, float] = Field(default_factory=dict)
    """The same for single actions, by their ids: `[jobs.timeouts] retry = "30m"`; 0 for never."""
    grace: float = Field(default=10.0, ge=0, le=3_600, allow_inf_nan=False)
    """Time between SIGTERM and SIGKILL when a job is ended early."""
    output_cap: int = Field(default=64 << 20, ge=1 << 16, le=1 << 34)
    """Bytes of output kept of one job (or `64M`): head and tail of more than that."""
    parallel: int = Field(default=2, strict=True, ge=1, le=64)
    """How many jobs of one bulk run at a time."""

    @field_validator("timeout", "grace", mode="before", json_schema_input_type=float | str)
    @classmethod
    def _duration(cls, value: object) -> object:
        return seconds(value)

    @field_validator("timeouts", mode="before", json_schema_input_type=dict[str, float | str])
    @classmethod
    def _durations(cls, value: object) -> object:
        return {name: cls._duration(each) for name, each in value.items()} if isinstance(value, dict) else value

    @field_validator("timeouts")
    @classmethod
    def _sensible(cls, value: dict[str, float]) -> dict[str, float]:
        for name, each in value.items():
            if not 0 <= each <= _LONGEST:
                raise ValueError(f"{name}: between 0 and a year")
        return value

    @field_validator("output_cap", mode="before", json_schema_input_type=int | str)
    @classmethod
    def _size(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError("true and false are no size; write one such as 512k or 64M")  # noqa: TRY004
        return parse_size(value) if isinstance(value, str) else value
