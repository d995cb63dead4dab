"""How much publishers change what they first printed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from surveillance.revisions import sizes, typical

PERIOD = pd.Timestamp("2024-01-01")


def log(*rows: tuple[str, str, str, float, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["source", "period", "as_of", "value", "status"])
    return table.astype({"period": "datetime64[s]", "as_of": "datetime64[s]"})


def test_a_revision_is_the_change_from_the_first_figure_to_the_newest() -> None:
    table = sizes(
        log(
            ("a", "2024-01-01", "2024-05-01", 120.0, "reported"),
            ("a", "2024-01-01", "2024-03-01", 100.0, "reported"),
            ("a", "2024-01-01", "2024-04-01", 110.0, "reported"),
        )
    )
    row = table.iloc[0]
    assert (row["first"], row["newest"], row["change"], row["prints"]) == (100.0, 120.0, 20.0, 3)


def test_a_period_printed_once_has_no_revision() -> None:
    assert sizes(log(("a", "2024-01-01", "2024-03-01", 100.0, "reported"))).empty
    assert sizes(log()).empty


def test_two_sources_are_never_compared() -> None:
    table = log(
        ("a", "2024-01-01", "2024-03-01", 100.0, "reported"), ("b", "2024-01-01", "2024-04-01", 50.0, "reported")
    )
    assert sizes(table).empty


def test_a_withdrawn_figure_and_a_first_zero_have_no_size() -> None:
    table = sizes(
        log(
            ("a", "2024-01-01", "2024-03-01", 100.0, "reported"),
            ("a", "2024-01-01", "2024-04-01", np.nan, "withdrawn"),
            ("a", "2024-02-01", "2024-03-01", 0.0, "reported"),
            ("a", "2024-02-01", "2024-04-01", 5.0, "reported"),
        )
    )
    assert table["change"].isna().to_list() == [True, True]


def test_the_typical_revision_is_the_median_size() -> None:
    assert typical(pd.DataFrame({"change": [1.0, -3.0, 8.0, np.nan]})) == (3.0, 8.0)
    assert all(np.isnan(typical(pd.DataFrame({"change": []}, dtype=float))))
