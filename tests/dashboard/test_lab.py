"""The Lab page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dashboard.views.lab_controls import _ABOUT, _LABELS, _NAMES
from surveillance.detectors import DETECTORS
from surveillance.lab import parameters

Page = Callable[..., Any]
ED = {"indicator": "us_overdose_ed_rate", "place": "US-NM", "substance": "opioids"}


def written(app: Any) -> str:
    return "\n".join(str(element.value) for element in app.markdown)


def test_every_detector_and_parameter_has_a_name() -> None:
    assert set(DETECTORS) == set(_NAMES) == set(_ABOUT)
    assert {parameter.name for kind in DETECTORS.values() for parameter in parameters(kind)} <= set(_LABELS)


@pytest.mark.parametrize(("language", "word"), [("en", "nothing is changed yet"), ("es", "aún sin cambios")])
def test_it_opens_on_the_panel_s_settings(page: Page, language: str, word: str) -> None:
    app = page("lab", lang=language, **ED)
    assert word in app.title[0].value
    assert "not for publication" not in written(app)
    assert all(button.disabled for button in app.button)


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_can_be_tried_on_a_series(page: Page, name: str) -> None:
    app = page("lab", lang="en", detector=name, **ED)
    assert not app.exception
    if name == "farrington_flexible":  # its default line is that of counts, and this series is a rate
        assert "is not a whole number; use a detector for rates" in app.error[0].value
        assert app.title[0].value == "These settings do not go together"
    else:
        assert len(app.get("vega_lite_chart")) == 1


def test_a_changed_parameter_is_labelled_not_for_publication(page: Page) -> None:
    app = page("lab", lang="en", detector="ears_c1", p_baseline="12", **ED)
    assert "Modified (1 change), not for publication" in written(app)
    assert "gains" in app.title[0].value


def test_the_dial_sets_alpha_and_counts_as_one_change(page: Page) -> None:
    app = page("lab", lang="en", budget_draft="12", **ED)
    assert "Modified (1 change), not for publication" in written(app)
    assert app.query_params["budget_draft"] == "12"


def test_apply_judges_all_series_and_reset_goes_back(page: Page) -> None:
    app = page("lab", lang="en", detector="ears_c1", p_baseline="12", **ED)
    next(button for button in app.button if button.label.startswith("Apply")).click().run()
    assert not app.exception
    assert any("gained" in heading.value for heading in app.main if heading.type in ("header", "subheader"))
    next(button for button in app.button if button.label == "Reset").click().run()
    assert not app.exception
    assert "nothing is changed yet" in app.title[0].value
    assert app.query_params.get("p_baseline") != "12"


@pytest.mark.parametrize("language", ["en", "es"])
def test_settings_that_do_not_go_together_say_why(page: Page, language: str) -> None:
    place = {"indicator": "us_overdose_deaths_monthly"}
    app = page("lab", lang=language, detector="farrington_flexible", p_years="2", p_min_years="3", **place)
    assert len(app.error) == 1
    assert "3" in app.error[0].value


@pytest.mark.parametrize(
    "params",
    [
        {"detector": "<img>", "budget_draft": "many"},
        {"detector": "ears_c1", "p_baseline": "99999", "p_alpha": "x", "p_min_sd": "-3"},
        {"detector": "ears_c1", "p_baseline": "1e9"},
        {"detector": "farrington_flexible", "p_threshold": "none", "p_min_cases": "a,b", "p_trend": "1"},
        {"indicator": "population"},
    ],
)
def test_a_link_with_nonsense_falls_back(page: Page, params: dict[str, str]) -> None:
    app = page("lab", lang="en", **(ED | params))
    assert app.title[0].value
    assert "<img>" not in written(app)


def test_the_address_carries_the_draft(page: Page) -> None:
    app = page("lab", lang="en", detector="ears_c1", p_baseline="12", **ED)
    assert app.query_params["detector"] == "ears_c1"
    assert app.query_params["p_baseline"] == "12"
    assert any("p_baseline=12" in str(code.value) for code in app.code)


def test_on_a_day_before_any_figure_the_page_says_so(page: Page) -> None:
    assert page("lab", lang="en", as_of="2015-01-02").title[0].value == "No series can be tried on this date"
