"""The signal dossier: its words, its page, its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from babel.messages.pofile import read_po
from streamlit.testing.v1 import AppTest

from dashboard import (
    artefact_words,
    corroboration_words,
    dossier_file,
    dossier_words,
    filters,
    text,
    unknown_words,
)
from dashboard.views import dossier as view
from data_sources.ingest import open_store
from surveillance import pipeline
from surveillance.artefacts import Check
from surveillance.assessment import Assessment
from surveillance.corroboration import Cell
from surveillance.dossier import Dossier, dossier
from surveillance.plan import DEFAULT_PLAN

Page = Callable[..., Any]
OPIOIDS = "us_overdose_ed_rate.US-NM.opioids.2025-05-01.regression"
SUMS = "us_overdose_deaths_12m.US-AZ.synthetic_opioids.2024-11-01.sums"
INSIDE = "us_overdose_ed_rate.US-NM.all.2024-05-01.regression"
BROKEN = "mx_retail_drug_case_files_rnid.MX-SON.all.2026-03-01.farrington"
DAY = date(2026, 10, 2)
NEVER = re.compile(r"\b(proves?|proven|caused by|demuestran?|causad[oa]s? por)\b", re.IGNORECASE)
# "Past peaks" names what a setting of the Lab does, and claims nothing of a figure.
NUMBERED = re.compile(r"\b(spikes?|repuntes?|picos?(?! pasados))\b", re.IGNORECASE)
CONSTANTS = (  # of the templates themselves: units, drug codes, the tests' own limits, versions
    "10,000", "method of 2015", "método de 2015", r"T4\d\.\d", "80 %", "12 months", "12 meses", "fewer than 3",
    "menos de 3", "12 need", "necesitan 12", r"v\d+", r"0\.1\.0",
)  # fmt: skip
BOTH = pytest.mark.parametrize("language", ["en", "es"])


@pytest.fixture(scope="module")
def answer(embedded: Path) -> Assessment:
    return pipeline.run(open_store(embedded), DAY, replace(DEFAULT_PLAN, budget=12.0))


@pytest.fixture(scope="module")
def made(embedded: Path, answer: Assessment) -> dict[str, Dossier]:
    """The dossiers of all open signals, and of some that are not open."""
    store = open_store(embedded)
    names = [*answer.signals["id"], INSIDE, BROKEN]
    return {name: dossier(store, answer, name) for name in names}


def changed(found: Dossier) -> Dossier:
    """The same signal with a failing test."""
    check = Check("single_event", "fail", "few_events", {"events": 1.0, "share": 1.0, "limit": 0.3})
    checks = [check if each.name == "single_event" else each for each in found.checks]
    return replace(found, checks=checks, step="ask_source")


def said(t: text.Text, found: Dossier, answer: Assessment) -> list[str]:
    options = {"false": answer.expected_false, "judged": answer.counts["judged"]}
    return [words for _, _, words in dossier_words.everything(t, found, **options)]


# Words


def templates() -> Iterator[str]:
    with files("dashboard").joinpath("locales/es.po").open("rb") as file:
        for message in read_po(file):
            for part in (message.id, message.string):
                yield from [part] if isinstance(part, str) else part


def test_no_template_claims_a_proof_or_a_cause_and_none_says_spike_without_a_number() -> None:
    for template in templates():
        assert not NEVER.search(template), template
        if NUMBERED.search(template):
            assert re.search(r"\d|\{", template), template


@BOTH
def test_no_dossier_claims_a_proof_or_a_cause(
    made: dict[str, Dossier], answer: Assessment, language: text.Language
) -> None:
    t = text.of(language)
    for found in made.values():
        for words in said(t, found, answer):
            assert not NEVER.search(words), words
            assert not NUMBERED.search(words) or re.search(r"\d", words), words


@BOTH
def test_no_sentence_is_left_with_a_gap_or_a_code(
    made: dict[str, Dossier], answer: Assessment, language: text.Language
) -> None:
    t = text.of(language)
    for found in made.values():
        for words in said(t, found, answer)[1:]:  # the first is the id itself
            assert "{" not in words
            assert "nan" not in words.lower().split()
            assert "_" not in words


def numbers(thing: Any) -> Iterator[float]:
    """Every number and the parts of every date among the facts."""
    if isinstance(thing, bool | np.bool_) or thing is None:
        return
    if isinstance(thing, int | float | np.integer | np.floating):
        yield float(thing)
    elif isinstance(thing, pd.Timestamp | date):
        if not pd.isna(thing):
            yield from (float(thing.year), float(thing.day))
    elif isinstance(thing, str):
        yield from (float(part) for part in re.findall(r"\d+(?:\.\d+)?", thing))
    elif isinstance(thing, pd.DataFrame):
        for column in thing:
            yield from numbers(thing[column].to_list())
    elif isinstance(thing, pd.Series):
        yield from numbers(thing.to_list())
    elif isinstance(thing, dict):
        yield from numbers(list(thing.values()))
    elif isinstance(thing, list | tuple):
        for each in thing:
            yield from numbers(each)
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from numbers(getattr(thing, field.name))


def facts(found: Dossier, answer: Assessment) -> set[float]:
    known = set(numbers(found)) | {answer.expected_false, float(answer.counts["judged"]), float(answer.as_of.year)}
    known |= {float(answer.as_of.day), 0.0, 1.0}
    if found.evidence is not None:
        known |= {float(part) for part in (*found.evidence.robust, *found.evidence.lasting)}
        years = found.evidence.years
        known |= {years, 12 * years}
    for results in ("fail", "untested"):
        known.add(float(sum(check.result == results for check in found.checks)))
    for stand in ("agrees", "disagrees", "silent", "blind"):
        known.add(float(sum(cell.stand == stand for cell in found.cells)))
    if found.contributions is not None:
        known.add(float(len(found.contributions.places)))
    known.add(float(round(float(found.row.get("age_days", 0) or 0) / 30.4)))  # an age is said in months
    known |= {abs(number) for number in known} | {100 * abs(number) for number in known}
    return known


def supported(shown: str, known: set[float]) -> bool:
    """Whether a printed number is one of the facts, rounded to the digits that are shown."""
    value = float(shown.replace(",", ""))
    digits = len(shown.partition(".")[2])
    half = 0.5 * 10.0**-digits * (1 + 1e-9)
    return any(abs(value - number) <= half or float(f"{number:.3g}") == value for number in known)


@BOTH
def test_no_sentence_says_a_number_that_is_not_in_the_facts(
    made: dict[str, Dossier], answer: Assessment, language: text.Language
) -> None:
    t = text.of(language)
    constant = re.compile("|".join(CONSTANTS))
    for found in [*made.values(), changed(made[OPIOIDS])]:
        known = facts(found, answer)
        for words in said(t, found, answer)[1:]:
            left = constant.sub(" ", words.replace("−", "-"))
            for shown in re.findall(r"\d[\d,]*(?:\.\d+)?", left):
                shown = shown.rstrip(",")
                assert supported(shown, known), f"{shown} in: {words}"


@BOTH
def test_a_failing_test_changes_the_headline(made: dict[str, Dossier], language: text.Language) -> None:
    t = text.of(language)
    before, after = (dossier_words.headline(t, each) for each in (made[OPIOIDS], changed(made[OPIOIDS])))
    start = {"en": "Probably a data change", "es": "Probablemente un cambio en los datos"}[language]
    assert after.startswith(start)
    assert not before.startswith(start)
    assert "24.7" in before
    assert "24.7" in dossier_words.introduction(t, changed(made[OPIOIDS]))  # the figure moves to the text
    test = {"en": "Single extreme seizure", "es": "Decomiso extremo único"}[language]
    assert test in unknown_words.step(t, changed(made[OPIOIDS]))


@BOTH
@pytest.mark.parametrize("reason", sorted(artefact_words.WHY))
def test_every_reason_has_words_in_both_languages(language: text.Language, reason: str) -> None:
    values = dict.fromkeys(
        ("change", "share", "limit", "months", "now", "usual", "alike", "rows", "events", "vintages", "value",
         "low", "high", "alarms", "judged"), 2.0,
    )  # fmt: skip
    one = artefact_words.tested(text.of(language), Check("revision", "fail", reason, values))
    assert "{" not in one.why
    english = artefact_words.tested(text.of("en"), Check("revision", "fail", reason, values))
    assert (one.why == english.why) == (language == "en")


@BOTH
@pytest.mark.parametrize(
    ("months", "word"), [(0, ("same", "mismo")), (-2, ("earlier", "antes")), (1, ("later", "después"))]
)
def test_a_lag_is_said_in_words(language: text.Language, months: int, word: tuple[str, str]) -> None:
    assert word[language == "es"] in corroboration_words.lag(text.of(language), months)


def test_a_blind_cell_names_no_series() -> None:
    assert corroboration_words.cell(text.of("en"), Cell("harm", "MX", "blind")) == ("blind", "")


# The page


def plain(said: str) -> str:
    """Markdown as it is read."""
    return said.replace("\\", "")


def written(app: Any) -> str:
    tables = [str(cell) for table in app.table for cell in table.value.to_numpy().ravel()]
    return plain("\n".join([*(str(element.value) for element in app.markdown), *tables]))


@BOTH
def test_an_open_signal_is_explained_in_the_fixed_order(page: Page, language: str) -> None:
    app = page("dossier", lang=language, budget="12", signal=OPIOIDS)
    assert "24.7" in plain(app.title[0].value)
    heads = [plain(element.value) for element in app.main if element.type in ("header", "subheader")]
    order = {
        "en": ("Above its line", "Across", "How unusual", "Is it real", "What else", "What we do not"),
        "es": ("Por encima de su", "Al otro lado", "Qué tan inusual", "¿Es real?", "Qué más", "Lo que no"),
    }[language]
    places = [next(i for i, head in enumerate(heads) if head.startswith(word)) for word in order]
    assert places == sorted(places)
    assert len(app.get("vega_lite_chart")) == 4
    assert len(app.table) == 3
    words = {
        "en": ("could not test", "pass", "silent", "blind"),
        "es": ("no se pudo probar", "superada", "en silencio", "sin datos"),
    }
    for word in words[language]:  # words, not icons alone
        assert word in written(app)
    assert "/signals?" in written(app)


@BOTH
def test_a_failing_test_changes_the_page_s_headline(
    page: Page, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    real = view.dossier
    monkeypatch.setattr(view, "dossier", lambda *given, **named: changed(real(*given, **named)))
    st.cache_resource.clear()
    app = page("dossier", lang=language, budget="12", signal=OPIOIDS)
    st.cache_resource.clear()
    start = {"en": "Probably a data change", "es": "Probablemente un cambio en los datos"}[language]
    assert app.title[0].value.startswith(start)
    fail = {"en": "**fail**", "es": "**falla**"}[language]
    assert fail in written(app)


@BOTH
@pytest.mark.parametrize("signal", ["nonsense", "<script>alert(1)</script>", ""])
def test_an_unknown_name_lists_the_open_signals(page: Page, language: str, signal: str) -> None:
    app = page("dossier", lang=language, budget="12", **({"signal": signal} if signal else {}))
    assert app.title[0].value in {
        "en": ("There is no signal of this name", "Which signal? The address names none"),
        "es": ("No hay una señal con este nombre", "¿Qué señal? La dirección no nombra ninguna"),
    }[language]  # fmt: skip
    assert written(app).count("/signal?") == 6
    assert "<script>" not in written(app)


def test_without_open_signals_the_unknown_page_says_so(page: Page) -> None:
    app = page("dossier", lang="en", signal="nonsense")
    assert app.info[0].value.startswith("No signal is open")


@BOTH
def test_in_a_replay_before_its_month_a_signal_is_not_known_yet(page: Page, language: str) -> None:
    app = page("dossier", lang=language, as_of="2025-01-15", signal=OPIOIDS)
    assert {"en": "not open", "es": "no está abierta"}[language] in app.info[0].value
    assert not app.table
    assert not app.get("vega_lite_chart")  # nothing of the series was known


def test_at_the_panel_s_settings_the_figure_is_explained_though_it_is_no_signal(page: Page) -> None:
    app = page("dossier", lang="en", signal=OPIOIDS)
    assert "not open" in app.info[0].value
    assert len(app.table) == 3


@BOTH
def test_a_month_after_a_method_break_says_why_it_has_no_verdict(page: Page, language: str) -> None:
    app = page("dossier", lang=language, signal=BROKEN)
    reason = {"en": "too few periods under the new method", "es": "muy pocos periodos con el nuevo método"}[
        language
    ]
    assert reason in written(app)


@BOTH
def test_the_evidence_is_written_in_full_when_it_is_opened(
    page: Page, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    real = st.expander
    monkeypatch.setattr(st, "expander", lambda *given, **named: real(*given, **(named | {"expanded": True})))
    app = page("dossier", lang=language, budget="12", signal=OPIOIDS)
    settings = [table.value for table in app.table if len(table.value) == 24]
    assert len(settings) == 1
    t = text.of("es" if language == "es" else "en")
    assert set(settings[0].iloc[:, -1]) == {t("above the line"), t("not above the line")}


def test_texts_of_the_evidence_tables_are_shown_as_they_are() -> None:
    def script() -> None:
        from dashboard.views import evidence

        evidence._table({"Source": ["<b>*a*</b>", "[x](y) :red[z]"]})

    app = AppTest.from_function(script).run()
    assert not app.exception
    cells = app.table[0].value.iloc[:, 0].to_list()
    assert cells == [text.escape_markdown("<b>*a*</b>"), text.escape_markdown("[x](y) :red[z]")]


# Files


@BOTH
def test_the_files_hold_every_fact_and_nothing_that_runs(
    made: dict[str, Dossier], answer: Assessment, language: text.Language
) -> None:
    t, found = text.of(language), made[SUMS]
    selection = filters.parse({"lang": language, "as_of": "2026-10-02", "budget": "12"}, latest=date(2026, 11, 1))
    sheet = dossier_file.as_csv(t, selection, answer, found).decode()
    assert sheet.startswith("# ")
    assert {"en": "REPLAY", "es": "REPETICIÓN"}[language] in sheet or "# R" in sheet
    assert answer.plan.digest in sheet
    page = dossier_file.as_html(t, selection, answer, found, [("a <b>", "<svg></svg>", "c & d")]).decode()
    assert f"<html lang='{language}'>" in page
    assert "a &lt;b&gt;" in page
    assert "<script" not in page
    for words in said(t, found, answer):
        assert words.split(";")[0].split("'")[0] in page.replace("&#x27;", "'").replace("&amp;", "&")


def test_a_file_is_named_after_the_signal_and_the_day(made: dict[str, Dossier]) -> None:
    selection = filters.parse({"as_of": "2026-10-02"}, latest=date(2026, 11, 1))
    assert dossier_file.stem(made[SUMS], selection) == f"signal_{SUMS}_2026-10-02_en"
