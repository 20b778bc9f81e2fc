import io

from rich.console import Console

from components.common.progress import track
from pipelines.console.progress import bars


def test_a_bar_says_how_far_it_is_and_how_long_it_will_take() -> None:
    out = io.StringIO()
    with bars(Console(file=out, force_terminal=True, width=120)):
        for _ in track(range(3), "counting"):
            pass
    last = out.getvalue().rpartition("counting")[2]
    assert "3/3" in last
    assert "left:" in last and "0:00:00" in last


def test_without_work_nothing_is_printed() -> None:
    out = io.StringIO()
    with bars(Console(file=out)):
        pass
    assert out.getvalue() == ""
