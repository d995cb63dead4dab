"""Charts as the pages show them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import vl_convert

from dashboard.charts_supply import months_chart
from dashboard.pictures import specification


@pytest.mark.parametrize(("language", "month"), [("en", ">April<"), ("es", ">abril<")])
def test_the_specification_alone_holds_the_names_of_months(language: Any, month: str) -> None:
    periods = pd.date_range("2026-01-01", periods=6, freq="MS")
    rows = pd.DataFrame({"period": periods, "weight": 1.0, "events": 1.0, "provisional": False})
    chart = months_chart(rows, unit="lb", language=language, dark=False, width=700)
    # No locale is passed beside it: Streamlit passes none either.
    assert month in vl_convert.vegalite_to_svg(specification(chart))
