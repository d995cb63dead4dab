"""Text in two languages: the Spanish catalogue is complete, and numbers and dates read as it is written."""

from __future__ import annotations

import importlib.util
import math
import re
from datetime import date
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from dashboard import text
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES
from surveillance.assessment import STATES

EN, ES = text.of("en"), text.of("es")
FIELD = re.compile(r"\{(\w+)\}")


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "tools" / "messages.py"
    spec = importlib.util.spec_from_file_location("tools_messages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_message_is_translated_and_none_is_left_over(messages: ModuleType) -> None:
    missing, fuzzy, unused = messages.compare()
    assert (missing, fuzzy, unused) == ([], [], [])


def test_a_missing_a_fuzzy_and_an_unused_message_are_found(
    messages: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = messages.CATALOGUE.read_text("utf-8")
    entry = 'msgid "Situation"\nmsgstr "Situación"\n'
    assert entry in whole
    damaged = tmp_path / "es.po"
    monkeypatch.setattr(messages, "CATALOGUE", damaged)
    damaged.write_text(whole.replace(entry, 'msgid "Situation"\nmsgstr ""\n'), "utf-8")
    assert messages.compare() == (["Situation"], [], [])
    damaged.write_text(whole.replace(entry, f"#, fuzzy\n{entry}"), "utf-8")
    assert messages.compare()[1] == ["Situation"]
    damaged.write_text(f'{whole}\nmsgid "Nobody says this"\nmsgstr "Nadie dice esto"\n', "utf-8")
    assert messages.compare() == ([], [], ["Nobody says this"])


def test_messages_inside_other_texts_are_found(messages: ModuleType) -> None:
    said = messages.said()
    assert "not known" in said  # an argument of another message
    assert "All {n} signals" in said  # inside an f-string
    assert ("{n} day", "{n} days") in said


def test_translations_keep_every_field_of_their_message(messages: ModuleType) -> None:
    for message in messages.held():
        if not message.id:
            continue
        ids = (message.id,) if isinstance(message.id, str) else message.id
        strings = (message.string,) if isinstance(message.string, str) else message.string
        wanted = {name for one in ids for name in FIELD.findall(one)}
        for string in strings:
            assert set(FIELD.findall(string)) <= wanted, message.id
        assert set(FIELD.findall(strings[-1])) == wanted, message.id


def test_every_code_has_words_in_both_languages() -> None:
    for t in (EN, ES):
        assert all(t.place(code) for code in GEOGRAPHIES)
        assert all(t.substance(code) for code in SUBSTANCES)
        assert all(t.indicator(name) and t.unit(name) and t.short(name) for name in INDICATORS)
        assert all(t.reason(code) for code in text.REASONS)
        assert all(t.state(code) for code in STATES)
        assert all(t.status(code) for code in text.STATUS)


def test_the_two_languages_differ() -> None:
    same = [name for name in INDICATORS if EN.indicator(name) == ES.indicator(name)]
    assert same == []
    assert EN.place("US") == "United States"
    assert ES.place("US") == "Estados Unidos"


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (34523, None, "34,523"),
        (34523, 3, "34,500"),
        (57.14, 3, "57.1"),
        (0.01234, 2, "0.012"),
        (0, 3, "0"),
        (math.nan, None, "–"),
        (math.inf, None, "∞"),
        (-1234.5, None, "-1,234.5"),
    ],
)
def test_numbers(value: float, digits: int | None, expected: str) -> None:
    assert EN.number(value, digits) == expected
    assert ES.number(value, digits) == expected  # Mexico writes numbers as the United States do


def test_shares_are_whole_percentages_with_a_true_minus() -> None:
    assert EN.percent(-0.184) == "−18%"
    assert ES.percent(0.05).replace("\N{NO-BREAK SPACE}", " ") in ("5%", "5 %")


def test_plurals() -> None:
    for count, en, es in ((1, "1 day", "1 día"), (2, "2 days", "2 días"), (0, "0 days", "0 días")):
        assert EN.n("{n} day", "{n} days", count) == en
        assert ES.n("{n} day", "{n} days", count) == es


def test_dates_and_periods() -> None:
    day, month = date(2026, 11, 22), pd.Timestamp("2026-04-01")
    assert EN.long_date(day) == "Sunday 22 November 2026"
    assert ES.long_date(day) == "domingo 22 de noviembre de 2026"
    assert (EN.month(month), ES.month(month)) == ("Apr 2026", "abr 2026")
    assert EN.period(pd.Timestamp("2025-10-01"), "YS-OCT") == "fiscal year 2026"
    assert ES.period(pd.Timestamp("2025-01-01"), "YS") == "2025"
    assert EN.period(pd.Timestamp("2026-04-05"), "W") == "week of 5 Apr 2026"
    assert EN.date(pd.NaT) == text.MISSING
    assert ES.period(pd.NaT, "MS") == text.MISSING


def test_a_message_without_a_translation_stays_english() -> None:
    untranslated = "This sentence is in no catalogue"
    assert ES(untranslated) == untranslated


@pytest.mark.parametrize(
    "hostile",
    [
        "[link](javascript:alert(1))",
        "**bold** _it_ `code` ~no~ $x$",
        ":red[x] :material/home:",
        "# heading",
        "| a | b |",
        "![](x)",
    ],
)
def test_text_from_outside_keeps_its_characters_and_loses_its_meaning(hostile: str) -> None:
    escaped = text.escape_markdown(hostile)
    assert escaped.replace("\\", "").replace("\u2060", "") == hostile
    for mark in "[]()*_`~$:#|!":
        assert not re.search(rf"(?<!\\){re.escape(mark)}", escaped)


def test_text_from_outside_carries_no_html_and_no_line_break() -> None:
    escaped = text.escape_markdown("<script>alert(1)</script>\n# x")
    assert "<" not in escaped
    assert "\n" not in escaped


def test_addresses_and_icons_from_outside_stay_letters() -> None:
    for told in (":material/home:", ":smile:", "https://example.org", "www.example.org", "name@example.org"):
        shown = text.escape_markdown(told)
        assert "\u2060" in shown
        assert shown.replace("\u2060", "").replace("\\", "") == told
    assert "\u2060" not in text.escape_markdown("Arizona: 1,234.5 lb, 3 % · 12:30")
