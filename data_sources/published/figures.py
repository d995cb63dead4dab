"""The embedded default: official figures from published tables, so that a fresh machine shows real statistics.

The pack (`figures.csv`, origins in `datasets.csv`) holds one line per series and as-of date: `values` are
separated by spaces, `.` is no figure, and `freq` A is only the spacing of the values given. Each as-of date
is one publication.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data_sources.errors import SchemaError
from data_sources.indicators import INDICATORS, PACK
from data_sources.mx.sesnsp_retail_drug_offences import not_collected
from data_sources.observations import KEY, check
from data_sources.phrases import Phrase
from data_sources.source import Publication, Source, Validators
from data_sources.tables import one_of, refuse, table

if TYPE_CHECKING:
    from data_sources.download import Downloader

ID = PACK
HEADING = ["indicator", "geography", "substance", "as_of", "unit", "dataset_id", "freq", "start", "values"]
_NAMES = {
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
_CASE_FILES = "drug_dealing_case_files"  # its two methods are told apart by the dataset
_METHODS = {"d1": "mx_retail_drug_case_files", "d2": "mx_retail_drug_case_files_rnid"}
_FINAL_FILE = "d23"  # CDC WONDER's final multiple-cause file
_UNITS = {"case_files": "case files", "per_10000_ed_visits": "per 10,000 visits"}
_STEP = {"M": pd.DateOffset(months=1), "A": pd.DateOffset(years=1), "W": pd.Timedelta(days=7)}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CBP_COVERAGE = pd.date_range("2018-10-01", "2025-12-01", freq="MS")
_YEAR_END = pd.offsets.YearEnd(0)


def parse(raw: bytes, as_of: date) -> pd.DataFrame:
    """The observations of the pack's lines, all of which must carry *as_of*."""
    lines = table(raw, HEADING)
    refuse(lines, lines["as_of"] != as_of.isoformat(), "as_of", Phrase("the as-of date {day}", day=as_of))
    refuse(lines, ~lines["freq"].isin(_STEP), "freq", one_of(_STEP))
    names = _indicators(lines)
    units = names.map({name: indicator.unit for name, indicator in INDICATORS.items()})
    refuse(lines, lines["unit"].replace(_UNITS) != units, "unit", Phrase("the indicator's unit"))
    series = [_series(lines.loc[line], name, as_of) for line, name in names.items()]
    rows = pd.concat(series, ignore_index=True).assign(source=ID, as_of=pd.Timestamp(as_of))
    # Two files of one day may give the same figure; where they differ, check() finds the key twice.
    return check(rows.drop_duplicates([*KEY, "value", "status"]))


@cache
def publishers() -> Mapping[str, tuple[str, ...]]:
    """Who published the pack's figures of each indicator, as `datasets.csv` names them."""
    folder = files("data_sources.published")
    lines = table(folder.joinpath("figures.csv").read_bytes(), HEADING)
    names = pd.read_csv(StringIO(folder.joinpath("datasets.csv").read_text("utf-8")), index_col="dataset_id")
    pairs = pd.DataFrame({"name": _indicators(lines), "publisher": lines["dataset_id"].map(names["publisher"])})
    return {str(name): tuple(rows["publisher"].unique()) for name, rows in pairs.groupby("name")}


def _indicators(lines: pd.DataFrame) -> pd.Series:
    """Our indicator of each line."""
    method = lines["dataset_id"].map(_METHODS)
    refuse(lines, (lines["indicator"] == _CASE_FILES) & method.isna(), "dataset_id", one_of(_METHODS))
    names = method.where(lines["indicator"] == _CASE_FILES, lines["indicator"].map(_NAMES))
    refuse(lines, names.isna(), "indicator", Phrase("an indicator of the pack"))
    return names


def _series(line: pd.Series, name: str, as_of: date) -> pd.DataFrame:
    """One line of the pack, a row per period."""
    words = line["values"].split()
    strange = [word for word in words if word != "." and not _NUMBER.fullmatch(word)]
    if strange or not words:
        found = repr(strange[0][:80]) if strange else Phrase("nothing")
        raise SchemaError(Phrase("numbers from 0 up, or . for no figure"), found, place=_place(line, "values"))
    try:
        start = pd.Timestamp(date.fromisoformat(line["start"]))
        period = pd.date_range(start, periods=len(words), freq=_STEP[line["freq"]])
    except (ValueError, OverflowError) as error:
        found = Phrase("{value} ({system})", value=repr(line["start"][:80]), system=str(error))
        expected = Phrase("a first day and as many periods")
        raise SchemaError(expected, found, place=_place(line, "start")) from None
    values = pd.Series([np.nan if word == "." else float(word) for word in words], index=period)
    if line["geography"].endswith("-sector"):
        values = _with_zeros(values, _place(line, "start"))
    rows = values.rename("value").rename_axis("period").reset_index()
    rows = rows.assign(
        indicator=name,
        geography=line["geography"],
        substance=line["substance"],
        status=_status(name, rows["value"]),
        provisional=_provisional(name, line["dataset_id"], rows["period"], pd.Timestamp(as_of)),
    )
    return not_collected(rows) if line["dataset_id"] == "d1" else rows


def _place(line: pd.Series, column: str) -> Phrase:
    return Phrase("line {n}, column {name}", n=int(str(line.name)), name=column)


def _with_zeros(values: pd.Series, place: str) -> pd.Series:
    """A sector's months, 0 where the publisher's files have no row: zero inside the files' own coverage.

    A line begins with the sector's first seizure and ends with its last; the coverage is wider.
    """
    beyond = values.index.difference(_CBP_COVERAGE)
    if len(beyond):
        expected = Phrase("months from {first} to {last}", first="2018-10", last="2025-12")
        raise SchemaError(expected, f"{beyond[0]:%Y-%m}", place=place)
    return values.reindex(_CBP_COVERAGE).fillna(0.0)


def _status(indicator: str, values: pd.Series) -> pd.Series:
    # Every blank rate of emergency visits in the publisher's file of 2025-08-25 (89 in Arizona, New Mexico and
    # Texas) is suppressed: fewer than 20 visits, or March to August 2020. Other gaps carry a reason that the
    # pack does not give.
    hidden = "suppressed" if indicator == "us_overdose_ed_rate" else "not_reported"
    return pd.Series(hidden, index=values.index).where(values.isna(), "reported")


def _provisional(indicator: str, dataset: str, period: pd.Series, as_of: pd.Timestamp) -> pd.Series:
    """Whether the publisher may still revise a figure, from when it has done so before."""
    if indicator.startswith("us_cbp_"):
        # Closed fiscal years are frozen; a file appears up to a month after its last month.
        return period >= pd.Timestamp(as_of - pd.Timedelta(days=31)).to_period("Y-SEP").start_time
    if indicator in _METHODS.values():
        # In ten releases of 2023-24 every changed figure was of the twelve newest months.
        return period > as_of - pd.DateOffset(months=13)
    if indicator == "us_overdose_ed_rate":
        # From August to October 2025 the rates of April to June changed, none before.
        return period > as_of - pd.DateOffset(months=6)
    if indicator.startswith("us_overdose_deaths") and "weekly" not in indicator and dataset != _FINAL_FILE:
        # A year's final file is out in January of the second year after (in April 2019 and July 2025 the
        # newest year marked final was 2017 and 2023).
        return period + _YEAR_END + pd.DateOffset(months=13) > as_of
    return pd.Series(False, index=period.index)


def download(downloader: Downloader | None, held: Mapping[str, Validators]) -> Iterator[Publication]:
    """One publication per as-of date of the pack; nothing is downloaded."""
    heading, *lines = files("data_sources.published").joinpath("figures.csv").read_text("utf-8").splitlines()
    by_date: dict[date, list[str]] = {}
    for line in lines:
        by_date.setdefault(date.fromisoformat(line.split(",")[3]), []).append(line)
    for as_of, chosen in sorted(by_date.items()):
        yield Publication(
            source=ID,
            name=f"{ID}_{as_of}.csv",
            raw="\n".join([heading, *chosen, ""]).encode(),
            as_of=as_of,
            retrieved=datetime.combine(as_of, time(), UTC),
            origin="figures.csv",
        )


def dated(name: str, raw: bytes) -> date | None:
    """The as-of date of the first line."""
    try:
        return date.fromisoformat(raw.decode("utf-8").splitlines()[1].split(",")[3])
    except (UnicodeDecodeError, IndexError, ValueError):
        return None


SOURCE = Source(
    id=ID,
    title="Published official figures, the embedded default",
    publisher="CDC, CBP, SESNSP, UNODC, US Census Bureau, CONAPO",
    country="US MX",
    licence="as each dataset: see DATA_LICENSES.md",
    homepage="https://data.cdc.gov",
    hosts=frozenset(),
    indicators=(*_NAMES.values(), *_METHODS.values()),
    cadence_days=366,
    late_after_days=366,
    parse=parse,
    dated=dated,
    download=download,
    coverage="keys",
)
