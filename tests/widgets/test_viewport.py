"""Cursor and scroll offset."""

from hypothesis import given
from hypothesis import strategies as st

from widgets.viewport import Viewport


@given(st.integers(0, 200), st.integers(-5, 300), st.integers(-5, 300), st.integers(0, 50))
def test_clamp_keeps_the_cursor_in_view(count: int, cursor: int, top: int, height: int) -> None:
    view = Viewport(count=count, cursor=cursor, top=top, height=height)
    view.clamp()
    if count == 0:
        assert (view.cursor, view.top) == (-1, 0)
        return
    assert 0 <= view.cursor < count
    if height:
        assert view.cursor in view.visible
        assert len(view.visible) == min(count, height)


def test_the_view_moves_with_its_row() -> None:
    view = Viewport(count=100, cursor=50, top=45, height=10)
    view.count = 103
    view.keep(53, follow=True)
    assert (view.cursor, view.top) == (53, 48)


def test_a_view_at_the_top_stays_there() -> None:
    view = Viewport(count=100, cursor=2, top=0, height=10)
    view.count = 101
    view.keep(3, follow=True)
    assert (view.cursor, view.top) == (3, 0)


@given(st.integers(1, 1_000_000), st.integers(0, 1_000_000), st.integers(1, 60))
def test_the_thumb_stays_beside_the_rows(count: int, top: int, height: int) -> None:
    view = Viewport(count=count, cursor=0, top=min(top, max(0, count - height)), height=height)
    thumb = view.thumb()
    assert bool(thumb) == (count > height)
    assert thumb.start >= 0
    assert thumb.stop <= height
