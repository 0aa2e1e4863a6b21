"""Metrics of incidents: exact numbers on a journal made by hand, and what holds for any journal."""

import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.incidents.fold import fold
from cockpit.incidents.metrics import metrics
from cockpit.models.incident import Incident, Severity
from cockpit.models.journal import Entry
from cockpit.models.metrics import Interval, Metrics, Share
from cockpit.models.run import RunState
from cockpit.presenters.documents import dumps
from cockpit.presenters.metrics import charts, document, headline, notes, table
from tests.unit.incident_samples import T0, entry, link_data, run_now

A, B, C, D = (f"inc-20261118-0{number}" for number in (1, 2, 3, 4))
"""A: SEV1, worked through. B: SEV1, the same failure, reopened. C: SEV3, open, no runs. D: SEV2, closed by override."""


def journal() -> list[Entry]:
    """Four incidents; times are minutes after `T0`."""
    number = iter(range(1, 100))
    made: list[Entry] = []

    def add(name: str, at: float, kind: str, /, **data: Any) -> None:
        made.append(entry(next(number), f"incident.{kind}", data, incident=name, at=at))

    def move(name: str, at: float, start: str, to: str, override: str | None = None) -> None:
        add(name, at, "phase", **{"from": start, "to": to, "override": override})

    add(A, 0, "declared", title="A", severity="SEV1", detected_at="2026-11-18T09:58:00Z")  # 1
    add(A, 0, "run_added", **link_data("run-1"))  # 2: failed at 09:50
    add(A, 8, "role", role="incident-commander", person="ada")  # 3
    move(A, 10, "detect", "contain")  # 4
    move(A, 18, "contain", "diagnose")  # 5: 5 minutes late
    move(A, 58, "diagnose", "document")  # 6
    add(A, 60, "closed", reason="over")  # 7
    add(B, 1440, "declared", title="B", severity="SEV1")  # 8
    add(B, 1440, "run_added", **link_data("run-2", failed_at="2026-11-19T09:40:00Z"))  # 9
    add(B, 1444, "update", text="looking")  # 10
    move(B, 1450, "detect", "diagnose")  # 11
    move(B, 1460, "diagnose", "document")  # 12
    add(B, 1470, "closed", reason="over")  # 13
    add(B, 1500, "reopened", reason="again", phase="diagnose")  # 14
    move(B, 1560, "diagnose", "document")  # 15
    add(C, 1500, "declared", title="C", severity="SEV3")  # 16
    add(D, 12000, "declared", title="D", severity="SEV2")  # 17
    add(D, 12000, "run_added", **link_data("run-3", signature="other", failed_at="2026-11-26T18:30:00Z"))  # 18
    add(D, 12002, "closed", override="a drill")  # 19
    return made


NOW = T0 + timedelta(minutes=13000)


def measured(**more: Any) -> Metrics:
    return metrics(fold(journal()), NOW, **more)


def lengths(part: Interval) -> list[tuple[str, float]]:
    return [(sample.incident[-2:], sample.seconds / 60) for sample in part.samples]


def test_times_are_exact_and_name_their_sources() -> None:
    overall = measured().overall
    assert lengths(overall.detect) == [("01", 8), ("02", 20)]
    assert lengths(overall.acknowledge) == [("01", 10), ("02", 4), ("04", 2)]
    assert lengths(overall.contain) == [("01", 20), ("02", 10), ("04", 2)]
    assert lengths(overall.resolve) == [("01", 60), ("02", 120), ("04", 2)]
    assert (overall.detect.mean_s, overall.detect.median_s, overall.detect.longest_s) == (840, 840, 1200)
    assert (overall.resolve.mean_s, overall.resolve.median_s) == (3640, 3600)
    assert [sample.seqs for sample in overall.detect.samples] == [(2, 1), (9, 8)]
    assert [sample.seqs for sample in overall.acknowledge.samples] == [(1, 3), (8, 10), (17, 19)]
    assert [sample.seqs for sample in overall.resolve.samples] == [(1, 6), (8, 15), (17, 19)]
    assert [sample.overridden for sample in overall.resolve.samples] == [False, False, True]


def test_what_is_not_measured_is_left_out_and_says_why() -> None:
    overall = measured().overall
    assert [(one.incident, one.why) for one in overall.detect.left_out] == [
        (C, "no run belongs to it"), (D, "it was noticed before its first failing evidence"),
    ]  # fmt: skip
    assert [(one.incident, one.why) for one in overall.acknowledge.left_out] == [(C, "nobody has taken it on yet")]
    assert [one.incident for one in overall.resolve.left_out] == [C]


def shares(part: Share) -> tuple[float | None, list[tuple[str, bool]]]:
    return part.value, [(case.incident[-2:], case.holds) for case in part.cases]


def test_response_times_are_those_of_each_severity() -> None:
    found = measured()
    assert shares(found.overall.acknowledged_in_time) == (
        0.75, [("01", True), ("02", True), ("03", False), ("04", True)],
    )  # fmt: skip
    assert shares(found.overall.contained_in_time) == (
        0.5, [("01", False), ("02", True), ("03", False), ("04", True)],
    )  # fmt: skip
    (late,) = [case for case in found.by_severity[Severity.SEV1].contained_in_time.cases if not case.holds]
    assert late.why == "due 2026-11-18T10:15:00Z, done 2026-11-18T10:18:00Z"
    assert late.seqs == (1, 5)


def test_what_still_has_time_is_neither_kept_nor_missed() -> None:
    early = metrics(fold(journal()), T0 + timedelta(minutes=1505)).by_severity[Severity.SEV3]
    assert early.acknowledged_in_time.value is None
    assert [one.why for one in early.acknowledged_in_time.left_out] == ["it still has time"]
    assert early.contained_in_time.of == 0


def test_recurrence_is_by_signature() -> None:
    found = measured()
    assert shares(found.overall.recurred) == (1 / 3, [("01", False), ("02", True), ("04", False)])
    assert [one.why for one in found.overall.recurred.cases][1] == f"seen before in {A}"
    assert shares(found.overall.came_back) == (0.5, [("01", True), ("04", False)])
    run = run_now("run-9", RunState.FAILED, at=12500, signature="other")
    again = measured(runs=[run]).overall.came_back
    assert shares(again) == (1.0, [("01", True), ("04", True)])
    assert again.cases[1].why == "seen again in run-9"


def test_a_failure_from_before_the_span_still_counts_as_seen() -> None:
    found = measured(since=T0 + timedelta(days=1))
    assert found.overall.incidents == (B, C, D)
    assert shares(found.overall.recurred)[1] == [("02", True), ("04", False)]
    assert measured(until=T0 + timedelta(days=1)).overall.incidents == (A,)


def test_counts_and_weeks() -> None:
    found = measured()
    assert {each.value: group.count for each, group in found.by_severity.items()} == {
        "SEV1": 2, "SEV2": 1, "SEV3": 1, "SEV4": 0,
    }  # fmt: skip
    assert (found.overall.open, found.overall.reopened) == (2, 1)
    assert [(week.monday, week.count) for week in found.weeks] == [(date(2026, 11, 16), 3), (date(2026, 11, 23), 1)]


def test_nothing_is_null_and_never_nought() -> None:
    found = metrics((), NOW)
    group = document(found)["overall"]
    assert group["count"] == 0
    for name in ("detect", "acknowledge", "contain", "resolve"):
        assert (group[name]["mean_s"], group[name]["median_s"], group[name]["longest_s"]) == (None, None, None)
    for name in ("acknowledged_in_time", "contained_in_time", "recurred", "came_back"):
        assert group[name]["value"] is None
    assert document(found)["weeks"] == []
    assert charts(found, unicode=False) == []
    cells = [cell.text for row in table(found)[1:] for cell in row[1:3]]
    assert set(cells) == {"-", ""}


def test_table_and_charts_fit_80_columns() -> None:
    found = measured()
    assert headline(found) == "4 incidents declared to 2026-11-27T10:40:00Z: 2 open, 1 opened again"
    rows = table(found)
    widths = [max(len(row[column].text) for row in rows) for column in range(len(rows[0]))]
    assert sum(max(width, 6) for width in widths[1:]) + widths[0] + 2 * (len(widths) - 1) <= 80
    assert [cell.text for cell in rows[1]] == ["time to detect", "14m", "14m", "2/4", "14m", "-", "-", "-"]
    assert [cell.text for cell in rows[5]][:4] == ["taken on in time", "75%", "", "3/4"]
    for unicode in (False, True):
        drawn = charts(found, unicode=unicode)
        assert [title for title, _ in drawn] == ["incidents by severity", "incidents by week", "mean time to resolve"]
        for _, bars in drawn:
            assert all(len("  ".join(cell.text for cell in bar)) <= 80 for bar in bars)
    bars = charts(found, unicode=False)[0][1]
    assert [len(bar[1].text) for bar in bars] == [46, 23, 23, 0]
    assert any("passed a gate that was not met" in line and D in line for line in notes(found))


_MOMENT = st.integers(-500, 500)
_PHASES = ("detect", "contain", "diagnose", "fix", "verify", "document")
_EVENT = st.one_of(
    st.tuples(st.just("phase"), st.fixed_dictionaries({"to": st.sampled_from(_PHASES)})),
    st.tuples(st.just("closed"), st.just({})),
    st.tuples(st.just("reopened"), st.fixed_dictionaries({"phase": st.sampled_from(_PHASES)})),
    st.tuples(st.just("update"), st.just({"text": "u"})),
    st.tuples(
        st.just("severity"), st.fixed_dictionaries({"to": st.sampled_from([each.value for each in Severity])})
    ),
    st.tuples(
        st.just("described"),
        st.fixed_dictionaries({"detected_at": _MOMENT.map(lambda at: (T0 + timedelta(minutes=at)).isoformat())}),
    ),
    st.tuples(
        st.just("run_added"),
        st.builds(
            lambda name, sign, at: link_data(name, signature=sign, failed_at=(T0 + timedelta(minutes=at)).isoformat()),
            st.sampled_from(["r1", "r2", "r3"]), st.sampled_from(["x", "y", None]), _MOMENT,
        ),
    ),
)  # fmt: skip


@st.composite
def journals(draw: st.DrawFn) -> list[Entry]:
    """Any life of some incidents; the clock of the host goes backwards at times."""
    made: list[Entry] = []
    for number in range(draw(st.integers(0, 4))):
        name = f"inc-20261118-{number + 1:02d}"
        sev = draw(st.sampled_from([each.value for each in Severity]))
        data = {"title": "t", "severity": sev}
        made.append(entry(len(made) + 1, "incident.declared", data, incident=name, at=draw(_MOMENT)))
        for kind, more in draw(st.lists(_EVENT, max_size=8)):
            made.append(entry(len(made) + 1, f"incident.{kind}", more, incident=name, at=draw(_MOMENT)))
    return made


def everything(found: Metrics) -> list[Interval]:
    groups = [found.overall, *found.by_severity.values()]
    return [part for group in groups for part in (group.detect, group.acknowledge, group.contain, group.resolve)]


@settings(max_examples=150, deadline=None)
@given(journals(), st.randoms(use_true_random=False))
def test_no_time_is_negative_and_order_does_not_matter(entries: list[Entry], random: Any) -> None:
    now = T0 + timedelta(minutes=600)
    incidents = list(fold(entries))
    found = metrics(incidents, now)
    for part in everything(found):
        assert all(sample.seconds >= 0 for sample in part.samples)
        assert (part.mean_s is None) == (part.count == 0) == (part.longest_s is None)
    for group in (found.overall, *found.by_severity.values()):
        for part in (group.detect, group.acknowledge, group.contain, group.resolve):
            assert part.count + len(part.left_out) == group.count, "every incident is counted or left out"
        for share in (group.acknowledged_in_time, group.contained_in_time, group.recurred, group.came_back):
            assert share.of + len(share.left_out) == group.count
            assert (share.value is None) == (share.of == 0)
    assert sum(group.count for group in found.by_severity.values()) == found.overall.count == len(incidents)
    random.shuffle(incidents)
    random.shuffle(entries)
    assert metrics(incidents, now) == metrics(fold(entries), now) == found
    assert dumps(document(found))


_PRINT = (
    "import sys; from tests.unit.test_metrics import measured; from cockpit.presenters.documents import dumps;"
    "from cockpit.presenters.metrics import document; sys.stdout.write(dumps(document(measured())))"
)


def test_the_document_is_the_same_everywhere() -> None:
    def printed(**environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", _PRINT], check=True, capture_output=True, encoding="utf-8", timeout=60,
            env={**os.environ, **environment},
        )  # fmt: skip
        return done.stdout

    here = dumps(document(measured()))
    assert printed(TZ="Pacific/Kiritimati", LANG="C", PYTHONHASHSEED="1") == here
    assert printed(TZ="America/St_Johns", LC_ALL="C.UTF-8", PYTHONHASHSEED="77") == here


def test_incidents_of_the_future_do_not_count() -> None:
    incidents: tuple[Incident, ...] = fold(journal())
    before: datetime = T0 + timedelta(minutes=1)
    assert metrics(incidents, before).overall.incidents == (A,)
