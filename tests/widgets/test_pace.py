"""How often is drawn, and what is counted of it."""

import pytest

from widgets.meter import WINDOW_S, Meter
from widgets.pace import ANSWER_S, Pace


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def frames(pace: Pace, hand: Hand, seconds: float) -> int:
    """How many frames are drawn while there is always something to draw."""
    end, drawn = hand.now + seconds, 0
    while hand.now < end:
        wait = pace.wait()
        if wait <= 0:
            pace.drawn()
            drawn += 1
        hand.now += max(wait, 1 / 240)
    return drawn


@pytest.mark.parametrize("fps", [1, 4, 10, 30])
def test_no_more_frames_than_that(fps: int) -> None:
    hand = Hand()
    assert frames(Pace(fps, hand), hand, 10.0) in (10 * fps, 10 * fps + 1, 10 * fps - 1)


def test_the_first_one_after_a_rest_is_drawn_at_once() -> None:
    hand = Hand()
    pace = Pace(4, hand)
    assert pace.wait() == 0
    pace.drawn()
    assert pace.wait() == pytest.approx(0.25)
    hand.now += 5
    assert pace.wait() == 0


@pytest.mark.parametrize(("fps", "most"), [(1, 12), (4, 12), (10, 30), (30, 90)])
def test_what_a_key_leads_to_comes_faster_and_not_for_long(fps: int, most: int) -> None:
    hand = Hand()
    pace = Pace(fps, hand)
    pace.drawn()
    hand.now += 1 / most
    assert pace.wait() == pytest.approx(max(0.0, 1 / fps - 1 / most))
    pace.asked()
    assert pace.wait() == pytest.approx(0.0, abs=1e-9)
    pace.drawn()
    assert pace.wait() == pytest.approx(1 / most)
    hand.now += ANSWER_S
    assert pace.wait() == pytest.approx(max(0.0, 1 / fps - ANSWER_S))


def test_without_a_number_nothing_waits() -> None:
    pace = Pace()
    pace.drawn()
    assert pace.wait() == 0


def test_rates_are_means_of_the_last_seconds_and_totals_stay() -> None:
    hand = Hand()
    meter = Meter(hand)
    assert meter.rates() == (0, 0)
    for _ in range(10):
        meter.frame()
        meter.write(500)
        hand.now += 0.3
    sent, drawn = meter.rates()
    assert (sent, drawn) == (5000 / WINDOW_S, 10 / WINDOW_S)
    hand.now += WINDOW_S
    assert meter.rates() == (0, 0)
    assert (meter.sent, meter.frames) == (5000, 10)


def test_what_is_left_out_does_not_count() -> None:
    hand = Hand()
    meter = Meter(hand)
    meter.frame()
    meter.leave_out(80)
    assert meter.frames == 0
    meter.write(80)
    assert meter.rates() == (0, 0)
    assert (meter.sent, meter.frames) == (0, 0)
