"""Errors in the reader's language: phrases translated, a file's own words escaped, others' marked as English."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dashboard import error_words, text
from data_sources.errors import LayoutError, SchemaError, SourceError, StoreError
from data_sources.phrases import Phrase
from data_sources.registry import SOURCES
from data_sources.store import Store
from surveillance.plan_file import PlanError, read_bytes

EN, ES = text.of("en"), text.of("es")
PAYLOAD = Path(__file__).resolve().parents[1] / "data" / "us_cbp_seizures" / "good.csv"
WHEN = datetime(2026, 10, 1, tzinfo=UTC)


def refused(raw: bytes) -> SourceError:
    with pytest.raises(SourceError) as error:
        SOURCES["us_cbp_seizures"].parse(raw, date(2026, 9, 1))
    return error.value.in_file("nationwide.csv")


def test_an_error_of_a_file_is_said_in_both_languages_with_the_files_own_words() -> None:
    raw = PAYLOAD.read_bytes().replace(b"Sum Qty (lbs)", b"<b>Pounds</b>", 1)
    said = str(refused(raw))
    english, spanish = (error_words.markup(t, said) for t in (EN, ES))
    assert english.startswith("nationwide.csv, line 1: expected the columns FY, ")
    assert "no Sum Qty (lbs); unknown &lt;b&gt;Pounds&lt;/b&gt;)" in english
    assert spanish.startswith("nationwide.csv, línea 1: esperado: las columnas FY, ")
    assert "falta Sum Qty (lbs); desconocido: &lt;b&gt;Pounds&lt;/b&gt;)" in spanish
    assert spanish.endswith("un formato nuevo de la fuente exige un cambio aquí.")


def test_the_log_keeps_an_error_s_parts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    error = refused(PAYLOAD.read_bytes().split(b"\n", 1)[0] + b"\n")
    store.refuse("us_cbp_seizures", "nationwide.csv", error, WHEN)
    store.note_attempt("us_cbp_seizures", WHEN, str(error))
    for records in (store.refusals(), store.attempts()):
        (said,) = records["said"]
        assert said == str(error) == records["error"][0]
        assert "esperado: filas debajo del encabezado" in error_words.markup(ES, said)


def test_a_record_without_parts_or_with_broken_ones_is_shown_as_english(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.note_attempt("us_cbp_seizures", WHEN, "the server <b>said</b> 503")
    path = tmp_path / "attempts" / "mx_sesnsp_retail_drug_offences.json"
    path.write_text('{"source": "x", "when": "2026-10-01T00:00:00+00:00", "error": "e", "said": {"say": "{a}"}}')
    assert store.attempts()["said"].to_list() == [None, None]
    spanish = error_words.markup(ES, store.failures()["us_cbp_seizures"])
    assert spanish == ("En inglés, tal como se dijo: <span lang='en'>the server &lt;b&gt;said&lt;/b&gt; 503</span>")
    assert error_words.markup(EN, "it <said>") == "it &lt;said&gt;"


def test_what_another_library_says_inside_a_sentence_is_marked_as_english() -> None:
    said = str(refused(b"\x1f\x8b\x08\x00broken"))
    assert "uno dañado o ilegible (<span lang='en'>" in error_words.markup(ES, said)


def test_a_file_s_words_are_never_taken_for_a_template() -> None:
    said = str(SchemaError(Phrase("a number"), "{expected.__class__} {0}", place=Phrase("line {n}", n=3)))
    assert error_words.markup(ES, said) == ("línea 3: esperado: un número; encontrado: {expected.__class__} {0}.")


def test_a_store_s_error_keeps_its_phrase_through_the_exception() -> None:
    said = str(
        StoreError(Phrase("{source} holds no publication {name} in {folder}", source="a", name="b", folder="c"))
    )
    assert error_words.markup(ES, said) == "a no guarda la publicación b en c"


def test_a_parser_s_plain_words_would_be_seen_as_english() -> None:
    error = LayoutError("a heading", "none")
    assert "esperado: a heading" in error_words.markup(ES, str(error))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"name: [", "línea 1, columna 8: encontrado: <span lang='en'>"),
        (b"a: &a [x]\nb: *a", "línea 2, columna 4: encontrado: un alias; esperado: YAML"),
        (b"name: \xff", "el archivo: encontrado: el byte 0xFF; esperado: texto en UTF-8"),
        (b"#" * 100_001, "el archivo: encontrado: 100001 bytes; esperado: 100000 como máximo"),
        (b"watches: [{detector: x}]", "watches, entrada 1, detector: encontrado: 'x'; esperado: uno de "),
        (b"<script>: 1", "el archivo: encontrado: '&lt;script&gt;'; esperado: una de las claves name"),
    ],
)
def test_problems_of_a_settings_file_are_said_in_spanish(raw: bytes, says: str) -> None:
    with pytest.raises(PlanError) as error:
        read_bytes(raw, name="mine.yaml")
    assert any(error_words.markup(ES, str(problem)).startswith(says) for problem in error.value.problems)
