"""The Methods & glossary page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from dashboard import filters, text, written
from dashboard.text import REASONS
from dashboard.views import methods
from data_sources.indicators import INDICATORS
from surveillance.detectors import DETECTORS

Page = Callable[..., Any]


def written_on(app: Any) -> str:
    return "\n".join(str(element.value) for element in app.markdown)


def test_both_languages_explain_the_same_things() -> None:
    english, spanish = written.methods("en"), written.methods("es")
    assert {part: list(entries) for part, entries in english.items()} == {
        part: list(entries) for part, entries in spanish.items()
    }
    for part, entries in english.items():
        for name, said in entries.items():
            other = spanish[part][name]
            assert said != other or part == "terms", f"{part} {name} is not translated"
            assert isinstance(said, str) or set(said) == set(other)


def test_every_detector_and_reason_has_an_entry_and_a_formula() -> None:
    assert set(written.methods("en")["detectors"]) == set(DETECTORS)
    assert set(written.methods("en")["reasons"]) == set(REASONS)
    for part in ("detectors", "metrics"):
        assert set(written.formulas()[part]) == set(written.methods("en")[part])
        assert all(entry["formula"] for entry in written.formulas()[part].values())


def test_the_crosswalk_is_in_both_languages_and_its_grades_are_those_of_the_records() -> None:
    for row in written.definitions()["rows"]:
        for said in (row["topic"], row["us"], row["mx"], row["why"]):
            assert said["en"]
            assert said["es"]
        for side in (row["us"], row["mx"]):
            if side["indicator"]:
                assert INDICATORS[side["indicator"]].grade == row["grade"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_detector_is_explained_with_formula_and_record(page: Page, language: str) -> None:
    app = page("methods", lang=language)
    names = [entry["name"] for entry in written.methods(language)["detectors"].values()]  # type: ignore[arg-type]
    assert [element.value for element in app.subheader] == [text.escape_markdown(name) for name in names]
    assert len(app.latex) == len(DETECTORS)
    assert len(app.expander) == len(DETECTORS)
    anchors = [element.proto.anchor for element in app.subheader]
    assert anchors == [f"detector-{name}" for name in DETECTORS]


def test_a_track_record_is_made_once_it_is_opened(page: Page) -> None:
    assert not page("methods", lang="en").dataframe
    app = page("methods", lang="en", view="detector-seasonal_regression")
    assert [column.lower() for column in app.dataframe[0].value.columns][:2] == ["measure", "use"]
    assert len(app.dataframe) == 1


def test_the_words_of_formulas_are_in_both_languages() -> None:
    symbols = {"GLR", "NB"}
    exact = written.formulas()
    found = {
        match[2].strip()
        for part in ("detectors", "metrics")
        for entry in exact[part].values()
        for match in written.WORDS.finditer(entry["formula"])
    }
    assert found - symbols == set(exact["words"])
    assert written.formula("en", "detectors", "cusum").endswith(r"\text{alarm where } S_t > h")
    assert written.formula("es", "detectors", "cusum").endswith(r"\text{alarma cuando } S_t > h")


@pytest.mark.parametrize("part", ["metrics", "reasons", "terms", "rules"])
def test_each_part_has_its_address(page: Page, part: str) -> None:
    app = page("methods", lang="es", view=part)
    assert len(app.subheader) == len(written.methods("es")[part])


def test_a_linked_word_stands_first_with_its_other_name(page: Page) -> None:
    first = page("methods", lang="es", view="term-benchmarks").subheader[0]
    assert first.value.startswith("Indicadores")
    assert "Benchmarks" in first.value
    assert first.proto.anchor == "term-benchmarks"


def test_a_search_needs_no_accents_and_finds_words_of_the_other_language(page: Page) -> None:
    app = page("methods", lang="en")
    app.text_input[0].set_value("linea base").run()
    assert "Baseline :gray[· Línea base]" in [element.value for element in app.subheader]
    app.text_input[0].set_value("<b>nothing</b>").run()
    assert "<b>" not in app.header[0].value
    assert not app.subheader


def test_an_unknown_address_falls_back_and_says_so(page: Page) -> None:
    app = page("methods", lang="en", view="term-<i>")
    assert "Nothing here is called" in app.info[0].value
    assert "<i>" not in app.info[0].value
    assert app.subheader[0].value == "Farrington Flexible"


def test_other_pages_link_to_words_that_exist() -> None:
    chosen = filters.parse({"lang": "es"}, latest=date(2026, 11, 24))
    assert methods.link(chosen, "alarm") == "/methods?lang=es&view=term-alarm"
    assert methods.detector_link(chosen, "ears_c2").endswith("view=detector-ears_c2")
    with pytest.raises(KeyError):
        methods.link(chosen, "no such word")


def test_what_is_not_in_the_plan_says_that_it_watches_nothing(page: Page) -> None:
    app = page("methods", lang="en", view="detector-bayes")
    assert "Watches nothing in the panel's plan." in written_on(app)
