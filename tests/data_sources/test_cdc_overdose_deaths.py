"""CDC overdose deaths: twelve indicators, footnotes, early vintages, and the download from Socrata."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_sources.download import Response
from data_sources.errors import LayoutError, SchemaError
from data_sources.socrata import updated_on
from data_sources.source import Publication, Validators
from data_sources.us.cdc_overdose_deaths import MEASURES, SOURCE, parse

PAYLOAD = Path(__file__).resolve().parents[1] / "data" / SOURCE.id
AS_OF = date(2025, 5, 14)
RAW = (PAYLOAD / "good.csv").read_bytes()
TEXT = RAW.decode()
REPORTED, PREDICTED = "us_overdose_deaths_12m", "us_overdose_deaths_12m_predicted"


def cell(
    rows: pd.DataFrame, indicator: str, geography: str, substance: str, period: str = "2024-12-01"
) -> pd.Series:
    found = rows[
        (rows["indicator"] == indicator)
        & (rows["geography"] == geography)
        & (rows["substance"] == substance)
        & (rows["period"] == period)
    ]
    assert len(found) == 1
    return found.iloc[0]


def test_reported_predicted_all_causes_and_percentages_are_separate_indicators() -> None:
    rows = parse(RAW, AS_OF)
    assert cell(rows, REPORTED, "US-AZ", "synthetic_opioids")["value"] == 1450
    assert cell(rows, PREDICTED, "US-AZ", "synthetic_opioids")["value"] == 1479
    assert cell(rows, "us_all_deaths_12m", "US-AZ", "all")["value"] == 71_500
    assert cell(rows, "us_overdose_drugs_specified_pct", "US-AZ", "all")["value"] == 97.9
    assert cell(rows, "us_overdose_pending_pct", "US-AZ", "all")["value"] == 0.41
    assert set(rows["indicator"]) == set(SOURCE.indicators)


def test_the_percent_pending_comes_once_per_state_and_period() -> None:
    rows = parse(RAW, AS_OF)
    pending = rows[rows["indicator"] == "us_overdose_pending_pct"]
    assert len(pending) == 6  # Arizona twice, and WY, YC, US, PR
    assert (pending["substance"] == "all").all()


def test_every_one_of_the_twelve_indicators_has_its_own_series() -> None:
    rows = parse(RAW, AS_OF)
    arizona = rows[(rows["geography"] == "US-AZ") & rows["indicator"].isin(["us_all_deaths_12m", REPORTED])]
    assert arizona["substance"].nunique() == 10
    assert len(set(MEASURES.values())) == len(MEASURES) == 12


def test_the_period_is_the_month_with_which_the_twelve_end() -> None:
    rows = parse(RAW, AS_OF)
    assert set(rows["period"]) == {pd.Timestamp("2023-12-01"), pd.Timestamp("2024-12-01")}


def test_new_york_city_has_its_own_code_and_thousands_are_read() -> None:
    rows = parse(RAW, AS_OF)
    assert cell(rows, REPORTED, "US-NYC", "all")["value"] == 2251
    assert cell(rows, PREDICTED, "US-NYC", "all")["value"] == 2338
    assert cell(rows, REPORTED, "US-PR", "all")["value"] == 520


def test_suppressed_counts_are_missing_not_zero() -> None:
    row = cell(parse(RAW, AS_OF), REPORTED, "US-WY", "cocaine")
    assert np.isnan(row["value"])
    assert row["status"] == "suppressed"


def test_a_number_that_its_own_footnote_calls_suppressed_is_not_kept() -> None:
    line = next(line for line in TEXT.splitlines() if line.startswith("WY,") and "Data suppressed (<10)" in line)
    fields = line.replace(",,", ",7.123457,", 1)
    assert fields != line
    rows = parse(TEXT.replace(line, fields).encode(), AS_OF)
    assert not (rows["value"] == 7.123457).any()
    assert len(rows) == len(parse(RAW, AS_OF))


def test_low_data_quality_is_not_reported_and_suppression_wins_where_both_are_said() -> None:
    rows = parse(RAW, AS_OF)
    assert cell(rows, REPORTED, "US-WY", "heroin")["status"] == "not_reported"
    assert cell(rows, REPORTED, "US-WY", "methadone")["status"] == "suppressed"
    assert cell(rows, PREDICTED, "US-WY", "methadone")["status"] == "suppressed"


def test_a_prediction_may_stand_where_the_reported_count_is_suppressed() -> None:
    rows = parse(RAW, AS_OF)
    assert cell(rows, REPORTED, "US-WY", "synthetic_opioids")["status"] == "suppressed"
    predicted = cell(rows, PREDICTED, "US-WY", "synthetic_opioids")
    assert (predicted["value"], predicted["status"]) == (10, "reported")


def test_years_whose_final_file_is_out_are_no_longer_provisional() -> None:
    rows = parse(RAW, AS_OF)
    assert not cell(rows, REPORTED, "US-AZ", "all", "2023-12-01")["provisional"]
    assert cell(rows, REPORTED, "US-AZ", "all", "2024-12-01")["provisional"]


def test_an_early_vintage_with_another_order_a_mark_and_blank_rows_is_read_without_predictions() -> None:
    rows = parse((PAYLOAD / "early.csv").read_bytes(), date(2017, 9, 13))
    assert cell(rows, "us_all_deaths_12m", "US-AK", "all", "2015-01-01")["value"] == 4034
    assert cell(rows, REPORTED, "US", "heroin", "2017-03-01")["value"] == 15_700
    assert PREDICTED not in set(rows["indicator"])


def test_a_compressed_file_and_the_query_interfaces_field_names_give_the_same_rows() -> None:
    heading, _, lines = TEXT.partition("\n")
    extract = f"{heading.lower().replace(' ', '_')}\n{lines}".encode()
    expected = parse(RAW, AS_OF)
    pd.testing.assert_frame_equal(parse(gzip.compress(RAW), AS_OF), expected)
    pd.testing.assert_frame_equal(parse(extract, AS_OF), expected)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Cocaine (T40.5)", "Cocaine (T40.5) and crack", "line 5, column Indicator: .*12 indicators.*and crack"),
        ("AZ,2023", "ZZ,2023", "line 2, column State: .*'ZZ'"),
        ("2023,December", "2023,Dezember", "line 2, column Month: .*'Dezember'"),
        ("AZ,2023", "AZ,23", "line 2, column Year"),
        ("12 month-ending", "4 week-ending", "line 2, column Period"),
        (",72000,", ",many,", "line 2, column Data Value: expected a number; found 'many'"),
        (",72000,", ",,", "line 2, column Data Value: expected a number, or a footnote that says why not"),
        ("AZ,2023,December", "AZ,2024,December", "keys given twice"),
        ("AZ,2023,December", "AZ,2025,December", "period 2025-12-01 is not over on 2025-05-14"),
    ],
)
def test_a_row_that_breaks_the_layout_is_named(old: str, new: str, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        parse(TEXT.replace(old, new).encode(), AS_OF)


@pytest.mark.parametrize("heading", ["Data Value", "Predicted Value", "Footnote", "Percent Pending Investigation"])
def test_a_changed_heading_lists_expected_and_found(heading: str) -> None:
    with pytest.raises(LayoutError, match=r"line 1: expected the columns State, .*unknown Something else"):
        parse(TEXT.replace(f",{heading}", ",Something else", 1).encode(), AS_OF)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("vsrr_full_2025-07-16.csv.gz", date(2025, 7, 16)),
        ("xkb8-kh2a_2025-07-16.csv", date(2025, 7, 16)),
        ("vsrr_full_2025-13-16.csv", None),
        ("VSRR_Provisional_Drug_Overdose_Death_Counts.csv", None),
        ("12025-07-160.csv", None),
    ],
)
def test_a_date_in_the_files_name_dates_it(name: str, day: date | None) -> None:
    assert SOURCE.dated(name, b"") == day


class Site:
    """Stands in for the downloader: the bulk export and the dataset's metadata."""

    def __init__(self, metadata: bytes) -> None:
        self.metadata, self.asked = metadata, list[str]()

    def get(self, url: str, held: Validators | None = None) -> Response | None:
        self.asked.append(url)
        if held:
            return None
        body = RAW if "rows.csv" in url else self.metadata
        return Response(url, body, datetime(2025, 7, 17, 8, tzinfo=UTC), '"v1"', None)


def fetched(site: Site, held: dict[str, Validators] | None = None) -> list[Publication]:
    assert SOURCE.download is not None
    return list(SOURCE.download(site, held or {}))  # type: ignore[arg-type]


def test_the_whole_table_is_dated_by_the_day_its_rows_were_updated() -> None:
    site = Site(json.dumps({"id": "xkb8-kh2a", "rowsUpdatedAt": 1_752_667_200}).encode())
    (publication,) = fetched(site)
    assert publication.as_of == date(2025, 7, 16)
    assert publication.name == "xkb8-kh2a_2025-07-16.csv"
    assert publication.origin == "https://data.cdc.gov/api/views/xkb8-kh2a/rows.csv?accessType=DOWNLOAD"
    assert (publication.raw, publication.etag) == (RAW, '"v1"')
    assert SOURCE.dated(publication.name, RAW) == publication.as_of


def test_a_table_already_held_gives_nothing_and_asks_for_nothing_more() -> None:
    site = Site(b"")
    url = "https://data.cdc.gov/api/views/xkb8-kh2a/rows.csv?accessType=DOWNLOAD"
    assert fetched(site, {url: Validators('"v1"', None)}) == []
    assert site.asked == [url]


def test_an_update_in_the_future_is_dated_by_the_day_of_download() -> None:
    (publication,) = fetched(Site(json.dumps({"rowsUpdatedAt": 1_893_456_000}).encode()))
    assert publication.as_of == date(2025, 7, 17)


@pytest.mark.parametrize(
    "metadata", [b"", b"[]", b"{}", b'{"rowsUpdatedAt": "soon"}', b'{"rowsUpdatedAt": 1e99}', b"\xff"]
)
def test_metadata_without_the_time_of_update_is_refused(metadata: bytes) -> None:
    with pytest.raises(LayoutError, match="rowsUpdatedAt"):
        updated_on(metadata)


def test_the_real_vintages_are_read_and_hold_the_known_figures(shared_data: Path) -> None:
    folder = shared_data / "us/vsrr"
    sizes = {}
    for day in ("2019-04-24", "2019-10-15", "2025-07-16"):
        rows = parse((folder / f"vsrr_full_{day}.csv.gz").read_bytes(), date.fromisoformat(day))
        sizes[day] = rows["indicator"].value_counts()["us_overdose_deaths_12m"]
    assert sizes == {"2019-04-24": 10_080, "2019-10-15": 17_900, "2025-07-16": 63_684}
    assert cell(rows, REPORTED, "US", "all")["value"] == 80_719
    states = rows[(rows["indicator"] == REPORTED) & (rows["substance"] == "all") & (rows["period"] == "2024-12-01")]
    parts = states[~states["geography"].isin(["US", "US-PR"])]["value"].sum()
    assert parts == 80_719  # fifty states, DC and New York City, without Puerto Rico


def test_the_real_metadata_gives_a_day(shared_data: Path) -> None:
    metadata = (shared_data / "us/vsrr/xkb8-kh2a_socrata_view_metadata_2025-07.json").read_bytes()
    assert updated_on(metadata).strftime("%Y-%m") == "2025-07"
