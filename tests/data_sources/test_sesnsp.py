"""Mexico's two crime tables: what counts as published, what is masked, and how their files are found."""

from __future__ import annotations

import csv
import gzip
import io
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from data_sources import sesnsp
from data_sources.download import Downloader, Response
from data_sources.errors import DownloadError, LayoutError, SchemaError
from data_sources.mx import sesnsp_federal_drug_offences as federal
from data_sources.mx import sesnsp_retail_drug_offences as retail
from data_sources.source import Validators

PAYLOADS = Path(__file__).resolve().parents[1] / "data"
OLD = (PAYLOADS / retail.ID / "good.csv").read_bytes()
REGISTER = (PAYLOADS / retail.ID / "good_register.csv").read_bytes()
FEDERAL = (PAYLOADS / federal.ID / "good.csv").read_bytes()
AS_OF = date(2026, 3, 20)
Lines = list[dict[str, str]]


def edited(raw: bytes, change: Callable[[Lines], None]) -> bytes:
    lines = list(csv.DictReader(io.StringIO(raw.decode("cp1252"), newline="")))
    change(lines)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(lines[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode("cp1252")


def series(rows: pd.DataFrame, geography: str, column: str = "value") -> pd.Series:
    return rows[rows["geography"] == geography].set_index("period")[column].sort_index()


# The state table of 2015-2025


def test_zeros_of_states_that_sent_nothing_are_not_collected() -> None:
    rows = retail.parse(OLD, AS_OF)
    masked = rows[(rows["status"] == "not_collected") & (rows["geography"] != "MX")]
    assert masked.groupby("geography").size().to_dict() == {"MX-BCN": 17, "MX-DUR": 4, "MX-TAB": 16, "MX-TLA": 3}
    assert masked["value"].isna().all()
    assert series(rows, "MX-BCN")["2016-06-01"] == 26
    assert series(rows, "MX-TAB")["2015-01-01"] == 271


def test_a_figure_inside_the_masked_months_is_kept() -> None:
    def correct(lines: Lines) -> None:
        line = next(line for line in lines if line["Clave_Ent"] == "2" and line["Tipo de delito"] == "Narcomenudeo")
        line["Marzo"] = "7"

    assert series(retail.parse(edited(OLD, correct), AS_OF), "MX-BCN")["2015-03-01"] == 7


def test_a_state_without_any_crime_in_a_month_has_not_reported_it() -> None:
    oaxaca = series(retail.parse(OLD, AS_OF), "MX-OAX", "status")
    assert list(oaxaca.index[oaxaca == "not_reported"]) == [pd.Timestamp("2015-01-01"), pd.Timestamp("2015-03-01")]


def test_mexico_has_a_total_only_where_all_states_have_a_figure() -> None:
    rows = retail.parse(OLD, AS_OF)
    total, status = series(rows, "MX"), series(rows, "MX", "status")
    assert (status[:"2016-05-01"] == "not_collected").all()
    assert (status["2016-06-01":] == "reported").all()
    assert total["2016-06-01"] == sum(10 * state + 6 for state in range(1, 33))


def test_a_total_without_one_states_report_is_not_reported() -> None:
    def silent(lines: Lines) -> None:
        for line in lines:
            if line["Año"] == "2016" and line["Clave_Ent"] == "8":
                line["Agosto"] = "0"

    rows = retail.parse(edited(OLD, silent), AS_OF)
    assert series(rows, "MX", "status")["2016-08-01"] == "not_reported"
    assert series(rows, "MX-CHH", "status")["2016-08-01"] == "not_reported"


@pytest.mark.parametrize("unpublished", ["", "0"])
def test_months_after_the_last_published_one_are_absent_whether_blank_or_zero(unpublished: str) -> None:
    def blank(lines: Lines) -> None:
        for line in lines:
            if line["Año"] == "2016":
                line["Noviembre"] = line["Diciembre"] = unpublished

    rows = retail.parse(edited(OLD, blank), AS_OF)
    assert rows["period"].max() == pd.Timestamp("2016-10-01")
    assert set(rows["geography"]) >= {"MX", "MX-BCN", "MX-ZAC"}
    assert len(rows) == 33 * 22


def test_a_zero_of_a_state_that_reported_other_crimes_is_a_zero() -> None:
    def none(lines: Lines) -> None:
        next(line for line in lines[64:] if line["Tipo de delito"] == "Narcomenudeo")["Octubre"] = "0"

    rows = retail.parse(edited(OLD, none), AS_OF)
    assert series(rows, "MX-AGU")["2016-10-01"] == 0
    assert series(rows, "MX-AGU", "status")["2016-10-01"] == "reported"


def test_the_newest_twelve_months_are_provisional() -> None:
    provisional = series(retail.parse(OLD, AS_OF), "MX-AGU", "provisional")
    assert list(provisional.index[provisional]) == list(pd.date_range("2015-12-01", "2016-11-01", freq="MS"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_any_of_the_publishers_encodings_compressed_or_not_gives_the_same_rows(encoding: str) -> None:
    raw = OLD.decode("cp1252").encode(encoding)
    pd.testing.assert_frame_equal(retail.parse(raw, AS_OF), retail.parse(OLD, AS_OF))
    pd.testing.assert_frame_equal(retail.parse(gzip.compress(raw), AS_OF), retail.parse(OLD, AS_OF))


@pytest.mark.parametrize("encoding", ["mac_roman", "cp850"])
def test_another_eight_bit_encoding_is_refused_by_its_heading(encoding: str) -> None:
    with pytest.raises(LayoutError, match="Año"):
        retail.parse(OLD.decode("cp1252").encode(encoding), AS_OF)


# The register of 2026


def test_the_registers_two_subtypes_are_summed_under_their_own_indicator() -> None:
    rows = retail.parse(REGISTER, AS_OF)
    assert set(rows["indicator"]) == {"mx_retail_drug_case_files_rnid"}
    assert series(rows, "MX-SON").to_list() == [5 * 26 + 26, 5 * 26 + 2 + 27]
    assert series(rows, "MX-BCN").to_list() == [10, 12]  # reports none for sale
    assert list(series(rows, "MX").index) == [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01")]


def test_a_new_crime_subtype_fails_the_load() -> None:
    def new(lines: Lines) -> None:
        lines[4]["Subtipo de delito"] = "Narcomenudeo por vía digital"

    with pytest.raises(SchemaError, match="79 crime subtypes") as refused:
        retail.parse(edited(REGISTER, new), AS_OF)
    assert refused.value.place == "line 6, column Subtipo de delito"
    assert "Narcomenudeo por vía digital" in refused.value.found


def test_a_lost_drug_subtype_fails_the_load() -> None:
    def without(lines: Lines) -> None:
        lines[:] = [line for line in lines if "venta" not in line["Subtipo de delito"]]

    with pytest.raises(LayoutError, match="con fines de venta"):
        retail.parse(edited(REGISTER, without), AS_OF)


def test_the_registers_subtypes_in_a_file_of_the_old_method_fail_the_load() -> None:
    with pytest.raises(SchemaError, match="Narcomenudeo"):
        retail.parse(REGISTER.replace(b"2026,", b"2025,"), AS_OF)


def test_a_file_over_both_methods_is_refused() -> None:
    both = OLD + REGISTER.partition(b"\r\n")[2]
    with pytest.raises(LayoutError, match="two methods"):
        retail.parse(both, AS_OF)


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(SchemaError, match="number from 1 to 32"):
        retail.parse(REGISTER.replace(b"2026,32,", b"2026,33,"), AS_OF)


# Grids with holes


@pytest.mark.parametrize("parse_and_raw", [(retail.parse, OLD), (retail.parse, REGISTER), (federal.parse, FEDERAL)])
def test_a_file_cut_between_two_lines_is_refused(parse_and_raw: tuple[Callable[..., object], bytes]) -> None:
    parse, raw = parse_and_raw
    lines = raw.splitlines(keepends=True)
    if parse is federal.parse:
        lines = [line for line in lines if b"EXTRANJERO" not in line]
    with pytest.raises(SchemaError, match="truncated"):
        parse(b"".join(lines[:-1]), AS_OF)
    with pytest.raises(SchemaError, match="truncated"):
        parse(b"".join(lines[:-33]), AS_OF)


def test_a_missing_year_is_refused() -> None:
    with pytest.raises(SchemaError, match="every year from 2014 to 2016"):
        retail.parse(OLD.replace(b"2015,", b"2014,"), AS_OF)


def test_a_file_of_zeros_is_refused() -> None:
    def none(lines: Lines) -> None:
        for line in lines:
            line.update(dict.fromkeys(list(line)[7:], "0"))

    with pytest.raises(SchemaError, match="none but zeros"):
        retail.parse(edited(REGISTER, none), AS_OF)


# Federal offences


def test_federal_drug_rows_are_summed_and_no_others() -> None:
    rows = federal.parse(FEDERAL, AS_OF)
    # Lines 0-6, 8 and 9 of each state are drugs; line k of month m is (state + m + k) % 4.
    by_hand = sum((26 + 3 + k) % 4 for k in (*range(7), 8, 9))
    assert series(rows, "MX-SON")["2025-03-01"] == by_hand
    assert set(rows["substance"]) == {"all"}
    assert rows["period"].max() == pd.Timestamp("2025-07-01")
    states = rows[rows["geography"] != "MX"].groupby("period")["value"].sum()
    pd.testing.assert_series_equal(series(rows, "MX"), states, check_names=False)


def test_case_files_abroad_are_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        rows = federal.parse(FEDERAL, AS_OF)
    assert "2 drug case files abroad" in caplog.text
    assert rows["geography"].nunique() == 33


@pytest.mark.parametrize("new", ["CONTRA LA SALUD EN OTRA MODALIDAD", "NARCOTRAFICO DIGITAL"])
def test_an_unknown_offence_about_health_or_drugs_fails_the_load(new: str) -> None:
    def rename(lines: Lines) -> None:
        for line in lines:
            if line["TIPO"] == "OTROS DELITOS PREVISTOS EN LA L.G.S.":
                line["TIPO"] = new

    with pytest.raises(SchemaError, match="one of the drug offences known"):
        federal.parse(edited(FEDERAL, rename), AS_OF)


def test_a_lost_drug_offence_fails_the_load() -> None:
    def without(lines: Lines) -> None:
        lines[:] = [line for line in lines if line["TIPO"] != "SUMINISTRO"]

    with pytest.raises(LayoutError, match="SUMINISTRO"):
        federal.parse(edited(FEDERAL, without), AS_OF)


def test_neither_table_dates_itself_since_names_give_only_the_month_of_the_data() -> None:
    assert retail.SOURCE.dated("INM_estatal_feb26.csv", REGISTER) is None
    assert federal.SOURCE.dated("IDEFF_jul25.csv", FEDERAL) is None


# The publishers' own files


def test_known_federal_figures_hold(shared_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        rows = federal.parse((shared_data / "mx/sesnsp/IDEFF_jul25_RAW.csv").read_bytes(), date(2025, 8, 20))
    assert "46 drug case files abroad" in caplog.text
    assert rows["geography"].nunique() == 33
    assert (rows["period"].min(), rows["period"].max()) == (pd.Timestamp("2012-01-01"), pd.Timestamp("2025-07-01"))
    assert (rows["status"] == "reported").all()
    assert series(rows, "MX")["2025-07-01"] == 715
    yearly = series(rows, "MX").groupby(lambda period: period.year).sum()
    assert yearly[2012] > 2 * yearly[2013]  # drug dealing passed to the states


def test_known_retail_figures_hold(shared_data: Path) -> None:
    folder = shared_data / "mx" / "sesnsp"
    rows = retail.parse((folder / "IDEFC_estatal_2015-2024nov_RAW.csv.gz").read_bytes(), date(2024, 12, 20))
    assert rows["period"].max() == pd.Timestamp("2024-11-01")
    assert series(rows, "MX")["2024-11-01"] == 7386
    masked = rows[(rows["status"] == "not_collected") & (rows["geography"] != "MX")].groupby("geography").size()
    assert masked.to_dict() == {"MX-BCN": 17, "MX-DUR": 4, "MX-GRO": 3, "MX-TAB": 16, "MX-TLA": 3}
    silent = rows[(rows["status"] == "not_reported") & (rows["geography"] != "MX")]
    assert silent["geography"].value_counts().to_dict() == {"MX-OAX": 9}


def test_known_figures_of_the_register_hold(shared_data: Path) -> None:
    folder = shared_data / "mx" / "sesnsp"
    january = retail.parse((folder / "RNID_estatal_2026_ene2026_RAW.csv.gz").read_bytes(), date(2026, 2, 20))
    february = retail.parse((folder / "RNID_estatal_2026_feb2026_RAW.csv.gz").read_bytes(), date(2026, 3, 20))
    assert series(january, "MX").to_list() == [8091]
    assert series(february, "MX").to_list() == [8092, 8021]
    assert january["geography"].nunique() == 33


# Finding the files

PAGE = """<html><body>
<a href="https://www.gob.mx/sesnsp/tablero">Tablero din&aacute;mico de Incidencia Delictiva&nbsp;Estatal</a>
<a href="/cms/tablero.csv">Tablero din&aacute;mico&nbsp;de incidencia estatal</a>
<a href="https://repodatos.atdt.gob.mx/a/IDM_NM_dic25.csv">Cifras de Incidencia Delictiva Municipal y Estatal</a>
<a href="https://repodatos.atdt.gob.mx/a/IDE-1997-2017.csv">Cifras de Incidencia Delictiva Estatal, 1997 - 2017</a>
<a href="/files/metodo.pdf">Incidencia Delictiva Estatal, m&eacute;todo</a>
<a href="https://repodatos.atdt.gob.mx/a/INM_estatal_dic25.csv"><strong>Cifras de Incidencia&nbsp;Delictiva</strong>
 Estatal, 2015 - 2025</a>
<a href="/files/RNID_Estatal_2026.csv">Cifras de Incidencia Delictiva Estatal, 2026</a>
<a href="https://repodatos.atdt.gob.mx/a/IDEFF_jul25.csv">Incidencia Delictiva Federal, 2012 - julio 2025</a>
<a>Estatal</a></body></html>"""
DIC25 = "https://repodatos.atdt.gob.mx/a/INM_estatal_dic25.csv"
RNID = "https://www.gob.mx/files/RNID_Estatal_2026.csv"


@dataclass
class FakeDownloader(Downloader):
    """Answers from a table; an address not in it is refused as a gate would."""

    pages: dict[str, bytes] = field(default_factory=dict)
    modified_at: str | None = None
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, held: Validators | None = None, *, page: bool = False) -> Response | None:
        self.asked.append(url)
        if held is not None:
            return None
        if url not in self.pages:
            raise DownloadError("data", "HTTP 403 Forbidden", "import it by hand", file=url)
        return Response(url, self.pages[url], datetime(2026, 3, 22, 8, tzinfo=UTC), '"e"', self.modified_at)


def test_links_are_found_by_text_and_the_dashboard_before_them_is_not_one() -> None:
    named = sesnsp.links(PAGE.encode())
    assert sesnsp.chosen(named, "estatal") == [DIC25, RNID]
    assert sesnsp.chosen(named, "federal") == ["https://repodatos.atdt.gob.mx/a/IDEFF_jul25.csv"]


def test_a_download_gives_each_table_with_the_day_the_server_says_it_changed() -> None:
    downloader = FakeDownloader(
        {sesnsp.LANDING_PAGE: PAGE.encode(), DIC25: OLD, RNID: REGISTER}, "Fri, 20 Mar 2026 18:00:00 GMT"
    )
    found = list(retail.download(downloader, {}))
    assert [(item.name, item.origin, item.raw) for item in found] == [
        ("INM_estatal_dic25.csv", DIC25, OLD),
        ("RNID_Estatal_2026.csv", RNID, REGISTER),
    ]
    assert {item.as_of for item in found} == {date(2026, 3, 20)}
    assert found[0].etag == '"e"'


def test_without_that_day_a_table_counts_as_public_when_it_was_downloaded() -> None:
    downloader = FakeDownloader({sesnsp.LANDING_PAGE: PAGE.encode(), DIC25: OLD, RNID: REGISTER})
    assert {item.as_of for item in retail.download(downloader, {})} == {date(2026, 3, 22)}


def test_a_table_that_we_hold_unchanged_is_not_given_again() -> None:
    downloader = FakeDownloader({sesnsp.LANDING_PAGE: PAGE.encode(), DIC25: OLD, RNID: REGISTER})
    assert [item.origin for item in retail.download(downloader, {DIC25: Validators('"e"', None)})] == [RNID]


@pytest.mark.parametrize("gate", [None, b"<html><body>Challenge Validation</body></html>"])
def test_behind_a_gate_the_open_data_catalogue_is_asked(gate: bytes | None) -> None:
    entries = [{"name": "Incidencia delictiva federal", "url": "https://repodatos.atdt.gob.mx/a/IDEFF_jul25.csv"}]
    pages = {sesnsp.CATALOGUE: json.dumps({"result": {"resources": entries}}).encode(), entries[0]["url"]: FEDERAL}
    downloader = FakeDownloader(pages | ({sesnsp.LANDING_PAGE: gate} if gate else {}))
    assert [item.raw for item in federal.download(downloader, {})] == [FEDERAL]


def test_without_page_and_catalogue_the_error_says_to_import_by_hand() -> None:
    with pytest.raises(DownloadError, match="by hand"):
        list(federal.download(FakeDownloader({}), {}))
    nothing = {sesnsp.LANDING_PAGE: b"<html></html>", sesnsp.CATALOGUE: b'{"result": {"resources": []}}'}
    with pytest.raises(DownloadError, match="drug-trends import") as failed:
        list(federal.download(FakeDownloader(nothing), {}))
    assert sesnsp.LANDING_PAGE in str(failed.value)
    strange = nothing | {sesnsp.CATALOGUE: b"<html>"}
    with pytest.raises(DownloadError, match="drug-trends import"):
        list(federal.download(FakeDownloader(strange), {}))
