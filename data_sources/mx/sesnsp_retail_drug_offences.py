"""mx_sesnsp_retail_drug_offences: case files of drug dealing (narcomenudeo) opened by Mexico's states, by month.

Two methods in two families of files, which are two indicators and never joined: CNSP/38/15 for 2015-2025, where
drug dealing is one subtype of crime, and the RNID register from 2026 on, where it is two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files

import numpy as np
import pandas as pd

from data_sources import sesnsp
from data_sources.download import Downloader
from data_sources.errors import LayoutError
from data_sources.observations import check
from data_sources.phrases import Phrase
from data_sources.source import Publication, Source, Validators
from data_sources.tables import SPANISH_MONTHS, one_of, refuse, table, words
from data_sources.vocabulary import MX_STATE_BY_NUMBER

ID = "mx_sesnsp_retail_drug_offences"
OLD, RNID = "mx_retail_drug_case_files", "mx_retail_drug_case_files_rnid"
CRIME = ["Bien jurídico afectado", "Tipo de delito", "Subtipo de delito", "Modalidad"]
KEY = ["Año", "Clave_Ent", "Entidad", *CRIME]
TYPE = "Narcomenudeo"
SUBTYPES = {
    OLD: {"Narcomenudeo"},
    RNID: {"Narcomenudeo posesión simple", "Narcomenudeo con fines de venta"},
}
_BREAK = 2026  # the first year of the register
# Months in which a state sent no drug-dealing figures and the publisher's file says 0. A state that returns
# zeros at another time is reported as it is.
NOT_COLLECTED = (
    ("MX-BCN", "2015-01-01", "2016-05-01"),
    ("MX-TAB", "2015-02-01", "2016-05-01"),
    ("MX-DUR", "2015-01-01", "2015-04-01"),
    ("MX-TLA", "2015-01-01", "2015-03-01"),
    ("MX-GRO", "2018-06-01", "2018-08-01"),
)
# Clave_Ent is 1 in the first family, 01 in the second.
_PLACES = {
    spelling: code for number, code in MX_STATE_BY_NUMBER.items() for spelling in (f"{number}", f"{number:02d}")
}


def parse(raw: bytes, as_of: date) -> pd.DataFrame:
    """Case files by month, state and Mexico, under the method of the file's years."""
    lines = table(raw, [*KEY, *SPANISH_MONTHS], encodings=sesnsp.ENCODINGS)[[*KEY, *SPANISH_MONTHS]]
    indicator = _method(lines)
    drugs = _drugs(lines, indicator)
    place = words(lines, "Clave_Ent", _PLACES, expected=Phrase("a state's number from 1 to 32"))
    monthly = sesnsp.case_files(lines, months=SPANISH_MONTHS, place=place, crime=CRIME, drugs=drugs)
    states = sesnsp.rows(monthly)
    if indicator == OLD:
        states = not_collected(states)
    rows = sesnsp.with_nation(states)
    return check(rows.assign(indicator=indicator, substance="all", source=ID, as_of=pd.Timestamp(as_of)))


def _method(lines: pd.DataFrame) -> str:
    refuse(lines, ~lines["Año"].str.fullmatch(r"20\d\d"), "Año", Phrase("a year such as 2025"))
    register = lines["Año"].astype(int) >= _BREAK
    if register.nunique() != 1:
        raise LayoutError(
            Phrase("years before {year}, or from then on", year=_BREAK),
            Phrase("{first} to {last}", first=lines["Año"].min(), last=lines["Año"].max()),
            Phrase("The two methods come in two files."),
        )
    return RNID if register.iloc[0] else OLD


def _drugs(lines: pd.DataFrame, indicator: str) -> pd.Series:
    """Which lines are drug dealing; a crime the method does not know is refused, for it may be a part of it."""
    if indicator == RNID:
        refuse(
            lines,
            ~lines["Subtipo de delito"].isin(_register()),
            "Subtipo de delito",
            Phrase("one of the {n} crime subtypes of the register", n=len(_register())),
            Phrase("A new subtype may take cases from an old one: look at the publisher's note on the register."),
        )
    subtypes = SUBTYPES[indicator]
    dealing = lines["Tipo de delito"] == TYPE
    refuse(
        lines,
        dealing & ~lines["Subtipo de delito"].isin(subtypes),
        "Subtipo de delito",
        one_of(sorted(subtypes)),
    )
    absent = subtypes - set(lines.loc[dealing, "Subtipo de delito"])
    if absent:
        raise LayoutError(
            Phrase("the crime subtypes {names}", names=", ".join(sorted(subtypes))),
            Phrase("no {name}", name=", ".join(sorted(absent))),
        )
    return dealing


def _register() -> frozenset[str]:
    names = files("data_sources.mx").joinpath("sesnsp_register_subtypes.txt").read_text(encoding="utf-8")
    return frozenset(names.splitlines())


def not_collected(rows: pd.DataFrame) -> pd.DataFrame:
    """*rows* (geography, period, value, status …) with the zeros of NOT_COLLECTED as what they are: no figure."""
    masked = pd.Series(False, index=rows.index)
    for geography, first, last in NOT_COLLECTED:
        masked |= (rows["geography"] == geography) & rows["period"].between(first, last) & (rows["value"] == 0)
    return rows.assign(
        value=rows["value"].mask(masked, np.nan), status=rows["status"].mask(masked, "not_collected")
    )


def download(downloader: Downloader, held: Mapping[str, Validators]) -> Iterator[Publication]:
    """The tables by state of both methods."""
    return sesnsp.publications(downloader, held, source=ID, wanted="estatal")


SOURCE = Source(
    id=ID,
    title="Drug-dealing case files by state",
    publisher="SESNSP (Mexico)",
    country="MX",
    licence="CC BY 4.0",
    homepage=sesnsp.LANDING_PAGE,
    hosts=sesnsp.HOSTS,
    indicators=(OLD, RNID),
    cadence_days=31,
    late_after_days=14,
    parse=parse,
    dated=sesnsp.dated,
    download=download,
)
