"""The embedded default: official figures from published tables, so that a fresh machine shows real statistics.

The pack (`figures.csv`, origins in `datasets.csv`) holds one line per series and as-of date: `values` are
separated by spaces, `.` is no figure, and `freq` A is only the spacing of the values given. Each as-of date
is one publication.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from data_sources.errors import LayoutError, SchemaError, SourceError
from data_sources.indicators import INDICATORS
from data_sources.observations import COLUMNS, KEY, check
from data_sources.source import Publication, Source, Validators

if TYPE_CHECKING:
    from data_sources.download import Downloader

HEADING = ["indicator", "geography", "substance", "as_of", "unit", "dataset_id", "freq", "start", "values"]
_NAMES = {
    ("drug_dealing_case_files", "d1"): "mx_retail_drug_case_files",
    ("drug_dealing_case_files", "d2"): "mx_retail_drug_case_files_rnid",
    "drug_seizure_events_fiscal_year": "us_cbp_seizure_events_fy",
    "drug_seizure_events_fiscal_year_to_date": "us_cbp_seizure_events_fytd",
    "drug_seizures": "us_cbp_seizure_weight",
    "drug_seizures_fiscal_year": "us_cbp_seizure_weight_fy",
    "drug_seizures_fiscal_year_to_date": "us_cbp_seizure_weight_fytd",
    "drug_seizures_annual": "annual_seizure_weight",
    "nonfatal_overdose_ed_rate": "us_overdose_ed_rate",
    "overdose_deaths_12mo_predicted": "us_overdose_deaths_12m_predicted",
    "overdose_deaths_12mo_reported": "us_overdose_deaths_12m",
    "overdose_deaths_monthly": "us_overdose_deaths_monthly",
    "overdose_deaths_weekly_modelled": "us_overdose_deaths_weekly_modelled",
    "population": "population",
}
_UNITS = {"case_files": "case files", "per_10000_ed_visits": "per 10,000 visits"}
_STEP = {"M": pd.DateOffset(months=1), "A": pd.DateOffset(years=1), "W": pd.Timedelta(days=7)}
_CBP_COVERAGE = pd.date_range("2018-10-01", "2025-12-01", freq="MS")
_FINAL_AFTER = pd.DateOffset(months=24)  # US deaths: the final file of a year is out well before
_ALWAYS_FINAL = ("us_overdose_deaths_weekly_modelled", "annual_seizure_weight", "population")


def parse(raw: bytes, as_of: date) -> pd.DataFrame:
    """The observations of the pack's lines, all of which must carry *as_of*."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LayoutError("text in UTF-8", f"a byte that is not, at {error.start}") from None
    lines = csv.DictReader(io.StringIO(text))
    if list(lines.fieldnames or []) != HEADING:
        raise LayoutError(
            f"the heading {', '.join(HEADING)}", ", ".join(lines.fieldnames or []) or "no heading", place="line 1"
        )
    series = [_series(line, number, as_of) for number, line in enumerate(lines, start=2)]
    if not series:
        raise SourceError("at least one line of figures", "none")
    rows = pd.concat(series, ignore_index=True)
    # Two publications of one day may give the same figure; where they differ, check() finds the key twice.
    return check(rows.drop_duplicates([*KEY, "value"])[list(COLUMNS)])


def _series(line: dict[str, str], number: int, as_of: date) -> pd.DataFrame:
    place = f"line {number}"
    if None in line or any(line[column] is None for column in HEADING):
        raise LayoutError(f"{len(HEADING)} fields", "another number of fields (a truncated file?)", place=place)
    name = _NAMES.get(line["indicator"]) or _NAMES.get((line["indicator"], line["dataset_id"]))
    if name is None:
        raise SchemaError("an indicator of the pack", repr(line["indicator"]), place=f"{place}, indicator")
    indicator = INDICATORS[name]
    if _UNITS.get(line["unit"], line["unit"]) != indicator.unit:
        raise SchemaError(f"the unit {indicator.unit}", repr(line["unit"]), place=f"{place}, unit")
    if line["as_of"] != as_of.isoformat():
        raise SchemaError(f"the as-of date {as_of}", line["as_of"], place=f"{place}, as_of")
    if line["freq"] not in _STEP:
        raise SchemaError("freq M, A or W", repr(line["freq"]), place=f"{place}, freq")
    try:
        start = pd.Timestamp(line["start"])
        values = [float("nan") if word == "." else float(word) for word in line["values"].split()]
    except ValueError as error:
        raise SchemaError("a date and numbers", str(error), place=f"{place}, start or values") from None
    if not values:
        raise SchemaError("at least one value", "none", place=f"{place}, values")
    period = pd.DatetimeIndex([start + step * _STEP[line["freq"]] for step in range(len(values))])
    rows = pd.DataFrame({"period": period, "value": values})
    if line["geography"].endswith("-sector"):
        # No row in the publisher's file is zero inside the file's own coverage.
        rows = rows.set_index("period").reindex(_CBP_COVERAGE).fillna(0.0).rename_axis("period").reset_index()
    return rows.assign(
        indicator=name,
        geography=line["geography"],
        substance=line["substance"],
        source=SOURCE.id,
        as_of=pd.Timestamp(as_of),
        status=_status(name, rows["value"]),
        provisional=_provisional(name, rows["period"], as_of),
    )


def _status(indicator: str, values: pd.Series) -> pd.Series:
    # Blank rates of emergency visits are suppressed: fewer than 20 visits, or March to August 2020.
    hidden = "suppressed" if indicator == "us_overdose_ed_rate" else "not_reported"
    return pd.Series(hidden, index=values.index).where(values.isna(), "reported")


def _provisional(indicator: str, period: pd.Series, as_of: date) -> pd.Series:
    if indicator in _ALWAYS_FINAL:
        return pd.Series(False, index=period.index)
    return period + _FINAL_AFTER > pd.Timestamp(as_of)


def download(downloader: Downloader | None, held: Mapping[str, Validators]) -> Iterator[Publication]:
    """One publication per as-of date of the pack; nothing is downloaded."""
    heading, *lines = files("data_sources.published").joinpath("figures.csv").read_text("utf-8").splitlines()
    by_date: dict[date, list[str]] = {}
    for line in lines:
        by_date.setdefault(date.fromisoformat(line.split(",")[3]), []).append(line)
    for as_of, chosen in sorted(by_date.items()):
        yield Publication(
            source=SOURCE.id,
            name=f"published_figures_{as_of}.csv",
            raw="\n".join([heading, *chosen, ""]).encode(),
            as_of=as_of,
            retrieved=datetime.combine(as_of, time(), UTC),
            origin="data_sources/published/figures.csv",
        )


def dated(name: str, raw: bytes) -> date | None:
    """The as-of date of the first line."""
    try:
        return date.fromisoformat(raw.decode("utf-8").splitlines()[1].split(",")[3])
    except (UnicodeDecodeError, IndexError, ValueError):
        return None


SOURCE = Source(
    id="published_figures",
    title="Published official figures, the embedded default",
    publisher="CDC, CBP, SESNSP, UNODC, US Census Bureau, CONAPO",
    country="US MX",
    licence="as each dataset: see DATA_LICENSES.md",
    homepage="https://data.cdc.gov",
    hosts=frozenset(),
    indicators=tuple(sorted(set(_NAMES.values()))),
    cadence_days=366,
    late_after_days=366,
    parse=parse,
    dated=dated,
    download=download,
    coverage="keys",
)
