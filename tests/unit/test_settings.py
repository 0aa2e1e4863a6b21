"""The configuration file: defaults, values, and every mistake named with file, line and key."""

from contextlib import suppress
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import UsageError
from cockpit.models.incident import Severity
from cockpit.response import DEFAULT
from cockpit.settings import Settings, load_settings
from cockpit.units import parse_duration, parse_size


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def complaint(tmp_path: Path, text: str | bytes) -> str:
    with pytest.raises(UsageError) as caught:
        load_settings(write(tmp_path, text))
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml") == Settings()
    with pytest.raises(UsageError, match=r"none\.toml: no such configuration file"):
        load_settings(tmp_path / "none.toml", required=True)


def test_everything_that_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    settings = load_settings(
        write(
            tmp_path,
            """
            theme = "light"
            glyphs = "unicode"
            times = "utc"
            mouse = true
            read_only = true

            [[roots]]
            path = "~/runs"
            source = "flow-studio"
            label = "production"
            read_only = true
            commands.retry = ["make", "again", "RUN={run}"]

            [limits]
            stuck_after = "1h30m"

            [keys]
            "run.resume" = "F5, R"
            """,
        )
    )
    root = settings.roots[0]
    assert (settings.theme, settings.glyphs, settings.times) == ("light", "unicode", "utc")
    assert settings.mouse
    assert settings.read_only
    assert root.path == Path("/home/ada/runs")
    assert root.commands == {"retry": ("make", "again", "RUN={run}")}
    assert (root.source, root.label, root.read_only) == ("flow-studio", "production", True)
    assert settings.limits.stuck_after == 5_400
    assert settings.keys == {"run.resume": "F5, R"}


@pytest.mark.parametrize(
    ("text", "starts", "names"),
    [
        ('theme = "dark"\ncolour = 1\n', "config.toml:2: colour:", "no such key"),
        ('\n\nglyphs = "emoji"\n', "config.toml:3: glyphs:", "'ascii' or 'unicode'"),
        ("mouse = 7\n", "config.toml:1: mouse:", "boolean"),
        ('[limits]\nstuck_after = "soon"\n', "config.toml:2: limits.stuck_after:", "'soon' is not a duration"),
        ("[limits]\nstuck_after = 0\n", "config.toml:2: limits.stuck_after:", "greater than 0"),
        ("[limits]\nstuck_after = -5\n", "config.toml:2: limits.stuck_after:", "greater than 0"),
        ("[limits]\nstuck_after = inf\n", "config.toml:2: limits.stuck_after:", "finite"),
        ("[limits]\nstuck_after = nan\n", "config.toml:2: limits.stuck_after:", "finite|greater"),
        ('[limits]\nother = "1m"\n', "config.toml:2: limits.other:", "no such key"),
        ('[keys]\n"run.resume" = 5\n', "config.toml:2: keys.run.resume:", "string"),
        ("[keys]\nrun.resume = 'F5'\n", "config.toml:2: keys.run:", "string"),
        ('[[roots]]\npath = "/a"\n\n[[roots]]\nlabel = "b"\n', "config.toml:4: roots.1.path:", "is needed"),
        ('[[roots]]\npath = "/a"\n[[roots]]\npath = 5\n', "config.toml:4: roots.1.path:", "path"),
        ('[[roots]]\npath = "/a"\n[roots.commands]\nretry = "make"\n', "config.toml:4: roots.0.commands", "tuple"),
        ('roots = [{path = "/a", hue = 1}]\n', "config.toml:1: roots.0.hue:", "no such key"),
        ('[[roots]]\npath = "~nobody-of-that-name/x"\n', "config.toml:2: roots.0.path:", "home"),
        ('[[roots]]\npath = "a\\u0000b"\n', "config.toml:2: roots.0.path:", "NUL"),
        ('[attention]\nlead = "soon"\n', "config.toml:2: attention.lead:", "is not a duration"),
        ('[attention]\nevents = [\n"failed",\n"fialed"]\n', "config.toml:4: attention.events.1:", "'failed'"),
        ('[attention.quiet]\n# at night\nhours = "late"\n', "config.toml:3: attention.quiet.hours:", "are no hours"),
        ('attention.quiet.timezone = "Mars/Base"\n', "config.toml:1: attention.quiet.timezone:", "no time zone"),
        ('[[attention.rules]]\nbell=false\n[[attention.rules]]\nfilter = "state:"\n',
         "config.toml:4: attention.rules.1.filter:", "state"),
        ("[attention]\nrules = [\n {bell = false},\n {bel = false},\n]\n",
         "config.toml:4: attention.rules.1.bel:", "did you mean bell?"),
        ('[[roots]]\npath = "/a"\nconfirm = "maybe"\n', "config.toml:3: roots.0.confirm:", "'yes' or 'typed'"),
        ('[notify."mail"]\n"comand" = ["x"]\n', "config.toml:1: notify.mail.command: this key", "needed"),
        ('[services.x]\nurl = """\nhttp://h\n"""\n', "config.toml:2: services.x.url:", "cannot hold"),
        ("limits.stuck_after = true\nthem = 'dark'\n", "config.toml:1: limits.stuck_after:", "no duration"),
        ("fps = true\n", "config.toml:1: fps:", "valid integer"),
        ("[jobs]\nparallel = true\n", "config.toml:2: jobs.parallel:", "valid integer"),
        ("[jobs]\noutput_cap = false\n", "config.toml:2: jobs.output_cap:", "no size"),
        ("[views.night]\nsort = 5\n", "config.toml:2: views.night.sort:", "sort|Input"),
        ("theme = \n", "config.toml:1: not valid TOML:", "line 1"),
        ("a = 1\nb = [1,\n", "config.toml", "not valid TOML"),
        ("a = 1\na = 2\n", "config.toml:2: not valid TOML", "overwrite"),
        pytest.param("a = " + "[" * 50_000 + "\n", "config.toml: nested too deeply", "", id="deep"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_line_and_key(tmp_path: Path, text: str, starts: str, names: str) -> None:
    told = complaint(tmp_path, text)
    assert told.startswith(starts), told
    assert any(part in told for part in names.split("|")), told


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    told = complaint(tmp_path, 'theme = 5\nmouse = "perhaps"\nbogus = 1\n').splitlines()
    assert [line.split(" ")[0] for line in told] == ["config.toml:1:", "config.toml:2:", "config.toml:3:"]


def test_what_is_no_text_file(tmp_path: Path) -> None:
    assert complaint(tmp_path, b"theme = \xff\n").startswith("config.toml: cannot be read:")
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90), ("45s", 45), ("10m", 600), ("1h30m", 5_400), ("2d", 172_800), ("1w", 604_800), ("250ms", 0.25),
        ("1.5h", 5_400), (" 10M ", 600), ("0", 0),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "m", "10 m", "-5", "10x", "1h 30m", "1e3", "nan", "inf", "10m!", "h1"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@given(st.text(max_size=20))
def test_a_duration_is_a_number_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_duration(text) >= 0


@given(st.binary(max_size=60) | st.text("[]={}\"'.\n abtheme1#", max_size=60).map(str.encode))
def test_any_file_is_settings_or_a_usage_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_bytes(data)
    with suppress(UsageError):
        assert isinstance(load_settings(path), Settings)


def test_response_times_and_working_hours(tmp_path: Path) -> None:
    settings = load_settings(
        write(
            tmp_path,
            """
            [incidents]
            timezone = "Europe/Berlin"
            workdays = ["mon", "sat"]
            hours = "08:30-12:00"
            holidays = [2026-12-24]
            acknowledge = {P0 = "5m"}
            update_every = {SEV2 = "45m", Low = "none"}
            """,
        )
    )
    policy = settings.incidents.policy()
    assert (policy.timezone, policy.opens) == ("Europe/Berlin", time(8, 30))
    assert policy.workdays == {0, 5}
    assert policy.holidays == {date(2026, 12, 24)}
    assert policy.acknowledge[Severity.SEV1].seconds == 300
    assert policy.acknowledge[Severity.SEV2].seconds == 3600
    assert policy.update_every[Severity.SEV2].seconds == 2700
    assert Settings().incidents.policy() == DEFAULT


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('hours = "nine to five"', "no working hours"),
        ('hours = "17:00-09:00"', "ends before it begins"),
        ('timezone = "Mars/Base"', "no time zone 'Mars/Base'"),
        ('acknowledge = {SEV9 = "5m"}', "no severity 'SEV9'"),
        ('contain = {SEV1 = "soon"}', "'soon' is no time to respond"),
        ('workdays = ["caturday"]', "incidents.workdays.0"),
        ("workdays = []", "some of the days"),
    ],
)
def test_odd_response_times_are_refused(tmp_path: Path, line: str, message: str) -> None:
    assert message in complaint(tmp_path, f"[incidents]\n{line}\n")


@pytest.mark.parametrize(
    ("text", "size"),
    [("4096", 4096), ("512k", 524_288), ("64M", 64 << 20), ("1.5 GiB", 3 << 29), (" 2mb ", 2 << 20), ("7B", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "-1", "1T", "1 2", "1e9", "ten"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


def test_jobs_have_limits(tmp_path: Path) -> None:
    assert Settings().jobs.model_dump() == {
        "timeout": 0.0, "timeouts": {}, "grace": 10.0, "output_cap": 64 << 20, "parallel": 2,
    }  # fmt: skip
    text = """
        [jobs]
        timeout = "2h"
        grace = 3
        output_cap = "8M"
        parallel = 4
        [jobs.timeouts]
        retry = "30m"
        archive = 0
    """
    assert load_settings(write(tmp_path, text)).jobs.model_dump() == {
        "timeout": 7_200.0, "timeouts": {"retry": 1_800.0, "archive": 0.0}, "grace": 3.0, "output_cap": 8 << 20,
        "parallel": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("timeout = 'soon'", "jobs.timeout: 'soon' is not a duration"),
        ("timeout = -1", "jobs.timeout: "),
        ("output_cap = '1k'", "jobs.output_cap: "),
        ("output_cap = 'big'", "jobs.output_cap: 'big' is not a size"),
        ("parallel = 0", "jobs.parallel: "),
        ("timeouts = {retry = 'soon'}", "jobs.timeouts: 'soon' is not a duration"),
        ("timeouts = {retry = -5}", "jobs.timeouts: retry: between 0 and a year"),
    ],
)
def test_wrong_limits_of_jobs_are_named(tmp_path: Path, line: str, told: str) -> None:
    assert f"config.toml:2: {told}" in complaint(tmp_path, f"[jobs]\n{line}\n")
