"""From the address to a Selection: what is invalid falls back and is said, never a traceback."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.filters import MOST_PLACES, Selection, link, parameters, parse
from surveillance.plan import DEFAULT_PLAN

LATEST = date(2026, 10, 2)


def test_no_parameters_give_the_latest_figures_in_the_browsers_language() -> None:
    assert parse({}, latest=LATEST) == Selection("en", LATEST, LATEST)
    assert parse({}, latest=LATEST, locale="es-MX").language == "es"
    assert parse({}, latest=LATEST, locale="ES").language == "es"
    assert parse({}, latest=LATEST, locale="fr-FR").language == "en"
    assert parse({"lang": "en"}, latest=LATEST, locale="es-MX").language == "en"
    assert parse({"lang": "fr"}, latest=LATEST, locale="es-MX").language == "es"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lang", "fr"),
        ("lang", ""),
        ("as_of", "yesterday"),
        ("as_of", "2026-13-40"),
        ("as_of", "2099-01-01"),
        ("as_of", "1066-10-14"),
        ("as_of", ""),
        ("budget", "7"),
        ("budget", "nan"),
        ("budget", "inf"),
        ("budget", "six"),
        ("indicator", "nothing"),
        ("indicator", "__class__"),
        ("place", "US,Atlantis"),
        ("place", ""),
        ("substance", "tea"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_an_invalid_value_falls_back_and_says_so_in_one_sentence(name: str, value: str, language: str) -> None:
    found = parse({"lang": language, name: value}, latest=LATEST)
    assert len(found.problems) == 1
    assert found.problems[0].endswith(".")
    assert value in found.problems[0]
    kept = Selection("en" if name == "lang" else language, LATEST, LATEST, problems=found.problems)  # type: ignore[arg-type]
    assert found == kept


def test_several_invalid_values_are_each_said() -> None:
    found = parse({"lang": "xx", "as_of": "x", "budget": "x", "place": "x"}, latest=LATEST)
    assert len(found.problems) == 4


def test_a_long_invalid_value_is_cut() -> None:
    assert all(len(problem) < 150 for problem in parse({"as_of": "9" * 5000}, latest=LATEST).problems)


def test_valid_values_are_taken() -> None:
    found = parse(
        {
            "lang": "es",
            "as_of": "2026-09-10",
            "budget": "12",
            "indicator": "us_cbp_seizure_weight",
            "place": "US,MX-SON",
            "substance": "fentanyl",
            "view": "trend",
            "signal": "x",
        },
        latest=LATEST,
    )
    assert found == Selection(
        "es", date(2026, 9, 10), LATEST, 12.0, "us_cbp_seizure_weight", ("US", "MX-SON"), "fentanyl", "trend", "x"
    )
    assert found.replay
    assert found.modified


def test_no_more_places_are_taken_than_can_be_drawn() -> None:
    many = ",".join(["US-AZ", "US-CA", "US-NM", "US-TX", "MX-SON", "MX-BCN", "MX-CHH", "MX-TAM"])
    assert len(parse({"place": many}, latest=LATEST).geographies) == MOST_PLACES


def test_the_panels_own_settings_stay_out_of_the_address() -> None:
    assert parameters(Selection("en", LATEST, LATEST)) == {"lang": "en"}


def test_a_link_leads_back_to_the_same_selection() -> None:
    chosen = Selection(
        "es", date(2026, 9, 1), LATEST, 2.0, "us_overdose_ed_rate", ("US-NM", "US-AZ"), "opioids", "log"
    )
    address = urlsplit(link(chosen, "trends"))
    assert address.path == "/trends"
    assert parse(dict(parse_qsl(address.query)), latest=LATEST) == chosen


@given(
    params=st.dictionaries(
        st.sampled_from(["lang", "as_of", "budget", "indicator", "place", "substance", "view", "signal"]),
        st.text(max_size=30),
    )
)
def test_no_value_whatever_raises(params: dict[str, str]) -> None:
    found = parse(params, latest=LATEST)
    assert found.language in ("en", "es")
    assert found.as_of <= LATEST


@pytest.mark.parametrize("language", ["en", "es"])
def test_saved_settings_are_taken_and_others_fall_back_and_are_said(language: str) -> None:
    found = parse({"lang": language, "settings": "0123abcd"}, latest=LATEST, saved=["0123abcd"])
    assert (found.settings, found.modified, found.problems) == ("0123abcd", True, ())
    gone = parse({"lang": language, "settings": "ffffffff"}, latest=LATEST, saved=["0123abcd"])
    assert (gone.settings, gone.modified, len(gone.problems)) == (None, False, 1)
    assert "ffffffff" in gone.problems[0]


def test_the_panel_s_own_digest_is_the_panel_s_own_settings() -> None:
    assert parse({"settings": DEFAULT_PLAN.digest}, latest=LATEST) == Selection("en", LATEST, LATEST)


def test_saved_settings_have_their_own_budget_and_lead_back_by_a_link() -> None:
    chosen = parse({"settings": "0123abcd", "budget": "12"}, latest=LATEST, saved=["0123abcd"])
    assert chosen.budget == DEFAULT_PLAN.budget
    assert parameters(chosen) == {"lang": "en", "settings": "0123abcd"}
    address = urlsplit(link(chosen, "map"))
    assert parse(dict(parse_qsl(address.query)), latest=LATEST, saved=["0123abcd"]) == chosen
