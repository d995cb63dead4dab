"""Charts shown: made into a specification once, and not checked against the schema at every run of a page.

Altair checks every part of a chart when it is made and again when it is written, which takes many times as long as
making it. The tests check every chart; readers need not wait for it.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from altair.utils.schemapi import disable_debug_mode
from streamlit.dataframe_util import convert_anything_to_arrow_bytes

disable_debug_mode()


def specification(chart: Any) -> dict[str, Any]:
    """The Vega-Lite specification of a finished chart, its tables as Arrow.

    Streamlit sends tables so, and would convert those of a specification that is kept at every run. The marks and
    axes are hidden from screen readers, to whom Vega would read each of them, in English; the text of the whole
    speaks instead.
    """
    spec: dict[str, Any] = chart.to_dict(validate=False)
    config = spec.setdefault("config", {})
    if told := spec.get("usermeta", {}).get("embedOptions", {}).get("timeFormatLocale"):
        config["locale"] = {"time": told}  # Streamlit passes no options of embedding on
    for name in ("axis", "legend"):
        config[name] = {**config.get(name, {}), "aria": False}
    _hush(spec)
    tables = spec.get("datasets", {})  # of frames; the shapes of a map stand in their layer
    spec["datasets"] = {name: convert_anything_to_arrow_bytes(rows) for name, rows in tables.items()}
    return spec


def _hush(spec: dict[str, Any]) -> None:
    if "mark" in spec:
        mark = spec["mark"]
        spec["mark"] = {**(mark if isinstance(mark, dict) else {"type": mark}), "aria": False}
    for part in (*spec.get("layer", ()), *spec.get("hconcat", ()), *spec.get("vconcat", ())):
        _hush(part)


def picture(chart: Any, *, alt: str, key: str, place: Any = st, **options: Any) -> Any:
    """Show a chart, or a specification, in a *place* of the page; what Streamlit returns of a click on it.

    *alt* is what stands for the picture where it is not seen.
    """
    spec = dict(chart) if isinstance(chart, dict) else specification(chart)  # the outermost is all that changes
    spec.pop("description", None)  # the text beside it says the same
    return place.vega_lite_chart(spec, width="stretch", theme=None, alt=alt, key=key, **options)
