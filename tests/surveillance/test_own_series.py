"""A reader's own CSV: what is taken, what is left out, and what is said of what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from surveillance.own_series import LISTED, MOST_BYTES, MOST_ROWS, Refused, read


def refused(text: str | bytes, **options: object) -> list[tuple[int, str, str]]:
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Refused) as error:
        read(raw, **({"measure": "count", "public": True} | options))  # type: ignore[arg-type]
    return [(each.row, each.column, each.expected) for each in error.value.problems]


def test_months_become_an_axis_without_gaps_and_missing_is_never_zero() -> None:
    own = read(b"date,value\n2026-01,14\n2026-03,\n2026-04,*\n2026-05,0\n", measure="count", public=True)
    values = own.wide.observed.iloc[:, 0]
    assert [str(day.date()) for day in values.index] == [f"2026-0{month}-01" for month in range(1, 6)]
    np.testing.assert_array_equal(values, [14, np.nan, np.nan, np.nan, 0])
    assert own.wide.status.iloc[:, 0].tolist() == [
        "reported", "not_reported", "not_reported", "suppressed", "reported",
    ]  # fmt: skip
    assert own.wide.judge.iloc[:, 0].tolist() == [True, False, False, False, True]


def test_counts_from_1_to_9_are_suppressed_unless_the_file_is_public() -> None:
    text = b"date,value\n2026-01,14\n2026-02,9\n2026-03,1\n2026-04,0\n2026-05,10\n"
    own = read(text, measure="count", public=False)
    np.testing.assert_array_equal(own.wide.observed.iloc[:, 0], [14, np.nan, np.nan, 0, 10])
    assert own.suppressed == 2
    assert own.wide.status.iloc[1, 0] == "suppressed"
    assert read(text, measure="count", public=True).suppressed == 0
    assert read(text, measure="rate", public=False).suppressed == 0


def test_weeks_of_any_weekday_and_a_spanish_heading_are_taken() -> None:
    own = read(
        "fecha,valor\r\n2026-01-05,14\r\n2026-01-19,15\r\n".encode("utf-8-sig"), measure="count", public=True
    )
    assert own.wide.indicator.frequency == "W"
    assert len(own.wide.observed) == 3
    assert (
        own.wide.observed.index.freqstr == "7D"
        or (np.diff(own.wide.observed.index) == np.timedelta64(7, "D")).all()
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", (1, "", "columns")),
        ("day,count\n2026-01,1\n", (1, "", "columns")),
        ("date,value\n2026-01,1,2\n", (2, "", "two_cells")),
        ("date,value\nJan 2026,1\n", (2, "date", "date")),
        ("date,value\n2026-13,1\n", (2, "date", "date")),
        ("date,value\n0001-01,1\n", (2, "date", "date")),
        ("date,value\n2026-01,1\n2026-01-01,2\n", (3, "date", "once")),
        ("date,value\n2026-01,many\n", (2, "value", "number")),
        ("date,value\n2026-01,inf\n", (2, "value", "number")),
        ('date,value\n2026-01,"1,234"\n', (2, "value", "point")),
        ("date,value\n2026-01,-4\n", (2, "value", "not_negative")),
        ("date,value\n2026-01,4.5\n", (2, "value", "whole")),
        ("date,value\n2026-01-05,4\n2026-01-12,4\n2026-01-20,4\n", (4, "date", "same_spacing")),
        ("date,value\n2026-01,4\n2026-02,\n", (0, "value", "some_values")),
        ("date,value\n1900-01-01,14\n2099-12-01,14\n", (0, "date", "near")),
        (b"date,value\n\xff\xfe", (0, "", "text")),
        (b"date,value\n2026-01,\x00\n", (0, "", "text")),
        (b"PK\x03\x04" + b"x" * MOST_BYTES, (0, "", "small_file")),
        ("date,value\n" + "2026-01,1\n" * (MOST_ROWS + 1), (0, "", "few_rows")),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(text: str | bytes, problem: tuple[int, str, str]) -> None:
    assert problem in refused(text)


def test_many_problems_are_cut_to_a_readable_list() -> None:
    assert len(refused("date,value\n" + "x,1\n" * 50)) == LISTED


def test_a_value_in_a_message_never_reaches_the_error_s_own_text() -> None:
    with pytest.raises(Refused) as error:
        read(b"date,value\n2026-01,secret7\n", measure="count", public=False)
    assert "secret7" not in str(error.value)
