"""What the two crime tables of Mexico's SESNSP share: complete grids of crimes by state, months as columns, links.

A table has one line per year, state and crime, and a column per month; the whole history is published again every
month. Months not yet published are empty, or 0 in every line.
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import numpy as np
import pandas as pd

from data_sources.download import Downloader, by_hand
from data_sources.errors import DownloadError, SchemaError
from data_sources.phrases import Phrase
from data_sources.source import Publication, Validators
from data_sources.tables import numbers, refuse

log = logging.getLogger(__name__)

LANDING_PAGE = (
    "https://www.gob.mx/sesnsp/acciones-y-programas/datos-abiertos-de-incidencia-delictiva?state=published"
)
CATALOGUE = "https://www.datos.gob.mx/api/3/action/package_show?id=incidencia_delictiva"
HOSTS = frozenset({"www.gob.mx", "www.datos.gob.mx", "repodatos.atdt.gob.mx"})
ENCODINGS = ("utf-8-sig", "cp1252")  # cp1252 as a rule; UTF-8 with a byte order mark has been seen
REVISED = pd.DateOffset(months=12)  # ten releases of 2023-24 changed none but the twelve newest months
_DATA_FILE = re.compile(r"\.(csv|gz|zip)$", re.IGNORECASE)
# A dashboard's link stands before the table's under nearly the same text; the others are other tables.
_OTHERS = re.compile(r"tablero|municipal|victimas|1997|diccionario")
_STATES = 32


def case_files(
    lines: pd.DataFrame, *, months: Sequence[str], place: pd.Series, crime: Sequence[str], drugs: pd.Series
) -> pd.DataFrame:
    """Case files of the *drugs* lines: months × states, NaN where not reported, up to the last month published.

    The lines' first column is the year, *place* our code of each line's state and *crime* the columns that name
    the crime. A state without a single case of any crime in a month has not reported it, and the last month
    published is the last that any state has reported. A blank beside other crimes' figures is not reported either.
    Raises SchemaError where the grid of years, states and crimes has holes.
    """
    year_column = lines.columns[0]
    refuse(lines, ~lines[year_column].str.fullmatch(r"20\d\d"), year_column, Phrase("a year such as 2025"))
    year = lines[year_column].astype(int)
    _check_grid(lines, year, place, crime)
    figures = pd.concat(
        {number: numbers(lines, name, blank=np.nan) for number, name in enumerate(months, 1)}, axis=1
    )
    # Oaxaca has 0 in every crime in eight months of 2015 and in October 2016, beside 2,800 cases in others.
    every = figures.groupby([year, place]).sum().rename_axis(columns="month").stack().unstack(1)
    sums = figures[drugs].groupby([year[drugs], place[drugs]]).sum(skipna=False)
    monthly = sums.rename_axis(columns="month").stack().unstack(1).where(every > 0)
    periods = [pd.Timestamp(year, month, 1) for year, month in monthly.index]
    published = np.flatnonzero(every.to_numpy().any(axis=1))
    if not len(published):
        hint = Phrase("Get the file again from the publisher.")
        raise SchemaError(Phrase("figures"), Phrase("none but zeros and blanks"), hint)
    return monthly.set_axis(pd.DatetimeIndex(periods, name="period")).iloc[: published[-1] + 1]


def _check_grid(lines: pd.DataFrame, year: pd.Series, place: pd.Series, crime: Sequence[str]) -> None:
    """Every year has 32 states, and every state of a year the same crimes once: else the file was cut."""
    twice = lines.duplicated([lines.columns[0], *lines.columns[1:3], *crime])
    refuse(lines, twice, crime[-1], Phrase("each crime once"))
    years = sorted(year.unique())
    if years != list(range(years[0], years[-1] + 1)):
        expected = Phrase("every year from {first} to {last}", first=int(years[0]), last=int(years[-1]))
        raise SchemaError(expected, ", ".join(map(str, years)))
    for number in years:
        chosen = place[year == number]
        counts = chosen.value_counts()
        crimes = len(lines.loc[year == number, list(crime)].drop_duplicates())
        if len(counts) != _STATES or counts.nunique() != 1 or counts.iloc[0] != crimes:
            raise SchemaError(
                Phrase("{n} states with {crimes} crimes each in {year}", n=_STATES, crimes=crimes, year=number),
                Phrase(
                    "{n} states with {least} to {most}",
                    n=len(counts),
                    least=int(counts.min()),
                    most=int(counts.max()),
                ),
                Phrase("The file may be truncated. Get it again from the publisher."),
            )


def rows(monthly: pd.DataFrame) -> pd.DataFrame:
    """Months × states as rows of the frame, blanks being not reported; the newest twelve months are provisional."""
    long = monthly.rename_axis(columns="geography").unstack().rename("value").reset_index()
    return long.assign(
        status=pd.Series("not_reported", index=long.index).where(long["value"].isna(), "reported"),
        provisional=long["period"] > monthly.index[-1] - REVISED,
    )


def with_nation(states: pd.DataFrame) -> pd.DataFrame:
    """The states' rows and Mexico's: their sum, or no figure in a month in which a state has none.

    A sum over fewer states in some months than in others would show steps that are not in the offences.
    """
    by_month = states.groupby("period")
    nation = pd.DataFrame(
        {"value": by_month["value"].sum(skipna=False), "provisional": by_month["provisional"].first()}
    )
    collected = by_month["status"].agg(lambda status: not (status == "not_collected").any())
    blank = pd.Series("not_collected", index=nation.index).mask(collected, "not_reported")
    nation = nation.assign(status=blank.where(nation["value"].isna(), "reported"), geography="MX").reset_index()
    return pd.concat([states, nation], ignore_index=True)


def publications(
    downloader: Downloader, held: Mapping[str, Validators], *, source: str, wanted: str
) -> Iterator[Publication]:
    """The tables whose link text has the word *wanted*, but for those we hold unchanged; raises DownloadError."""
    for url in _discover(downloader, wanted):
        file = downloader.get(url, held.get(url))
        if file is None:
            continue
        modified = file.modified()
        public = min(modified.astimezone(UTC), file.retrieved) if modified else file.retrieved
        yield Publication(
            source=source,
            name=urlsplit(url).path.rpartition("/")[2],
            raw=file.raw,
            as_of=public.date(),
            retrieved=file.retrieved,
            origin=url,
            etag=file.etag,
            last_modified=file.last_modified,
        )


def _discover(downloader: Downloader, wanted: str) -> list[str]:
    """The tables' addresses, from the landing page or, where a gate stands before it, from the open-data catalogue.

    Addresses are never guessed: the server answers 503 for a month it does not have, as it does when busy.
    """
    try:
        page = downloader.get(LANDING_PAGE, page=True)
        found = chosen(links(page.raw), wanted) if page else []
    except DownloadError as error:
        log.info("%s", error)
        found = []
    if not found:
        catalogue = downloader.get(CATALOGUE)
        found = chosen(_resources(catalogue.raw), wanted) if catalogue else []
    if not found:
        raise DownloadError(
            Phrase("a link to a table with the word {word}", word=repr(wanted)),
            Phrase("none on the page, none in the catalogue"),
            by_hand(LANDING_PAGE),
            file=LANDING_PAGE,
        )
    return found


def chosen(named: Sequence[tuple[str, str]], wanted: str) -> list[str]:
    """The addresses of data files whose text has the word *wanted* and names none of the other tables."""
    return list(
        dict.fromkeys(
            url
            for text, url in named
            if _DATA_FILE.search(urlsplit(url).path)
            and re.search(rf"\b{wanted}\b", plain(text))
            and not _OTHERS.search(plain(text))
        )
    )


def plain(text: str) -> str:
    """Lower case without accents, no-break spaces or runs of blanks."""
    letters = unicodedata.normalize("NFKD", text)
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).casefold().split())


def links(page: bytes) -> list[tuple[str, str]]:
    """Text and address of each link of a web page."""
    reader = _Links()
    reader.feed(page.decode("utf-8", "replace"))
    reader.close()
    return reader.found


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._address = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._address, self._text = urljoin(LANDING_PAGE, dict(attrs).get("href") or ""), []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._address:
            self.found.append(("".join(self._text), self._address))
            self._address = ""


def _resources(catalogue: bytes) -> list[tuple[str, str]]:
    """Name and address of each file in the open-data catalogue's answer."""
    try:
        return [(str(entry["name"]), str(entry["url"])) for entry in json.loads(catalogue)["result"]["resources"]]
    except (ValueError, TypeError, KeyError):
        raise DownloadError(
            Phrase("the catalogue's answer with result and resources"),
            repr(catalogue[:80].decode("utf-8", "replace")),
            by_hand(LANDING_PAGE),
            file=CATALOGUE,
        ) from None


def dated(name: str, raw: bytes) -> date | None:
    """None: the file and its name give the last month of data, not the day of publication."""
    return None
