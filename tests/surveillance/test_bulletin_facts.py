"""What a bulletin tells beside the signals, and what two bulletins differ in, on figures worked by hand."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from surveillance.bulletin_facts import Supply, largest, revised
from surveillance.changes_between import between

SERIES = {"indicator": "us_overdose_deaths_12m", "geography": "US", "substance": "all"}


def known(*rows):
    """Rows of (month, value, status)."""
    return pd.DataFrame(
        [
            SERIES | {"period": pd.Timestamp(month), "value": value, "status": status}
            for month, value, status in rows
        ]
    )


class Store:
    """What was known on the day, and on every day before it."""

    def __init__(self, then, now):
        self.days = then, now

    def known_on(self, day, indicators):
        return self.days[day == date(2026, 9, 27)]


def assessment():
    return SimpleNamespace(as_of=date(2026, 9, 27), series=pd.DataFrame([SERIES]))


def test_a_revision_is_a_figure_that_stood_before_and_says_something_else_now():
    months = ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01")
    then = known(*((month, value, "reported") for month, value in zip(months, (100.0, 50.0, 0.0), strict=False)))
    now = known(*((month, value, "reported") for month, value in zip(months, (110.0, 50.0, 3.0, 9.0), strict=True)))
    found = revised(Store(then, now), assessment())
    assert found["period"].dt.month.to_list() == [1, 3]
    assert found["change"].iloc[0] == pytest.approx(10.0)
    assert np.isnan(found["change"].iloc[1])  # from zero: no change in per cent
    top = largest(found)
    assert (top["figures"].iloc[0], top["typical"].iloc[0], top["after"].iloc[0]) == (2, pytest.approx(10.0), 110.0)


def test_what_is_suppressed_now_is_printed_nowhere_not_even_as_it_was():
    then, now = known(("2026-01-01", 8_675_309.0, "reported")), known(("2026-01-01", np.nan, "suppressed"))
    found = revised(Store(then, now), assessment())
    assert len(found) == 1
    assert found[["before", "after", "change"]].isna().all().all()


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(1.1, 1.4, "higher"), (0.6, 0.9, "lower"), (0.9, 1.1, "unclear"), (np.nan, np.nan, "unknown")],
)
def test_a_word_for_change_only_where_the_interval_excludes_none(low, high, word):
    assert Supply("fentanyl", pd.Timestamp("2026-01-01"), 1.0, 1.0, 1.0, low, high).direction == word


def week(folder, name, *, signals, observations, digest, pandas):
    (folder / name / "data").mkdir(parents=True)
    columns = ["id", "indicator", "geography", "substance", "period", "observed"]
    pd.DataFrame(signals, columns=columns).to_csv(folder / name / "data" / "signals.csv", index=False)
    columns = ["indicator", "geography", "substance", "period", "value", "status"]
    pd.DataFrame(observations, columns=columns).to_csv(folder / name / "data" / "observations.csv", index=False)
    manifest = {"snapshot": name, "settings": {"digest": digest, "budget": 6.0}, "versions": {"pandas": pandas}}
    (folder / name / "manifest.json").write_text(json.dumps(manifest))
    return folder / name


def test_two_weeks_made_by_hand_differ_in_what_was_changed(tmp_path):
    one = ("d", "US", "all")
    before = week(
        tmp_path, "2026-W38", digest="aaaa", pandas="3.1.0",
        signals=[("gone", *one, "2026-01-01", 5), ("stays", *one, "2026-01-01", 6)],
        observations=[(*one, "2026-01-01", 5, "reported"), (*one, "2026-02-01", 7, "reported"),
                      (*one, "2025-12-01", 99, "reported")],
    )  # fmt: skip
    after = week(
        tmp_path, "2026-W39", digest="bbbb", pandas="3.1.0",
        signals=[("stays", *one, "2026-02-01", 8), ("fresh", *one, "2026-03-01", 9)],
        observations=[(*one, "2026-01-01", 5, "reported"), (*one, "2026-02-01", 8, "reported"),
                      (*one, "2026-03-01", 9, "reported"), (*one, "2025-12-01", None, "suppressed")],
    )  # fmt: skip
    found = between(before, after)
    assert (found.before, found.after) == ("2026-W38", "2026-W39")
    assert found.opened["id"].to_list() == ["fresh"]
    assert found.closed["id"].to_list() == ["gone"]
    assert found.continuing["observed"].to_list() == [8]
    changed = found.revised.set_index(found.revised["period"].dt.strftime("%Y-%m"))
    assert (changed.loc["2026-02", "before"], changed.loc["2026-02", "after"]) == (7, 8)
    assert changed.loc["2025-12", ["before", "after"]].isna().all()
    assert found.newer.to_dict("records") == [
        {"indicator": "d", "before": pd.Timestamp("2026-02-01"), "after": pd.Timestamp("2026-03-01"), "figures": 1}
    ]
    assert found.settings == {"digest": ("aaaa", "bbbb")}
    assert found.versions == {}


def test_a_folder_that_is_no_bulletin_is_refused(tmp_path):
    with pytest.raises(OSError, match=r"manifest\.json"):
        between(tmp_path, tmp_path)
