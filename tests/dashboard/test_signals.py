"""The Signals page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dashboard import data
from surveillance.assessment import Assessment

Page = Callable[..., Any]
DAY, BUDGET = "2026-10-02", 6.0


def written(app: Any) -> str:
    return "\n".join(str(element.value) for element in app.markdown)


def with_states(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Assessment:
    """The embedded assessment with series moved from one state to another."""
    real = data.assessment(DAY, BUDGET)
    other = replace(real, series=real.series.replace({"state": changes}))
    monkeypatch.setattr(data, "assessment", lambda as_of, budget: other)
    return other


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_signal_has_a_sentence_a_picture_and_a_link(page: Page, language: str) -> None:
    app = page("signals", lang=language)
    signals = data.assessment(DAY, BUDGET).signals
    assert len(signals)
    assert written(app).count("(/trends?") == len(signals)
    assert len(app.get("vega_lite_chart")) == len(signals)
    expected = "expected" if language == "en" else "se esperaba"
    assert written(app).count(expected) >= len(signals)


def test_new_signals_come_before_the_last_known(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page("signals", lang="en")
    real = data.assessment(DAY, BUDGET)
    series = real.series.copy()
    last = real.signals.iloc[-1]
    same = (series[["indicator", "geography", "substance"]] == last[["indicator", "geography", "substance"]]).all(
        axis=1
    )
    series.loc[same, "state"] = "signal"
    monkeypatch.setattr(data, "assessment", lambda as_of, budget: replace(real, series=series))
    app = page("signals", lang="en")
    headings = [element.value for element in app.main if element.type in ("header", "subheader")]
    new, known = (
        next(i for i, text in enumerate(headings) if text.startswith(word)) for word in ("New", "Last known")
    )
    assert new < known
    assert app.title[0].value.startswith("1 new signal needs review")


@pytest.mark.parametrize(("language", "title"), [("en", "No open signals"), ("es", "Sin señales abiertas")])
def test_without_signals_the_closest_and_the_unjudged_are_shown(
    page: Page, monkeypatch: pytest.MonkeyPatch, language: str, title: str
) -> None:
    page("signals", lang=language)
    calm = with_states(monkeypatch, signal="quiet", last_known="quiet")
    app = page("signals", lang=language)
    assert app.title[0].value == title
    assert len(app.dataframe[0].value) == 5
    for reason, part in calm.series[calm.series["state"] == "not_judgeable"].groupby("reason"):
        assert reason
        assert f"**{len(part)}**" in written(app)


def test_no_card_says_that_a_series_is_safe(page: Page) -> None:
    app = page("signals", lang="en")
    assert "no alarm" not in written(app).lower()
    assert "not the same as quiet" in " ".join(element.value for element in app.main if element.type == "header")


@pytest.mark.parametrize("language", ["en", "es"])
def test_on_a_day_before_any_figure_there_is_nothing_to_judge(page: Page, language: str) -> None:
    app = page("signals", lang=language, as_of="2015-01-02")
    assert app.title[0].value in ("No open signals", "Sin señales abiertas")
