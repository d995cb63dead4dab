"""The Signals page: the inbox, its tabs, what is shown where nothing is open, and the decision on a card."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import data, identity, text
from dashboard.identity import ROLES, Person
from dashboard.triage.desk import Desk
from surveillance.assessment import Assessment
from surveillance.ranking import held_back, ranked

Page = Callable[..., Any]
DAY, BUDGET = "2026-10-02", "12"  # at which the embedded figures hold six last known signals
NM = "us_overdose_ed_rate.US-NM.opioids.2025-05-01.regression"
US = "us_overdose_ed_rate.US.heroin.2025-08-01.regression"
NOON = datetime.fromisoformat("2026-11-24T12:00:00")
ANA = Person("ana@example.org", verified=True, roles=ROLES)
HOSTILE = "<script>alert(1)</script> **b** [l](javascript:1) :red[x] :material/home: $x$\n- http://evil.example"


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty decision log of the test's own."""
    url = f"sqlite:///{tmp_path / 'triage.sqlite'}"
    monkeypatch.setenv("DRUG_TRENDS_TRIAGE", url)
    return Desk.open(url)


def decide(log: Desk, signal: str, version: int, to: str, reason: str = "looked at it", **given: Any) -> None:
    log.decide(
        signal, version, to, person=ANA, reason=reason, at=NOON, as_of=date(2026, 10, 2), settings="default",
        facts={}, **given,
    )  # fmt: skip


def written(app: Any) -> str:
    return "\n".join(str(element.value) for kind in (app.markdown, app.header, app.title) for element in kind)


def tabs(app: Any) -> list[str]:
    return [tab.label for tab in app.tabs]


def assessment() -> Assessment:
    return data.assessment(DAY, float(BUDGET))


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_signal_has_a_sentence_a_picture_and_two_links(page: Page, language: str) -> None:
    app = page("signals", lang=language, budget=BUDGET)
    count = len(assessment().signals)
    assert count == 6
    assert written(app).count("(/signal?") == written(app).count("(/trends?") == count
    assert len(app.get("vega_lite_chart")) == count
    assert written(app).count({"en": "were expected", "es": "se esperaba"}[language]) >= count
    first = {"en": "Open (6)", "es": "Abiertas (6)"}[language]
    assert tabs(app)[0] == first
    assert "looked at" not in written(app)


def test_new_signals_come_before_the_last_known(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page("signals", lang="en", budget=BUDGET)
    real = assessment()
    series, last = real.series.copy(), real.signals.iloc[-1]
    names = ["indicator", "geography", "substance"]
    series.loc[(series[names] == last[names]).all(axis=1), "state"] = "signal"
    monkeypatch.setattr(data, "judged", lambda selection: replace(real, series=series))
    app = page("signals", lang="en", budget=BUDGET)
    headings = [element.value for element in app.header]
    new, known = (
        next(i for i, text in enumerate(headings) if text.startswith(word)) for word in ("New", "Last known")
    )
    assert new < known
    assert app.title[0].value.startswith("1 new signal needs review")


@pytest.mark.parametrize(
    ("language", "title", "lead"),
    [("en", "No open signals", "The five closest to the line, and the series we cannot judge"),
     ("es", "Sin señales abiertas", "Abajo están las cinco más cercanas a la línea")],
)  # fmt: skip
def test_without_signals_the_closest_and_the_unjudged_are_shown(
    page: Page, language: str, title: str, lead: str
) -> None:
    app = page("signals", lang=language)
    assert app.title[0].value == title
    assert lead in written(app)
    assert len(app.dataframe[0].value) == 5
    series = data.assessment(DAY, 6.0).series
    for _, part in series[series["state"] == "not_judgeable"].groupby("reason"):
        assert f"**{len(part)}**" in written(app)


def test_no_page_says_that_a_series_is_safe(page: Page) -> None:
    app = page("signals", lang="en")
    assert "no alarm" not in written(app).lower()
    assert "not the same as quiet" in " ".join(element.value for element in app.header)


@pytest.mark.parametrize("language", ["en", "es"])
def test_on_a_day_before_any_figure_there_is_nothing_to_judge(page: Page, language: str) -> None:
    app = page("signals", lang=language, as_of="2015-01-02")
    assert app.title[0].value == text.of(language)("Nothing was known on this day")  # type: ignore[arg-type]


def test_the_false_signals_expected_are_those_that_situation_tells(page: Page) -> None:
    told = [written(page(view, lang="en", budget="12")) for view in ("situation", "signals")]
    assert len({re.findall(r"about \W*(\d+) false signals", each)[0] for each in told}) == 1


def test_a_decision_moves_a_signal_to_its_tab(page: Page, log: Desk) -> None:
    decide(log, NM, 0, "watch")
    decide(log, US, 0, "review")
    decide(log, US, 1, "closed")
    app = page("signals", lang="en", budget=BUDGET)
    assert tabs(app) == ["Open (4)", "Watch (1)", "Closed (1)", "Suppressed by rule (0)"]
    assert app.title[0].value == "No new signals; 4 are last known from late sources"
    watched = page("signals", lang="en", budget=BUDGET, view="watch")
    assert "New Mexico · Opioids" in written(watched).replace("\\", "")
    assert any(badge in written(watched) for badge in ("on watch",))


def test_a_case_whose_series_is_back_below_its_line_is_still_listed(page: Page, log: Desk) -> None:
    decide(log, NM, 0, "watch")
    app = page("signals", lang="en", view="watch")  # at the panel's settings it is no signal
    assert tabs(app)[1] == "Watch (1)"
    assert "Cases whose series is not above its line" in written(app)
    assert "ana" in written(app)


def test_signals_are_noted_as_seen_under_the_panels_settings_alone(page: Page, log: Desk) -> None:
    page("signals", lang="en", budget=BUDGET)
    assert dict(log.cases()) == {}


def test_what_the_panels_settings_raise_on_the_newest_figures_is_noted_whatever_page_asks(
    page: Page, log: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page("methods", lang="en")
    found = assessment()
    monkeypatch.setattr(data.pipeline, "run", lambda *_: found)
    data._assessment(DAY, 2.0, "of another budget")
    monkeypatch.setattr(data.pipeline, "run", lambda *_: replace(found, as_of=date(2026, 9, 1)))
    data._assessment("2026-09-02", 6.0, "of an earlier day")
    assert dict(log.cases()) == {}
    monkeypatch.setattr(data.pipeline, "run", lambda *_: found)
    data._assessment(DAY, 6.0, "of the newest figures")
    assert set(log.cases()) == set(found.signals["id"])
    monkeypatch.setenv("DRUG_TRENDS_TRIAGE", "sqlite:////proc/nowhere/triage.sqlite")
    data._assessment(DAY, 6.0, "of newer figures still")  # a log that cannot be read stops no page


@pytest.mark.parametrize(("chosen", "address"), [("Watch (1)", ["watch"]), ("Open (6)", []), ("gone", [])])
def test_the_tab_chosen_stands_in_the_address_by_its_name(chosen: str, address: list[str]) -> None:
    script = f"""
import streamlit as st
from dashboard.views import signals
st.query_params["view"] = "closed"
st.session_state[signals.INBOX] = {chosen!r}
signals._remember({{"Open (6)": "open", "Watch (1)": "watch"}})
"""
    app = AppTest.from_string(script).run()
    assert not app.exception
    assert app.query_params.get("view", []) in (address, *address)


def test_the_page_stands_where_the_log_cannot_be_read(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUG_TRENDS_TRIAGE", "sqlite:////proc/nowhere/triage.sqlite")
    app = page("signals", lang="en", budget=BUDGET)
    assert app.error[0].value.startswith("Decisions cannot be read")
    assert len(app.get("vega_lite_chart")) == 6


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_a_rule_held_back_is_listed(page: Page, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    page("signals", lang=language)
    real = data.assessment(DAY, 6.0)
    verdicts = real.verdicts.copy()
    verdicts.loc[verdicts["geography"] == "US-TX", "reason"] = "too_few_cases"
    held = replace(real, verdicts=verdicts)
    monkeypatch.setattr(data, "judged", lambda selection: held)
    app = page("signals", lang=language, view="suppressed")
    count = len(held_back(held))
    assert count > 1
    assert tabs(app)[-1].endswith(f"({count})")
    assert len(app.dataframe[0].value) == count


# The decision form alone, as the dossier and the cards show it.


FORM = """
from dashboard import data, frame, text
from dashboard.views import decide
selection = frame.selection()
rows = data.judged(selection).signals.set_index("id", drop=False)
decide.part(text.of(selection.language), selection, rows.loc["SIGNAL"])
"""


@pytest.fixture
def form(embedded: Path, use_store: Callable[[Path], None]) -> Page:
    """The form of one signal."""

    def draw(signal: str = NM, **params: str) -> Any:
        from streamlit.testing.v1 import AppTest

        use_store(embedded)
        app = AppTest.from_string(FORM.replace("SIGNAL", signal), default_timeout=60)
        for name, value in {"lang": "en", "budget": BUDGET, **params}.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception
        return app

    return draw


def choose(app: Any, words: str, reason: str) -> None:
    """Take one of the decisions, write the reason and record it."""
    control = app.button_group[0]
    control.set_value([option for option in control.options if getattr(option, "content", option) == words])
    app.text_area[0].set_value(reason)
    app.button[0].click()
    app.run()
    assert not app.exception, app.exception


def test_a_reader_sees_the_log_and_no_form(form: Page, log: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(log, NM, 0, "review", HOSTILE)
    monkeypatch.setattr(identity, "present", lambda: Person("eve", verified=True))
    app = form()
    assert not app.text_area
    assert "eve may read the log, not decide" in written(app)
    assert app.text[0].value == HOSTILE


@pytest.mark.parametrize("language", ["en", "es"])
def test_hostile_text_stays_text(form: Page, log: Desk, language: str) -> None:
    decide(log, NM, 0, "review", HOSTILE)
    app = form(lang=language)
    assert [element.value for element in app.text] == [HOSTILE]
    assert "evil" not in written(app)
    assert "script" not in written(app)


NEVER_RAISED = "us_overdose_ed_rate.US-NM.opioids.2025-06-01.regression"  # inside the run that NM names
PEACEFUL = "us_overdose_ed_rate.US-NM.all.2024-05-01.regression"


@pytest.mark.parametrize(("signal", "budget"), [(NEVER_RAISED, BUDGET), (PEACEFUL, BUDGET), (NM, "6")])
def test_a_signal_that_is_not_raised_here_takes_no_decision(
    page: Page, log: Desk, signal: str, budget: str
) -> None:
    app = page("dossier", lang="en", budget=budget, signal=signal)
    assert not app.text_area
    assert "under these settings no figures raise this signal" in written(app)
    decide(log, signal, 0, "review")  # by somebody for whom it was
    assert page("dossier", lang="en", budget=budget, signal=signal).text_area


def test_an_earlier_day_takes_no_decision(form: Page) -> None:
    app = form(as_of="2026-10-01")
    assert not app.text_area
    assert "Decisions are made on the latest figures" in written(app)


def test_a_local_run_says_so_where_it_signs(form: Page) -> None:
    assert r"You sign as local \(identity not verified\)" in written(form())
    assert r"Firma como local \(identidad no verificada\)" in written(form(lang="es"))


# The ranking behind the bar.


def test_the_bar_is_the_log_of_p_against_twice_the_lines() -> None:
    signals = pd.DataFrame({"pvalue": [0.001, 0.01, np.nan, 1e-12]})

    class Judged:
        alpha = 0.01

    Judged.signals = signals  # type: ignore[attr-defined]
    found = ranked(Judged())  # type: ignore[arg-type]
    assert found["surprise"].to_list()[:2] == pytest.approx([3, 2])
    assert np.isnan(found["surprise"][2])
    assert found["surprise"][3] == pytest.approx(6)
    assert found["share"].to_list()[:2] == pytest.approx([0.5, 1 / 3])
    assert found["line"].to_list() == pytest.approx([1 / 3] * 4)


def test_what_would_alarm_without_the_rule_is_told() -> None:
    class Judged:
        alpha = 0.01
        newest = pd.DataFrame({"reason": ["too_few_cases"] * 3 + ["ok"], "pvalue": [0.5, 0.001, np.nan, 0.0001]})

    found = held_back(Judged())  # type: ignore[arg-type]
    assert found["pvalue"].to_list()[:2] == [0.001, 0.5]
    assert found["would"].to_list()[:2] == [True, False]
    assert pd.isna(found["would"][2])
