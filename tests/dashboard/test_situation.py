"""The first screen in words: the headline, the lead, each tile, the cards, what changed and what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard import data, status, text
from dashboard.filters import Selection
from data_sources.ingest import open_store
from surveillance import pipeline, situation
from surveillance.assessment import Assessment
from surveillance.plan import DEFAULT_PLAN
from surveillance.situation import Tile

AS_OF = date(2026, 10, 2)
EN, ES = text.of("en"), text.of("es")
Page = Callable[..., Any]


@pytest.fixture(scope="module")
def assessment(embedded: Path) -> Assessment:
    return pipeline.run(open_store(embedded), AS_OF)


@pytest.fixture(scope="module")
def tiles(embedded: Path) -> dict[tuple[str, str], Tile]:
    return {(tile.country, tile.row): tile for tile in situation.tiles(open_store(embedded), AS_OF)}


def with_states(assessment: Assessment, rows: list[tuple[str, bool]]) -> Assessment:
    """The assessment with one series for each (state, late)."""
    series = assessment.series.head(len(rows)).copy()
    series["state"], series["late"] = [state for state, _ in rows], [late for _, late in rows]
    return replace(assessment, series=series)


def test_the_headline_counts_every_series_once(assessment: Assessment) -> None:
    numbers = [int(number) for number in re.findall(r"\d+", status.headline(EN, assessment))]
    assert sum(numbers) == assessment.counts["watched"]  # what is none is said in words
    assert [int(number) for number in re.findall(r"\d+", status.headline(ES, assessment))] == numbers


def test_a_quiet_series_of_a_late_source_is_not_called_quiet(assessment: Assessment) -> None:
    mixed = [("signal", False), ("last_known", True), ("quiet", False), ("quiet", True), ("not_judgeable", False)]
    assert status.headline(EN, with_states(assessment, mixed)) == (
        "1 signal needs review, 1 last known in a late source, 1 series quiet, 1 quiet when last known, "
        "1 cannot be judged"
    )


def test_without_signals_and_late_sources_the_headline_is_short(assessment: Assessment) -> None:
    calm = [("quiet", False), ("quiet", False), ("not_judgeable", False)]
    assert status.headline(EN, with_states(assessment, calm)) == "No new signal, 2 series quiet, 1 cannot be judged"
    assert status.headline(ES, with_states(assessment, calm)).startswith("Ninguna señal nueva, 2 series en calma")


def test_no_quiet_series_is_said_in_words(assessment: Assessment) -> None:
    late = with_states(assessment, [("quiet", True), ("not_judgeable", False)])
    assert (
        status.headline(EN, late) == "No new signal, no series quiet, 1 quiet when last known, 1 cannot be judged"
    )


def test_the_lead_says_when_how_sure_and_for_what_quiet_is_not_known(assessment: Assessment) -> None:
    said = status.detail(EN, assessment)
    assert said.startswith("As known on Friday 2 October 2026.")
    assert "false signals a quarter" in said
    assert "US seizures, weight since Dec 2025" in said
    assert "“quiet” is not known" in said
    assert "viernes 2 de octubre de 2026" in status.detail(ES, assessment)


def test_the_deaths_tile_compares_at_equal_age(tiles: dict[tuple[str, str], Tile]) -> None:
    """34,523 against 42,233 at the same age is −18 %; against the settled 43,570 it would be −21 %."""
    words = status.tile_words(EN, tiles["US", "deaths"])
    assert words.value == "34,523"
    assert words.change.startswith("▼ 18% in a year (")
    assert words.change.endswith("at equal age")
    assert words.age == "Apr 2026 · 5 months old · grade D"


def test_the_supply_tile_is_in_kilograms_and_claims_no_change_within_its_interval(
    tiles: dict[tuple[str, str], Tile],
) -> None:
    tile = tiles["US", "supply"]
    words = status.tile_words(EN, tile)
    assert words.value == "386"  # 849.95 lb
    assert tile.low < 1 < tile.high
    assert words.change.startswith("no clear change (")
    assert tile.late


def test_events_stand_under_the_weight_where_they_are_held(tiles: dict[tuple[str, str], Tile]) -> None:
    words = status.tile_words(EN, replace(tiles["US", "supply"], under=61.0))
    assert words.age.startswith("Dec 2025 · 61 events · ")


def test_yearly_figures_name_the_year_before_instead_of_an_interval(tiles: dict[tuple[str, str], Tile]) -> None:
    words = status.tile_words(EN, tiles["MX", "supply"])
    assert words.change == "1,284 in 2021; no interval published"
    assert words.period == "2022"


def test_a_new_method_is_not_compared_with_the_one_before(tiles: dict[tuple[str, str], Tile]) -> None:
    words = status.tile_words(EN, tiles["MX", "enforcement"])
    assert words.value == "3,192"
    assert words.change == "new method since Jan 2026: no comparison yet"


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((1.1, 1.4), "▲ 25% in a year (10% to 40%), 3 months"),
        ((0.6, 0.9), "▼ 25% in a year (−40% to −10%), 3 months"),
        ((0.9, 1.2), "no clear change (−10% to 20%), 3 months"),
        ((float("nan"), float("nan")), "no comparison with a year before"),
    ],
)
def test_a_word_for_change_stands_only_where_the_interval_excludes_none(
    tiles: dict[tuple[str, str], Tile], ends: tuple[float, float], words: str
) -> None:
    ratio = 1.25 if ends[0] > 1 else 0.75
    tile = replace(tiles["US", "visits"], ratio=ratio, low=ends[0], high=ends[1])
    assert status.tile_words(EN, tile).change == words


def test_every_tile_has_words_in_both_languages(tiles: dict[tuple[str, str], Tile]) -> None:
    assert len(tiles) == 8
    for t in (EN, ES):
        for key, tile in tiles.items():
            words = status.tile_words(t, tile)
            assert words.label
            assert bool(words.value) == tile.measured
            assert tile.measured or key in status.ABSENT


def test_what_is_not_known_is_told_from_what_is_not_measured(tiles: dict[tuple[str, str], Tile]) -> None:
    assert status.absence(EN, tiles["MX", "deaths"])[0] == "Not measured"
    unknown = replace(tiles["US", "supply"], measured=False)
    assert status.absence(EN, unknown) == ("Not known", "No figures were known on this day.")


def test_a_tile_without_figures_on_that_day_says_so(page: Page) -> None:
    app = page("situation", lang="en", as_of="2021-06-01")
    written = "\n".join(element.value for element in app.markdown)
    assert written.count("Not known") == written.count(status.UNKNOWN) > 0


def test_a_day_before_any_figure_is_a_sentence(page: Page) -> None:
    assert page("situation", lang="en", as_of="2015-01-01").title[0].value == "Nothing was known on this day"


def test_the_page_shows_eight_tiles_three_signals_and_the_calendar(page: Page) -> None:
    app = page("situation", lang="en", budget="12")
    written = "\n".join(element.value for element in app.markdown)
    assert written.count("-badge[**") == 8
    assert written.count("(/signal?") == 3
    assert "| Measure | Newest period | Next expected | Overdue |" in written
    headings = [heading.value for heading in app.header]
    assert headings[0] == "Last known signals, from late sources"
    assert "of that" in headings[1]  # the lanes
    assert headings[2].startswith("Corridors:")
    assert headings[3:] == [
        "What changed since a week before",
        "What cannot be judged",
        "Expected next publications",
    ]


def test_opened_and_closed_signals_are_named(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page("situation", lang="en", budget="12")
    now = data.assessment("2026-10-02", 12.0)
    assert len(now.signals) > 4
    before = replace(now, series=now.series.replace({"state": {"last_known": "quiet", "signal": "quiet"}}))

    def written(then: Assessment, today: Assessment) -> str:
        def judged(selection: Selection) -> Assessment:
            return then if selection.as_of == date(2026, 9, 25) else today

        monkeypatch.setattr(data, "judged", judged)
        data._computed.clear()
        return "\n".join(element.value for element in page("situation", lang="en", budget="12").markdown)

    said = written(before, now)
    assert said.count("Signal opened") == 4
    assert f"{len(now.signals) - 4} more" in said
    assert "Signal closed" not in said
    said = written(now, before)
    assert said.count("Signal closed") == 4
    assert "Closest to their alarm lines" in said


def test_nothing_is_said_to_have_changed_where_nothing_did(page: Page) -> None:
    app = page("situation", lang="en", as_of="2026-08-20")
    assert "Nothing: no newer period" in "\n".join(element.value for element in app.markdown)


def test_the_calendar_starts_with_what_is_longest_overdue(assessment: Assessment) -> None:
    table = situation.calendar(assessment)
    assert table["expected"].is_monotonic_increasing
    assert table["overdue_days"].is_monotonic_decreasing
    assert table.loc[0, "period"] == pd.Timestamp("2024-12-01")


def test_what_was_decided_on_a_signal_is_counted_apart(embedded: Path) -> None:
    held = pipeline.run(open_store(embedded), AS_OF, replace(DEFAULT_PLAN, budget=12.0))
    ids = list(held.signals["id"])
    assert len(ids) >= 4
    decided = dict(zip(ids, ["watch", "confirmed", "closed"], strict=False))
    said = status.headline(EN, held, decided)
    assert "1 on watch, 1 confirmed, 1 explained or closed" in said
    numbers = [int(number) for number in re.findall(r"\d+", said)]
    assert sum(numbers) == held.counts["watched"]
    assert "1 en vigilancia, 1 confirmada, 1 explicada o cerrada" in status.headline(ES, held, decided)
