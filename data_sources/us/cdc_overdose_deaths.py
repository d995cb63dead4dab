"""us_cdc_overdose_deaths: provisional drug overdose deaths by state, 12 months ending (VSRR of CDC/NCHS).

Every row is a 12-month-ending count by place of death. A blank figure carries a footnote that says why; the
footnote also tells final years ("… final data …") from years still incomplete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pandas as pd

from data_sources.download import Downloader
from data_sources.observations import check
from data_sources.phrases import Phrase
from data_sources.socrata import whole_table
from data_sources.source import Publication, Source, Validators
from data_sources.tables import ENGLISH_MONTHS, numbers, refuse, table, words
from data_sources.vocabulary import GEOGRAPHIES

ID = "us_cdc_overdose_deaths"
HOST, DATASET = "data.cdc.gov", "xkb8-kh2a"
REPORTED, PREDICTED = "us_overdose_deaths_12m", "us_overdose_deaths_12m_predicted"
ALL_CAUSES, SPECIFIED = "us_all_deaths_12m", "us_overdose_drugs_specified_pct"
PENDING = "us_overdose_pending_pct"
HEADINGS = [
    "State",
    "Year",
    "Month",
    "Period",
    "Indicator",
    "Data Value",
    "Percent Pending Investigation",
    "Footnote",
]
# The first vintages have no predicted values; the others are not read, but belong to the layout.
OPTIONAL = ["Predicted Value", "Percent Complete", "State Name", "Footnote Symbol"]
_FIELDS = {heading.lower().replace(" ", "_"): heading for heading in [*HEADINGS, *OPTIONAL]}  # as SODA names them
MEASURES = {
    "Number of Deaths": (ALL_CAUSES, "all"),
    "Percent with drugs specified": (SPECIFIED, "all"),
    "Number of Drug Overdose Deaths": (REPORTED, "all"),
    "Cocaine (T40.5)": (REPORTED, "cocaine"),
    "Heroin (T40.1)": (REPORTED, "heroin"),
    "Methadone (T40.3)": (REPORTED, "methadone"),
    "Natural & semi-synthetic opioids (T40.2)": (REPORTED, "natural_semisynthetic_opioids"),
    "Natural & semi-synthetic opioids, incl. methadone (T40.2, T40.3)": (
        REPORTED,
        "natural_semisynthetic_opioids_methadone",
    ),
    "Natural, semi-synthetic, & synthetic opioids, incl. methadone (T40.2-T40.4)": (
        REPORTED,
        "natural_semisynthetic_synthetic_opioids_methadone",
    ),
    "Opioids (T40.0-T40.4,T40.6)": (REPORTED, "opioids"),
    "Psychostimulants with abuse potential (T43.6)": (REPORTED, "psychostimulants"),
    "Synthetic opioids, excl. methadone (T40.4)": (REPORTED, "synthetic_opioids"),
}
_INDICATOR = {text: indicator for text, (indicator, _) in MEASURES.items()}
_SUBSTANCE = {text: substance for text, (_, substance) in MEASURES.items()}
_STATES = {code.removeprefix("US-"): code for code, place in GEOGRAPHIES.items() if place.kind == "state"}
PLACES = {**_STATES, "US": "US", "YC": "US-NYC"}  # NY stands for the state without New York City
_MONTHS = {name: str(number) for number, name in enumerate(ENGLISH_MONTHS, start=1)}


def parse(raw: bytes, as_of: date) -> pd.DataFrame:
    """Reported and predicted deaths, all-cause deaths, and the percentages that say how complete they are."""
    lines = table(raw, HEADINGS, optional=OPTIONAL, aliases=_FIELDS)
    refuse(lines, lines["Period"] != "12 month-ending", "Period", '"12 month-ending"')
    cells = pd.DataFrame(
        {
            "indicator": words(
                lines, "Indicator", _INDICATOR, expected=Phrase("one of the {n} indicators", n=len(MEASURES))
            ),
            "geography": words(lines, "State", PLACES, expected=Phrase("a state's postal code, US or YC")),
            "substance": words(lines, "Indicator", _SUBSTANCE, expected=Phrase("one of the indicators")),
            "period": _period(lines),
            "value": numbers(lines, "Data Value", blank=np.nan),
            "status": _why_blank(lines),
            # Years whose final file is out say "Numbers may differ from published reports using final data."
            "provisional": ~lines["Footnote"].str.contains("final data", regex=False),
            "predicted": numbers(lines, "Predicted Value", blank=np.nan),
            "pending": numbers(lines, "Percent Pending Investigation", blank=np.nan),
        }
    )
    refuse(
        lines,
        cells["value"].isna() & (cells["status"] == ""),
        "Data Value",
        Phrase("a number, or a footnote that says why not"),
    )
    # A number whose own footnote calls it suppressed is the publisher's slip, and is not kept.
    cells["value"] = cells["value"].mask(cells["status"] == "suppressed")
    rows = pd.concat(_parts(cells), ignore_index=True)
    return check(rows.assign(source=ID, as_of=pd.Timestamp(as_of)))


def _parts(cells: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The rows of each indicator, with the status of a value that is there set to reported."""
    yield _with_status(cells)
    deaths = cells[cells["indicator"] == REPORTED]
    if deaths["predicted"].notna().any():
        yield _with_status(deaths.assign(indicator=PREDICTED, value=deaths["predicted"]))
    # One percentage per state and period, repeated on the rows of all its indicators.
    states = cells.drop_duplicates(["geography", "period", "pending"])
    yield _with_status(states.assign(indicator=PENDING, substance="all", value=states["pending"], status=""))


def _with_status(cells: pd.DataFrame) -> pd.DataFrame:
    blank = cells["status"].where(cells["status"] != "", "not_reported")
    return cells.assign(status=blank.where(cells["value"].isna(), "reported"))


def _period(lines: pd.DataFrame) -> pd.Series:
    """The first day of the month with which the twelve months end."""
    refuse(lines, ~lines["Year"].str.fullmatch(r"20\d\d"), "Year", Phrase("a year such as 2025"))
    month = words(lines, "Month", _MONTHS, expected=Phrase("an English month name"))
    return pd.to_datetime({"year": lines["Year"].astype(int), "month": month.astype(int), "day": 1})


def _why_blank(lines: pd.DataFrame) -> pd.Series:
    """What the footnote says of a blank: suppressed (which wins where it says both), not_reported or ""."""
    return lines["Footnote"].map({note: _reason(note) for note in lines["Footnote"].unique()}).astype("str")


def _reason(footnote: str) -> str:
    if re.search(r"Data\s+suppressed", footnote):
        return "suppressed"
    return "not_reported" if re.search(r"low\s+data\s+quality", footnote) else ""


def dated(name: str, raw: bytes) -> date | None:
    """The date in a file's name, as in vsrr_full_2025-07-16.csv.gz."""
    found = re.search(r"(?<!\d)20\d\d-\d\d-\d\d(?!\d)", name)
    try:
        return date.fromisoformat(found.group()) if found else None
    except ValueError:
        return None


def download(downloader: Downloader, held: Mapping[str, Validators]) -> Iterator[Publication]:
    """The whole table as it stands, nothing where the copy we hold is current."""
    return whole_table(downloader, held, source=ID, host=HOST, dataset=DATASET)


SOURCE = Source(
    id=ID,
    title="Provisional drug overdose death counts, 12 months ending",
    publisher="CDC, National Center for Health Statistics",
    country="US",
    licence="US government work",
    homepage=f"https://{HOST}/d/{DATASET}",
    hosts=frozenset({HOST}),
    indicators=(REPORTED, PREDICTED, ALL_CAUSES, SPECIFIED, PENDING),
    cadence_days=31,
    late_after_days=14,
    parse=parse,
    dated=dated,
    download=download,
)
