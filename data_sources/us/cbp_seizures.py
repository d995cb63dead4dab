"""us_cbp_seizures: drug seizures by US Customs and Border Protection, events and pounds by month and area.

The publisher's file is a window of about four fiscal years. It lists only what was seized: inside the window a
combination without a row is zero. Months of a fiscal year still running ("2026 (FYTD)") are restated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from html.parser import HTMLParser
from urllib.parse import urljoin

import pandas as pd

from data_sources.download import Downloader, Response, by_hand
from data_sources.errors import DownloadError, LayoutError, SchemaError
from data_sources.observations import check
from data_sources.phrases import Phrase
from data_sources.source import Publication, Source, Validators
from data_sources.tables import ENGLISH_MONTHS, decompressed, numbers, one_of, refuse, table, words
from data_sources.vocabulary import CBP_AREA_BY_NAME

ID = "us_cbp_seizures"
KEY = ["FY", "Month (abbv)", "Component", "Region", "Land Filter", "Area of Responsibility", "Drug Type"]
EVENTS, POUNDS = "Count of Event", "Sum Qty (lbs)"
MEASURES = {EVENTS: "us_cbp_seizure_events", POUNDS: "us_cbp_seizure_weight"}
REGIONS = {
    "Southwest Border": "US-CBP-southwest-border",
    "Northern Border": "US-CBP-northern-border",
    "Coastal/Interior": "US-CBP-coastal-interior",
}
PLACES = ("US", *REGIONS.values(), *CBP_AREA_BY_NAME.values())
COMPONENTS = ("Office of Field Operations", "U.S. Border Patrol")
DRUGS = {
    "Marijuana": "cannabis",
    "Other Drugs**": "other",
    "Cocaine": "cocaine",
    "Methamphetamine": "methamphetamine",
    "Heroin": "heroin",
    "Ecstasy": "ecstasy",
    "Fentanyl": "fentanyl",
    "Ketamine": "ketamine",
    "Lsd": "lsd",
    "Khat (Catha Edulis)": "khat",
}
_MONTHS = {name[:3].upper(): str(number) for number, name in enumerate(ENGLISH_MONTHS, start=1)}
PAGE = "https://www.cbp.gov/document/stats/nationwide-drug-seizures"
# …/2026-01/nationwide-drugs-fy23-fy26-dec.csv: the month is the last with data, and a closed window has none.
_FILE = re.compile(
    r"(?:/(20\d\d-\d\d))?/nationwide-drugs-fy\d\d-fy(\d\d)(?:-([a-z]{3}))?(?:_\d+)?\.csv$", re.IGNORECASE
)
_CELL = ["geography", "substance", "period"]


def parse(raw: bytes, as_of: date) -> pd.DataFrame:
    """Events and pounds by month, drug and place: each area, the three regions and the country."""
    if b"Branch" in decompressed(raw)[:200]:
        raise LayoutError(
            Phrase("the nationwide table, by Area of Responsibility"),
            Phrase("the Air and Marine Operations table, by Branch"),
            Phrase("Its seizures are counted separately: import the nationwide-drugs file instead."),
            place=Phrase("line {n}", n=1),
        )
    lines = table(raw, [*KEY, EVENTS, POUNDS])
    refuse(lines, lines.duplicated(KEY), "Drug Type", Phrase("each combination of the first seven columns once"))
    refuse(lines, ~lines["Component"].isin(COMPONENTS), "Component", one_of(COMPONENTS))
    rows = pd.DataFrame(
        {
            "period": _period(lines),
            "substance": words(lines, "Drug Type", DRUGS, expected=Phrase("a drug type in the list")),
            "area": words(
                lines, "Area of Responsibility", CBP_AREA_BY_NAME, expected=Phrase("an area in the list of areas")
            ),
            "region": words(lines, "Region", REGIONS, expected=Phrase("one of the three regions")),
            "current": lines["FY"].str.contains("FYTD", regex=False),
            **{indicator: numbers(lines, column) for column, indicator in MEASURES.items()},
        }
    )
    totals = _totals(rows).stack().rename("value").rename_axis([*_CELL, "indicator"]).reset_index()
    return check(
        totals.assign(
            source=ID,
            as_of=pd.Timestamp(as_of),
            status="reported",
            provisional=totals["period"].isin(rows.loc[rows["current"], "period"]),
        )
    )


def _period(lines: pd.DataFrame) -> pd.Series:
    """The calendar month of each row: a fiscal year begins in October of the year before."""
    fiscal = lines["FY"].str.extract(r"^(20\d\d)(?: \(FYTD\))?$")[0]
    refuse(lines, fiscal.isna(), "FY", Phrase('a fiscal year such as "2025" or "2026 (FYTD)"'))
    month = words(lines, "Month (abbv)", _MONTHS, expected=Phrase("a month such as OCT")).astype(int)
    year = fiscal.astype(int) - (month >= 10)
    return pd.to_datetime({"year": year, "month": month, "day": 1})


def _totals(rows: pd.DataFrame) -> pd.DataFrame:
    """Sums over components and land filters, zero where nothing was seized inside the file's own months."""
    months = pd.date_range(rows["period"].min(), rows["period"].max(), freq="MS")
    missing = [f"{month:%Y-%m}" for month in months.difference(rows["period"])]
    missing += [name for name, region in REGIONS.items() if region not in set(rows["region"])]
    if missing:
        raise SchemaError(
            Phrase(
                "rows of the three regions, and of every month from {first} to {last}",
                first=f"{months[0]:%Y-%m}",
                last=f"{months[-1]:%Y-%m}",
            ),
            Phrase("none of {names}", names=", ".join(missing[:5])),
            Phrase("The file may be truncated, or only an extract: import the publisher's whole file."),
        )
    places = pd.concat(
        [
            rows.assign(geography=rows["area"]),
            rows.assign(geography=rows["region"]),
            rows.assign(geography="US"),
        ]
    )
    # Rounded to half a milligram: sums of the same rows in another order differ in the last digits, and
    # would look like revisions.
    sums = places.groupby(_CELL)[list(MEASURES.values())].sum().round(6)
    return sums.reindex(pd.MultiIndex.from_product([PLACES, DRUGS.values(), months], names=_CELL), fill_value=0.0)


def dated(name: str, raw: bytes) -> date | None:
    """None: the file and its name give the last month of data, not the day of publication."""
    return None


def download(downloader: Downloader, held: Mapping[str, Validators]) -> Iterator[Publication]:
    """The newest file linked on the publisher's page, nothing where we hold it; raises DownloadError."""
    page = downloader.get(PAGE, page=True)
    assert page is not None  # nothing held, so never "not modified"
    url = newest_link(page.raw.decode("utf-8", "replace"))
    file = downloader.get(url, held.get(url))
    if file is not None:
        yield Publication(
            source=ID,
            name=url.rpartition("/")[2],
            raw=file.raw,
            as_of=_published(file),
            retrieved=file.retrieved,
            origin=url,
            etag=file.etag,
            last_modified=file.last_modified,
        )


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def newest_link(page: str) -> str:
    """The address of the nationwide file with the newest month of data; DownloadError where none is linked."""
    links = _Links()
    links.feed(page)
    files = {url: match for link in links.found if (match := _FILE.search(url := urljoin(PAGE, link.strip())))}
    if not files:
        raise DownloadError(
            Phrase("a link to {name}", name="nationwide-drugs-fy…-fy….csv"),
            Phrase("none among {n} links (a gate page, or a new layout)", n=len(links.found)),
            by_hand(PAGE, f"drug-trends import {ID} FILE --as-of DATE"),
            file=PAGE,
        )
    return max(files, key=lambda url: _last_month(files[url]))


def _last_month(match: re.Match[str]) -> tuple[int, int, str]:
    folder, year, month = match.groups()
    number = int(_MONTHS.get((month or "sep").upper(), "9"))
    return int(year), (number + 2) % 12, folder or ""


def _published(file: Response) -> date:
    """The day the server says the file was last modified, if not before its folder's month; else today's.

    Dating a file late is harmless, dating it before it was public is not.
    """
    retrieved = file.retrieved.date()
    modified = file.modified()
    match = _FILE.search(file.url)
    if modified is None or match is None or f"{modified:%Y-%m}" < (match[1] or ""):
        return retrieved
    return min(modified.date(), retrieved)


SOURCE = Source(
    id=ID,
    title="Nationwide drug seizures",
    publisher="US Customs and Border Protection",
    country="US",
    licence="US government work",
    homepage=PAGE,
    hosts=frozenset({"www.cbp.gov", "cbp.gov"}),
    indicators=tuple(MEASURES.values()),
    cadence_days=31,
    late_after_days=21,
    parse=parse,
    dated=dated,
    download=download,
)
