"""CBP seizures: fiscal years, sums by place, zeros inside the window, and the files that are refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from data_sources.download import Response
from data_sources.errors import DownloadError, LayoutError, SchemaError
from data_sources.source import Publication, Validators
from data_sources.us.cbp_seizures import PAGE, SOURCE, newest_link, parse

PAYLOAD = Path(__file__).resolve().parents[1] / "data" / SOURCE.id
AS_OF = date(2025, 12, 18)
RAW = (PAYLOAD / "good.csv").read_bytes()
LINES = RAW.decode().splitlines()
WEIGHT, EVENTS = "us_cbp_seizure_weight", "us_cbp_seizure_events"


def value(rows: pd.DataFrame, indicator: str, geography: str, substance: str, period: str) -> float:
    cell = rows[
        (rows["indicator"] == indicator)
        & (rows["geography"] == geography)
        & (rows["substance"] == substance)
        & (rows["period"] == period)
    ]
    return float(cell["value"].item())


def with_lines(*lines: str) -> bytes:
    return "\n".join([*LINES, *lines, ""]).encode()


def test_october_to_december_belong_to_the_calendar_year_before_the_fiscal_year() -> None:
    rows = parse(RAW, AS_OF)
    assert sorted(rows["period"].dt.strftime("%Y-%m").unique()) == ["2025-08", "2025-09", "2025-10", "2025-11"]
    assert value(rows, WEIGHT, "US-CBP-tucson-sector", "fentanyl", "2025-10-01") == 12.25


def test_land_filters_components_and_areas_are_summed_into_area_region_and_country() -> None:
    rows = parse(RAW, AS_OF)
    assert value(rows, WEIGHT, "US-CBP-san-diego-field-office", "fentanyl", "2025-10-01") == 411.25
    assert value(rows, EVENTS, "US-CBP-southwest-border", "fentanyl", "2025-10-01") == 66
    assert value(rows, WEIGHT, "US", "cocaine", "2025-08-01") == pytest.approx(1557.3113)
    assert value(rows, WEIGHT, "US-CBP-coastal-interior", "cocaine", "2025-08-01") == pytest.approx(1102.3113)


def test_a_combination_without_a_row_is_a_reported_zero_inside_the_files_months() -> None:
    rows = parse(RAW, AS_OF)
    assert value(rows, EVENTS, "US-CBP-swanton-sector", "fentanyl", "2025-09-01") == 0
    assert value(rows, WEIGHT, "US-CBP-swanton-sector", "cannabis", "2025-11-01") == 0
    assert value(rows, WEIGHT, "US-CBP-havre-sector", "heroin", "2025-08-01") == 0  # an area without any row
    assert (rows["status"] == "reported").all()
    places, drugs = rows["geography"].nunique(), rows["substance"].nunique()
    assert (places, drugs) == (41 + 3 + 1, 10)
    assert len(rows) == 2 * places * drugs * 4


def test_only_the_fiscal_year_to_date_is_provisional() -> None:
    rows = parse(RAW, AS_OF)
    assert set(rows.loc[rows["provisional"], "period"].dt.month) == {10, 11}
    assert set(rows.loc[~rows["provisional"], "period"].dt.month) == {8, 9}


def test_the_sum_does_not_depend_on_the_order_of_the_rows() -> None:
    heading, *lines = LINES
    turned = "\n".join([heading, *reversed(lines), ""]).encode()
    pd.testing.assert_frame_equal(parse(turned, AS_OF), parse(RAW, AS_OF))


def test_totals_equal_a_plain_loop_over_the_lines() -> None:
    totals: dict[str, float] = {}
    for line in LINES[1:]:
        *_, drug, _, pounds = line.split(",")
        totals[drug] = totals.get(drug, 0) + float(pounds)
    rows = parse(RAW, AS_OF)
    national = rows[(rows["geography"] == "US") & (rows["indicator"] == WEIGHT)].groupby("substance")["value"].sum()
    assert national["fentanyl"] == pytest.approx(totals["Fentanyl"])
    assert national["other"] == pytest.approx(totals["Other Drugs**"])
    assert national["lsd"] == pytest.approx(totals["Lsd"], abs=1e-6)
    assert national.sum() == pytest.approx(sum(totals.values()))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (LINES[-1], "line 18, column Drug Type: expected each combination"),
        (
            "2025,SEP,U.S. Border Patrol,Southwest Border,Other,NOGALES SECTOR,Heroin,1,1",
            "line 18.*'NOGALES SECTOR'",
        ),
        ("2025,SEP,U.S. Border Patrol,Western Border,Other,YUMA SECTOR,Heroin,1,1", "line 18, column Region"),
        ("2025,SEP,U.S. Border Patrol,Southwest Border,Other,YUMA SECTOR,Xylazine,1,1", "'Xylazine'"),
        ("2025,SEP,Air and Marine Operations,Southwest Border,Other,YUMA SECTOR,Heroin,1,1", "column Component"),
        ("2025,SEPT,U.S. Border Patrol,Southwest Border,Other,YUMA SECTOR,Heroin,1,1", r"column Month \(abbv\)"),
        ("FY25,SEP,U.S. Border Patrol,Southwest Border,Other,YUMA SECTOR,Heroin,1,1", "line 18, column FY"),
        ("2025,SEP,U.S. Border Patrol,Southwest Border,Other,YUMA SECTOR,Heroin,1,about 2", "column Sum Qty"),
        ("2025,SEP,U.S. Border Patrol,Southwest Border,Other,YUMA SECTOR,Heroin,,2", "column Count of Event"),
        ("2025,SEP,U.S. Border Patrol,Southwest Border,Other,YUMA SECTOR,Heroin,1,-2", "a number from 0 up"),
    ],
)
def test_a_row_that_breaks_the_layout_is_named(line: str, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        parse(with_lines(line), AS_OF)


def test_a_month_without_any_row_is_a_gap_in_the_file_not_a_nation_without_seizures() -> None:
    earlier = "2025,MAR,U.S. Border Patrol,Southwest Border,Other,YUMA SECTOR,Heroin,1,1"
    with pytest.raises(SchemaError, match=r"2025-03 to 2025-11; found none of 2025-04, 2025-05"):
        parse(with_lines(earlier), AS_OF)


def test_an_extract_of_one_region_is_refused_since_its_national_sums_would_be_wrong() -> None:
    extract = "\n".join(line for line in [*LINES, ""] if "Northern Border" not in line).encode()
    with pytest.raises(SchemaError, match=r"found none of Northern Border\. .*an extract"):
        parse(extract, AS_OF)


def test_a_month_that_was_not_over_is_outside_what_the_file_can_hold() -> None:
    with pytest.raises(SchemaError, match="period 2025-11-01 is not over on 2025-11-20"):
        parse(RAW, date(2025, 11, 20))


def test_the_air_and_marine_table_is_refused_as_a_separate_family() -> None:
    heading = LINES[0].replace("Area of Responsibility", "Branch")
    line = "2025,SEP,Air and Marine Operations,Southwest Border,Land,Tucson Air Branch,Fentanyl,2,0.33"
    with pytest.raises(LayoutError, match=r"Air and Marine Operations table.*import the nationwide-drugs file"):
        parse(f"{heading}\n{line}\n".encode(), AS_OF)


def test_a_changed_heading_lists_expected_and_found() -> None:
    changed = RAW.replace(b"Drug Type", b"Drug", 1)
    with pytest.raises(LayoutError, match=r"Drug Type.*found FY.*no Drug Type; unknown Drug"):
        parse(changed, AS_OF)


def test_the_files_name_does_not_date_it() -> None:
    assert SOURCE.dated("nationwide-drugs-fy23-fy26-dec.csv", RAW) is None


class Site:
    """Stands in for the downloader: the page, and one file."""

    def __init__(self, page: bytes, last_modified: str | None, *, retrieved: datetime) -> None:
        self.page, self.last_modified, self.retrieved = page, last_modified, retrieved
        self.asked: list[str] = []

    def get(self, url: str, held: Validators | None = None, *, page: bool = False) -> Response | None:
        self.asked.append(url)
        if page:
            return Response(url, self.page, self.retrieved, None, None)
        if held:
            return None
        return Response(url, RAW, self.retrieved, '"v1"', self.last_modified)


NEWEST = "https://www.cbp.gov/sites/default/files/2026-01/nationwide-drugs-fy23-fy26-dec.csv"


def fetched(
    last_modified: str | None, held: Mapping[str, Validators] | None = None, *, page: bytes | None = None
) -> list[Publication]:
    site = Site(
        page or (PAYLOAD / "page.html").read_bytes(), last_modified, retrieved=datetime(2026, 1, 22, 9, tzinfo=UTC)
    )
    assert SOURCE.download is not None
    return list(SOURCE.download(site, held or {}))  # type: ignore[arg-type]


def test_the_newest_file_linked_on_the_page_is_downloaded_and_dated_by_the_server() -> None:
    (publication,) = fetched("Tue, 20 Jan 2026 15:00:00 GMT")
    assert publication.origin == NEWEST
    assert publication.name == "nationwide-drugs-fy23-fy26-dec.csv"
    assert publication.as_of == date(2026, 1, 20)
    assert (publication.raw, publication.etag) == (RAW, '"v1"')


@pytest.mark.parametrize(
    "doubtful", [None, "yesterday", "Wed, 03 Dec 2025 15:00:00 GMT", "Mon, 20 Jan 2031 15:00:00 GMT"]
)
def test_a_doubtful_date_of_the_server_gives_way_to_the_day_of_download(doubtful: str | None) -> None:
    assert fetched(doubtful)[0].as_of == date(2026, 1, 22)


def test_a_file_already_held_gives_nothing() -> None:
    assert fetched(None, {NEWEST: Validators('"v1"', None)}) == []


@pytest.mark.parametrize(
    ("names", "newest"),
    [
        (["fy23-fy26-dec", "fy23-fy26-jan"], "fy23-fy26-jan"),
        (["fy23-fy26-sep", "fy23-fy26-oct"], "fy23-fy26-sep"),
        (["fy22-fy25", "fy23-fy26-oct"], "fy23-fy26-oct"),
        (["fy23-fy26", "fy23-fy26-aug"], "fy23-fy26"),
        (["fy23-fy26-dec_0", "fy23-fy26-nov"], "fy23-fy26-dec_0"),
    ],
)
def test_the_newest_month_follows_the_fiscal_year(names: list[str], newest: str) -> None:
    page = "".join(f'<a href="/sites/default/files/2026-01/nationwide-drugs-{name}.csv">' for name in names)
    assert newest_link(page).endswith(f"nationwide-drugs-{newest}.csv")


@pytest.mark.parametrize(
    "page", ["", "<html>Just a moment…</html>", '<a href="/sites/amo-drug-seizures-fy23-fy26.csv">']
)
def test_a_page_without_the_link_says_to_import_by_hand(page: str) -> None:
    with pytest.raises(DownloadError, match=f"{PAGE} and add it with: drug-trends import us_cbp_seizures"):
        newest_link(page)


def test_fentanyl_of_fiscal_year_2023_matches_the_known_figure(shared_data: Path) -> None:
    rows = parse((shared_data / "us/cbp/nationwide-drugs-fy20-fy23.csv").read_bytes(), date(2023, 10, 20))
    chosen = (rows["indicator"] == WEIGHT) & (rows["geography"] == "US") & (rows["substance"] == "fentanyl")
    year = rows["period"].between("2022-10-01", "2023-09-01")
    assert round(rows.loc[chosen & year, "value"].sum(), 2) == 27_022.85


def test_closed_fiscal_years_do_not_change_between_windows(shared_data: Path) -> None:
    folder = shared_data / "us/cbp"
    older = parse((folder / "nationwide-drugs-fy19-fy22.csv").read_bytes(), date(2022, 10, 20))
    newer = parse((folder / "nationwide-drugs-fy20-fy23.csv").read_bytes(), date(2023, 10, 20))
    both = older.merge(newer, on=["indicator", "geography", "substance", "period"])
    assert len(both) == 2 * 45 * 10 * 36
    assert (both["value_x"] == both["value_y"]).all()


def test_the_real_air_and_marine_table_is_refused(shared_data: Path) -> None:
    with pytest.raises(LayoutError, match="Air and Marine"):
        parse((shared_data / "us/cbp/amo-drug-seizures-fy23-fy26-dec.csv").read_bytes(), date(2026, 1, 20))
