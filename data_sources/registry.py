"""SOURCES: the one list."""

from __future__ import annotations

from data_sources.mx import sesnsp_federal_drug_offences, sesnsp_retail_drug_offences
from data_sources.published import figures
from data_sources.source import Source
from data_sources.us import cbp_seizures, cdc_overdose_deaths

_MODULES = (
    cdc_overdose_deaths,
    cbp_seizures,
    sesnsp_federal_drug_offences,
    sesnsp_retail_drug_offences,
    figures,
)

SOURCES: dict[str, Source] = {module.SOURCE.id: module.SOURCE for module in _MODULES}
