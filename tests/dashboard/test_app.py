"""The app without a browser: its first page, the frame around every page, and a store that fails."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import data, frame, text
from data_sources.errors import StoreError
from data_sources.ingest import import_file, open_store
from data_sources.registry import SOURCES
from data_sources.store import Store

APP = Path(frame.__file__).with_name("app.py")
App = Callable[..., AppTest]


@pytest.fixture
def app(embedded: Path, use_store: Callable[[Path], None]) -> App:
    """Run the app for URL parameters, on a store; the run is returned without an exception in it."""

    def run(store: Path = embedded, **params: str) -> AppTest:
        use_store(store)
        tried = AppTest.from_file(str(APP), default_timeout=120)
        for name, value in params.items():
            tried.query_params[name] = value
        tried.run()
        assert not tried.exception
        return tried

    return run


def written(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in app.markdown)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_first_page_opens_in_both_languages(app: App, language: str) -> None:
    first = app(lang=language)
    assert len(first.title) == 1
    assert {"en": "cannot be judged", "es": "no evaluable"}[language] in first.title[0].value
    assert "2 Oct 2026" in written(first) or "2 oct 2026" in written(first)
    said = text.of(language)("Embedded published figures only")  # type: ignore[arg-type]
    assert said in written(first)


def test_a_page_in_spanish_says_nothing_of_the_catalogue_in_english(app: App) -> None:
    said = written(app(lang="es"))
    for english in ("known", "signal", "month", "expected", "late", "quiet"):
        assert f" {english} " not in said


def test_going_back_in_time_is_said_on_the_page(app: App) -> None:
    earlier = app(lang="en", as_of="2026-09-10")
    assert [bar.value for bar in earlier.warning] == [
        "REPLAY: as known on Thursday 10 September 2026. Later figures are left out."
    ]


def test_invalid_parameters_become_sentences(app: App) -> None:
    odd = app(lang="xx", as_of="<b>", budget="-1", indicator="x", place="y", substance="z")
    assert len(odd.info) == 6
    assert "<b>" not in "".join(bar.value for bar in odd.info)
    assert not odd.warning  # the latest figures, no replay


def test_other_settings_are_marked_as_not_for_publication(app: App) -> None:
    assert "not for publication" in written(app(lang="en", budget="12"))
    assert "not for publication" not in written(app(lang="en"))


def test_the_language_is_changed_by_the_control(app: App) -> None:
    drawn = app(lang="en")
    drawn.get("button_group")[0].set_value("es").run()
    assert not drawn.exception
    assert "no evaluable" in drawn.title[0].value


def test_the_date_is_changed_by_the_control(app: App) -> None:
    drawn = app(lang="en")
    drawn.date_input[0].set_value(date(2026, 9, 10)).run()
    assert not drawn.exception
    assert "REPLAY" in drawn.warning[0].value
    assert drawn.query_params["as_of"] == "2026-09-10"


def test_a_failed_fetch_is_named_and_the_figures_stay(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "data_sources.store.Store.failures", lambda self: {"us_cbp_seizures": "the publisher [refused](x)"}
    )
    drawn = app(lang="en")
    assert SOURCES["us_cbp_seizures"].title in drawn.warning[0].value
    assert len(drawn.title) == 1


@pytest.mark.parametrize(
    "error", [StoreError("the store <x> is of a newer layout"), PermissionError(13, "denied", "s")]
)
def test_a_store_that_cannot_be_opened_is_said_in_both_languages(
    app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    def fail(root: Path) -> None:
        raise error

    monkeypatch.setattr(data, "open_store", fail)
    drawn = app(tmp_path)
    assert [title.value for title in drawn.title] == [
        "The store cannot be opened",
        text.of("es")("The store cannot be opened"),
    ]
    said = [element.proto.body for element in drawn.get("html")]
    assert len(said) == 2
    assert "<x>" not in said[0]
    assert ("lang='en'" in said[0], "lang='en'" in said[1]) == (False, True)


def test_a_damaged_vintage_is_said_in_both_languages_whatever_page_reads_it(app: App, seeded: Path) -> None:
    whole = next(path for path in sorted((seeded / "published_figures").iterdir()) if path.is_dir())
    damaged = seeded / "us_cdc_overdose_deaths" / whole.name
    shutil.copytree(whole, damaged)
    (damaged / "changes.parquet").write_bytes(b"PAR1")
    drawn = app(store=seeded, lang="en")
    assert {"The store cannot be opened", text.of("es")("The store cannot be opened")} <= {
        title.value for title in drawn.title
    }
    assert whole.name in drawn.get("html")[0].proto.body


def test_an_answer_made_of_earlier_figures_is_not_kept_for_later_ones(
    embedded: Path, use_store: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fetch may end while a page is drawn."""
    use_store(embedded)
    states = iter(("before", "after", "after"))
    monkeypatch.setattr(Store, "token", lambda self: next(states))
    with data.one_state():
        assert data.computed("figure", lambda *_: "earlier") == "earlier"
    assert data.computed("figure", lambda *_: "later") == "later"
    assert data.token() == "after"


def test_new_figures_appear_without_a_restart(app: App, seeded: Path) -> None:
    """Answers are kept in memory for one state of the store only."""
    drawn = app(store=seeded, lang="en")
    assert "Embedded published figures only" in written(drawn)
    payload = Path(__file__).resolve().parents[1] / "data" / "us_cbp_seizures"
    published = date.fromisoformat((payload / "as_of.txt").read_text().strip())
    now = datetime(2026, 11, 24, tzinfo=UTC)
    import_file(open_store(seeded), SOURCES["us_cbp_seizures"], payload / "good.csv", published, now=now)
    drawn.run()
    assert not drawn.exception
    assert "Embedded published figures only" not in written(drawn)
