"""The Lab page: a draft, one series at once, all on Apply, links, saved settings, and a reader's own file."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.caching import cache_resource_api

from dashboard import data, settings_words, text
from dashboard.views import lab_own
from surveillance import draft, own_series, plan_file, saved_plans
from surveillance.detectors import DETECTORS
from surveillance.draft import Change
from surveillance.parameters import parameters
from surveillance.plan import DEFAULT_PLAN

Page = Callable[..., Any]
ED = {"indicator": "us_overdose_ed_rate", "place": "US-NM", "substance": "opioids"}
DRAFT = "us_overdose_ed_rate.detector=ears_c1;us_overdose_ed_rate.baseline=12"
ROWS = "".join(f"20{16 + i // 12}-{i % 12 + 1:02d},{20 + (i * 7) % 11}\n" for i in range(110))
OWN = f"date,value\n{ROWS}2025-03,7\n2025-04,\n2025-05,90\n"


def written(app: Any) -> str:
    return "\n".join(str(element.value) for element in app.markdown).replace("\\", "")


def press(app: Any, label: str) -> None:
    next(button for button in app.button if button.label.startswith(label)).click().run()
    assert not app.exception


def test_every_detector_and_parameter_has_a_name() -> None:
    names = {parameter.name for kind in DETECTORS.values() for parameter in parameters(kind)}
    assert set(DETECTORS) == set(settings_words.NAMES) == set(settings_words.ABOUT)
    assert names <= set(settings_words.LABELS)
    assert set(settings_words.HELP) <= names


@pytest.mark.parametrize(("language", "word"), [("en", "nothing is changed yet"), ("es", "aún sin cambios")])
def test_it_opens_on_the_panel_s_settings(page: Page, language: str, word: str) -> None:
    app = page("lab", lang=language, **ED)
    assert word in app.title[0].value
    assert "not for publication" not in written(app)
    assert "draft" not in app.query_params
    assert all(button.disabled for button in app.button if button.label.startswith(("Apply", "Reset")))


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_can_be_tried_on_a_series(page: Page, name: str) -> None:
    app = page("lab", lang="es", draft=f"us_overdose_ed_rate.detector={name}", **ED)
    if name == "farrington_flexible":  # its default line is that of counts, and this series is a rate
        assert app.error[0].value.startswith("Este detector es para conteos enteros")
        assert "no puede evaluarla" in app.title[0].value
    else:
        assert not app.error
        assert len(app.get("vega_lite_chart")) == 1


def test_a_changed_parameter_is_labelled_not_for_publication(page: Page) -> None:
    app = page("lab", lang="en", draft=DRAFT, **ED)
    assert "Modified (2 changes), not for publication" in written(app)
    assert "US emergency visits, detector: EARS C1 instead of Seasonal regression" in written(app)


def test_the_dial_is_one_change_and_one_series_follows_at_once(page: Page) -> None:
    app = page("lab", lang="en", **ED)
    app.get("button_group")[1].set_value(12.0).run()
    assert not app.exception
    assert "Modified (1 change), not for publication" in written(app)
    assert app.query_params["draft"] == "budget=12"
    assert "lab_applied" not in app.session_state


def test_apply_judges_all_series_and_reset_goes_back(page: Page) -> None:
    app = page("lab", lang="en", draft=DRAFT, **ED)
    press(app, "Apply")
    said = [heading.value.replace("\\", "") for heading in app.header if heading.value.startswith("All ")]
    assert re.fullmatch(r"All \d+ series, last 36 months: \d+ alarms gained, \d+ lost, \d+ kept", said[0])
    assert "false alarms a quarter are expected" in written(app)
    press(app, "Reset")
    assert "nothing is changed yet" in app.title[0].value
    assert "draft" not in app.query_params


def test_a_parameter_can_go_to_every_measure(page: Page) -> None:
    app = page("lab", lang="en", **ED)
    next(toggle for toggle in app.toggle if toggle.label == "Change it for every measure").set_value(True)
    next(box for box in app.slider if box.label.startswith("Guard")).set_value(3).run()
    assert not app.exception
    assert app.query_params["draft"].count(".guard=3") == 7


@pytest.mark.parametrize("language", ["en", "es"])
def test_settings_that_do_not_go_together_say_why_in_the_reader_s_language(page: Page, language: str) -> None:
    name = "us_overdose_deaths_monthly"
    draft = f"{name}.detector=farrington_flexible;{name}.min_years=3"
    app = page("lab", lang=language, indicator=name, draft=draft)
    years = text.of(language)("Years of history")  # type: ignore[arg-type]
    next(slider for slider in app.slider if slider.label == years).set_value(2).run()
    assert not app.exception
    assert len(app.error) == 1
    assert app.error[0].value.endswith({"en": "; it is 3.", "es": "3."}[language])
    assert ("must lie" in app.error[0].value) == (language == "en")


@pytest.mark.parametrize(
    "draft", ["<img>", "budget=many", "us_overdose_ed_rate.baseline=1e9", "x" * 9000, "speed=1"]
)
def test_a_link_with_nonsense_falls_back_and_says_so(page: Page, draft: str) -> None:
    app = page("lab", lang="en", draft=draft, **ED)
    assert "holds no draft" in app.info[0].value
    assert "nothing is changed yet" in app.title[0].value
    assert "<img>" not in written(app)


def codes_of(app: Any) -> list[str]:
    """What the link and the command say, both opened."""
    for part in ("link", "command"):
        app.session_state[f"lab-{part}-en"] = True
    app.run()
    return [str(code.value) for code in app.code]


def test_the_address_carries_the_draft_and_the_command_is_there(page: Page) -> None:
    app = page("lab", lang="en", draft=DRAFT, **ED)
    assert not app.code  # made once they are opened
    codes = codes_of(app)
    assert any("baseline%3D12" in code and code.startswith("/lab?") for code in codes)
    assert any(
        re.match(r"drug-trends assess --as-of \S+ --settings settings_[0-9a-f]{8}\.yaml", code) for code in codes
    )


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_backtest_stands_beside_the_panel_default_or_says_why_not(page: Page, language: str) -> None:
    t = text.of(language)  # type: ignore[arg-type]
    app = page("lab", lang=language, draft="budget=12", **ED)
    assert f"| {t('Rises found')} |" in written(app)
    new = page("lab", lang=language, indicator="mx_retail_drug_case_files_rnid")
    assert t("Not available: {reason}.", reason=t("too few periods that both settings can judge")) in (written(new))


def test_on_a_day_before_any_figure_the_page_says_so(page: Page) -> None:
    assert page("lab", lang="en", as_of="2015-01-02").title[0].value == "No series can be tried on this date"


# Settings from a file


def opened(page: Page, content: bytes, **chosen: str) -> Any:
    app = page("lab", **({"lang": "en"} | ED | chosen))
    app.get("file_uploader")[0].upload("mine.yaml", content, "application/yaml").run()
    assert not app.exception
    return app


@pytest.mark.parametrize("language", ["en", "es"])
def test_settings_opened_from_a_file_are_the_draft_and_stand_in_the_address(page: Page, language: str) -> None:
    trial = draft.read(DEFAULT_PLAN, f"budget=12;{DRAFT}")
    app = opened(page, plan_file.write(replace(trial, name="<b>Mine</b>")).encode(), lang=language)
    told = settings_words.listed(text.of(language), draft.changes(DEFAULT_PLAN, trial))  # type: ignore[arg-type]
    assert told.replace("\\", "") in written(app)
    assert app.query_params["draft"] == draft.written(DEFAULT_PLAN, trial)
    assert not app.error
    app.run()
    assert app.session_state["lab_draft"][1].name == "<b>Mine</b>"  # though the address does not hold it


def test_a_draft_that_no_link_can_carry_stays_in_the_session_and_says_so(page: Page) -> None:
    rows = [replace(watch, substances=("opioids",)) if watch.indicator == ED["indicator"] else watch
            for watch in DEFAULT_PLAN.watches]  # fmt: skip
    app = opened(page, plan_file.write(replace(DEFAULT_PLAN, watches=tuple(rows))).encode())
    assert "Modified (1 change), not for publication" in written(app)
    assert "draft" not in app.query_params
    assert not [code for code in codes_of(app) if "/lab?" in code]
    assert "A link carries the dial" in written(app)


@pytest.mark.parametrize(
    ("language", "content", "words"),
    [
        ("en", b"a: &a [<b>]\nb: [*a, *a]", "line 2, column 5: found an alias"),
        ("es", b"<script>: 1", "el archivo: encontrado: '&lt;script&gt;'"),
        ("es", plan_file.write(replace(DEFAULT_PLAN, watches=DEFAULT_PLAN.watches[1:])).encode(),
         "watches: encontrado: falta us_overdose_deaths_12m; esperado: todas las medidas que el panel vigila"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_draft_is_refused_in_words(page: Page, language: str, content: bytes, words: str) -> None:
    app = opened(page, content, lang=language)
    assert len(app.error) == 1
    assert words in app.get("html")[0].proto.body
    assert "draft" not in app.query_params


def test_values_beyond_the_controls_usual_reach_are_kept(page: Page) -> None:
    trial = draft.read(DEFAULT_PLAN, "us_cbp_seizure_events.min_cases=5000,4;alpha=0.3;budget=0.123456789")
    app = opened(
        page, plan_file.write(trial).encode(), indicator="us_cbp_seizure_events", place="US", substance="fentanyl"
    )
    assert app.session_state["lab_draft"][1].digest == trial.digest
    assert app.query_params["draft"] == "budget=0.123456789;alpha=0.3;us_cbp_seizure_events.min_cases=5000,4"


# Saved settings


def test_settings_are_saved_under_a_name_and_reopened_by_their_link(page: Page, seeded: Path) -> None:
    app = page("lab", lang="en", store=seeded, draft="budget=12", **ED)
    press(app, "Save")
    assert "a name of their own" in app.error[0].value
    next(box for box in app.text_input if box.label == "Name").set_value("Wider <b>net</b>")
    press(app, "Save")
    (digest,) = saved_plans.digests(seeded)
    saved = saved_plans.saved(seeded, digest)
    assert (saved.name, saved.author, saved.budget) == ("Wider <b>net</b>", "local (identity not verified)", 12.0)
    assert app.query_params["settings"] == digest
    assert "draft" not in app.query_params
    again = page("lab", lang="en", store=seeded, settings=digest, **ED)
    assert "Modified (1 change), not for publication" in written(again)
    assert "<b>" not in written(again)


def test_a_draft_on_saved_settings_is_kept_against_them(page: Page, seeded: Path) -> None:
    digest = saved_plans.save(seeded, replace(DEFAULT_PLAN, budget=12.0, name="Wide"))
    app = page("lab", lang="en", store=seeded, settings=digest, draft="us_overdose_ed_rate.guard=3", **ED)
    assert "Modified (2 changes), not for publication" in written(app)
    assert app.query_params["draft"] == "us_overdose_ed_rate.guard=3"


# A reader's own file


def own(page: Page, content: str, *, language: str = "en", public: bool = False) -> Any:
    app = page("lab", lang=language)
    app.get("button_group")[0].set_value("own").run()
    app.get("file_uploader")[0].upload("mine.csv", content.encode(), "text/csv")
    if public:
        next(toggle for toggle in app.toggle if toggle.key == "lab-public").set_value(True)
    app.run()
    assert not app.exception
    return app


def test_an_own_series_is_judged_and_its_small_counts_are_left_out(page: Page) -> None:
    app = own(page, OWN)
    assert "1 count from 1 to 9 is left out as suppressed" in written(app)
    (chart,) = app.get("vega_lite_chart")
    assert not drawn(chart, 7)
    assert "Rises found" in written(app)
    assert not [button for button in app.get("download_button") if "csv" in str(button.proto.id)]
    assert "mine" not in str(dict(app.query_params))
    assert not [code for code in codes_of(app) if "mine" in code]


def test_a_public_file_keeps_its_small_counts(page: Page) -> None:
    app = own(page, OWN, public=True)
    assert "left out" not in written(app)
    assert drawn(app.get("vega_lite_chart")[0], 7)


def drawn(chart: Any, number: int) -> bool:
    """Whether a chart's tables hold a number."""
    sent = b"".join(table.data.data for table in chart.proto.datasets)
    return np.float64(number).tobytes() in sent


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Row 2, column value: found “many”, expected a number"), ("es", "Fila 2, columna value: se encontró")],
)
def test_a_refused_file_says_row_column_found_and_expected(page: Page, language: str, words: str) -> None:
    app = own(page, "date,value\n2026-01,many\n2026-02,4\n", language=language)
    assert words in written(app)
    assert len(app.error) == 1
    assert not app.get("vega_lite_chart")


def test_another_session_sees_nothing_of_a_file(page: Page) -> None:
    own(page, OWN)
    other = page("lab", lang="en")
    other.get("button_group")[0].set_value("own").run()
    assert not other.exception
    assert not other.get("vega_lite_chart")
    assert "Choose a file above" in written(other)


def test_a_file_stays_out_of_caches_and_logs(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    content = OWN.replace("2025-05,90", "2025-05,98765432")
    own(page, content)
    assert "98765432" not in caplog.text
    assert not cached(98765432)
    data.computed("a table", lambda *_: own_series.read(content.encode(), measure="count", public=False).wide)
    assert cached(98765432), "this test could not fail"
    data._computed.clear()


def cached(number: int) -> bool:
    """Whether anything that Streamlit keeps for all sessions holds a number, as a figure or as text."""
    files = ("dashboard.data.store", "dashboard.data._desk")  # handles on what is kept on disk
    kept = [
        pickle.dumps((key, held.value))
        for cache in cache_resource_api._resource_caches._function_caches[None].values()
        for key, held in cache._mem_cache.items()
        if cache.display_name not in files
    ]
    return any(np.float64(number).tobytes() in part or str(number).encode() in part for part in kept)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("expected", list(lab_own._EXPECTED))
def test_every_problem_of_a_file_has_words(language: str, expected: str) -> None:
    t = text.of(language)  # type: ignore[arg-type]
    for row, column in ((0, ""), (3, ""), (3, "value")):
        said = lab_own.problem(t, own_series.Problem(row, column, "x", expected))  # type: ignore[arg-type]
        assert said.endswith(".")
        assert "{" not in said


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_kind_of_change_has_a_sentence(language: str) -> None:
    t = text.of(language)  # type: ignore[arg-type]
    for change in (
        Change("", "budget", 6.0, 12.0), Change("", "alpha", None, 0.01),
        Change("us_overdose_ed_rate", "detector", "ears_c1", "cusum"),
        Change("us_overdose_ed_rate", "short", None, "ears_c2"),
        Change("us_overdose_ed_rate", "substances", (), ("fentanyl", "heroin")),
        Change("us_overdose_ed_rate", "watched", True, False),
        Change("us_cbp_seizure_events", "min_cases", (5, 4), (3, 4)),
        Change("us_cbp_seizure_events", "threshold", "nbPlugin", "delta"),
    ):  # fmt: skip
        said = settings_words.sentence(t, change)
        assert (" instead of " in said) == (language == "en")
