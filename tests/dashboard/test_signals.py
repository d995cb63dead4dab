"""The Signals page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import data, text
from dashboard.views import how_sure
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


def some_signals(page: Page, monkeypatch: pytest.MonkeyPatch) -> Assessment:
    """The embedded assessment with one judged series of each measure made a signal."""
    page("signals", lang="en")
    real = data.assessment(DAY, BUDGET)
    series = real.series.copy()
    first = series[series["state"] != "not_judgeable"].groupby("indicator").head(1).index
    series.loc[first, "state"], series.loc[first, "since"] = "last_known", series.loc[first, "period"]
    other = replace(real, series=series)
    monkeypatch.setattr(data, "assessment", lambda as_of, budget: other)
    return other


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_signal_has_a_sentence_a_picture_and_a_link(
    page: Page, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    signals = some_signals(page, monkeypatch).signals
    app = page("signals", lang=language)
    assert len(signals)
    assert written(app).count("(/trends?") == len(signals)
    assert len(app.get("vega_lite_chart")) == len(signals)
    expected = "expected" if language == "en" else "se esperaba"
    assert written(app).count(expected) >= len(signals)


def test_new_signals_come_before_the_last_known(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    real = some_signals(page, monkeypatch)
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


def opened(page: Page, monkeypatch: pytest.MonkeyPatch, language: str) -> Any:
    """The page with the evidence of every signal open."""
    real = st.expander

    def open_expander(*arguments: Any, **options: Any) -> Any:
        return real(*arguments, **(options | {"expanded": True}))

    monkeypatch.setattr(st, "expander", open_expander)
    return page("signals", lang=language)


def test_how_sure_is_closed_and_computed_only_when_opened(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object) -> None:
        raise AssertionError("computed though closed")

    monkeypatch.setattr(how_sure, "_found", never)
    signals = some_signals(page, monkeypatch).signals
    app = page("signals", lang="en")
    assert len(signals) > 2
    assert len([one for one in app.expander if one.label.startswith("How sure")]) == len(signals)
    assert not app.table


@pytest.mark.parametrize("language", ["en", "es"])
def test_how_sure_shows_the_numbers_and_their_tables(
    page: Page, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    signals = some_signals(page, monkeypatch).signals
    app = opened(page, monkeypatch, language)
    words = {
        "en": ("By the model", "What it rests on", "Under other settings", "As published before"),
        "es": ("Según el modelo", "En qué se apoya", "Con otros ajustes", "Como se publicó antes"),
    }[language]
    for word in words:
        assert written(app).count(f"**{word}.**") == len(signals)
    settings = [table.value for table in app.table if len(table.value) == 24]
    assert len(settings) >= len(signals)
    verdicts = {
        "en": {"above the line", "not above the line"},
        "es": {"por encima de la línea", "no por encima de la línea"},
    }[language]
    assert verdicts & {cell for table in settings for cell in table.iloc[:, -1]}


def test_texts_of_the_tables_are_shown_as_they_are() -> None:
    def script() -> None:
        from dashboard.views import how_sure

        how_sure._table({"Source": ["<b>*a*</b>", "[x](y) :red[z]"]})

    app = AppTest.from_function(script).run()
    assert not app.exception
    cells = app.table[0].value.iloc[:, 0].to_list()
    assert cells == [text.escape_markdown("<b>*a*</b>"), text.escape_markdown("[x](y) :red[z]")]
    assert "<b>" not in cells[0]
    assert "[x](" not in cells[1]
