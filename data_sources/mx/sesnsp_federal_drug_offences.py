"""mx_sesnsp_federal_drug_offences: federal case files of drug offences in Mexico by month and state, from 2012.

The federal prosecutor's figures (IDEFF), whole history in every file. They fall in 2012-13 because drug dealing
passed from the federal to the state prosecutors: a break, not a trend.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import date

import pandas as pd

from data_sources import sesnsp
from data_sources.download import Downloader
from data_sources.errors import LayoutError
from data_sources.observations import check
from data_sources.phrases import Phrase
from data_sources.source import Publication, Source, Validators
from data_sources.tables import SPANISH_MONTHS, numbers, refuse, table, words
from data_sources.vocabulary import MX_STATE_BY_NUMBER

log = logging.getLogger(__name__)

ID = "mx_sesnsp_federal_drug_offences"
INDICATOR = "mx_federal_drug_case_files"
MONTHS = tuple(month.upper() for month in SPANISH_MONTHS)
CRIME = ["LEY", "CONCEPTO", "TIPO"]
KEY = ["AÑO", "INEGI", "ENTIDAD", *CRIME]
ABROAD = "EXTRANJERO"  # offences abroad: the only place without an INEGI number
_HEALTH = "CONTRA LA SALUD"
DRUGS = {
    *(
        (_HEALTH, kind)
        for kind in ("PRODUCCION", "TRANSPORTE", "TRAFICO", "COMERCIO", "SUMINISTRO", "POSESION", "OTROS")
    ),
    ("LEY GENERAL DE SALUD (L.G.S.)", f"{_HEALTH} EN SU MODALIDAD DE NARCOMENUDEO"),
    ("LEY FEDERAL CONTRA LA DELINCUENCIA ORGANIZADA (L.F.C.D.O.)", _HEALTH),
}
# Other offences of the health law are not about drugs.
NOT_DRUGS = {("LEY GENERAL DE SALUD (L.G.S.)", "OTROS DELITOS PREVISTOS EN LA L.G.S.")}
_PLACES = {str(number): code for number, code in MX_STATE_BY_NUMBER.items()}


def parse(raw: bytes, as_of: date) -> pd.DataFrame:
    """Case files by month, state and Mexico; those abroad are left out, and their number is logged."""
    lines = table(raw, [*KEY, *MONTHS], encodings=sesnsp.ENCODINGS)[[*KEY, *MONTHS]]
    foreign = lines["ENTIDAD"] == ABROAD
    log.info("%d drug case files abroad are in no state and left out", _count(lines[foreign]))
    lines = lines[~foreign]
    monthly = sesnsp.case_files(
        lines,
        months=MONTHS,
        place=words(lines, "INEGI", _PLACES, expected=Phrase("a state's number from 1 to 32")),
        crime=CRIME,
        drugs=_drugs(lines),
    )
    rows = sesnsp.with_nation(sesnsp.rows(monthly))
    return check(rows.assign(indicator=INDICATOR, substance="all", source=ID, as_of=pd.Timestamp(as_of)))


def _count(lines: pd.DataFrame) -> int:
    return int(sum(numbers(lines[_drugs(lines)], month, blank=0).sum() for month in MONTHS)) if len(lines) else 0


def _drugs(lines: pd.DataFrame) -> pd.Series:
    """Which lines are drug offences; an unknown one that speaks of health or dealing is refused, not lost."""
    offence = pd.Series(list(zip(lines["CONCEPTO"], lines["TIPO"], strict=True)), index=lines.index)
    about = lines["CONCEPTO"].str.contains("SALUD") | lines["TIPO"].str.contains("SALUD|NARCO|DROGA")
    refuse(
        lines,
        about & ~offence.isin(DRUGS | NOT_DRUGS),
        "TIPO",
        Phrase("one of the drug offences known"),
        Phrase("A new offence may take cases from an old one: look at the publisher's note."),
    )
    absent = sorted(DRUGS - set(offence))
    if absent:
        names = "; ".join(", ".join(pair) for pair in absent)
        raise LayoutError(Phrase("the {n} drug offences", n=len(DRUGS)), Phrase("no {name}", name=names))
    return offence.isin(DRUGS)


def download(downloader: Downloader, held: Mapping[str, Validators]) -> Iterator[Publication]:
    """The table of federal offences by state."""
    return sesnsp.publications(downloader, held, source=ID, wanted="federal")


SOURCE = Source(
    id=ID,
    title="Federal drug case files by state",
    publisher="SESNSP (Mexico), with figures of the federal prosecutor (FGR)",
    country="MX",
    licence="CC BY 4.0",
    homepage=sesnsp.LANDING_PAGE,
    hosts=sesnsp.HOSTS,
    indicators=(INDICATOR,),
    cadence_days=31,
    late_after_days=14,
    parse=parse,
    dated=sesnsp.dated,
    download=download,
)
