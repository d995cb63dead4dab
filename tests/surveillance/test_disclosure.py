"""No month below 10 of a place below the nation can be read from what is shown, nor found by difference."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from data_sources.us import cdc_overdose_deaths as cdc
from surveillance.disclosure import INSIDE, kept_back, release
from surveillance.recovered import MONTHS_OF, recovered
from surveillance.rolling import bounds

ROOT = Path(__file__).resolve().parents[2]
MONTHS = 30
PARENT = {"opioids": "all", "synthetic_opioids": "opioids"}


def panel(means: dict[str, float], *, seed: int = 1, classes: tuple[str, ...] = ("all",)) -> pd.DataFrame:
    """True months by (place, class): each class a part of the one before, and the nation the sum of the places."""
    random = np.random.default_rng(seed)
    parts: dict[tuple[str, str], np.ndarray] = {}
    for place, mean in means.items():
        count = random.poisson(mean, MONTHS)
        for substance in classes:
            parts[place, substance] = count.astype(float)
            count = random.binomial(count, 0.6)
    for substance in classes:
        parts["US", substance] = sum(parts[place, substance] for place in means)
    return pd.DataFrame(parts, pd.date_range("2014-02-01", periods=MONTHS, freq="MS"))


def rows(months: pd.DataFrame, indicator: str) -> pd.DataFrame:
    long = months.unstack().rename("value").rename_axis(["geography", "substance", "period"]).reset_index()
    return long.assign(indicator=indicator, source=cdc.ID, as_of=pd.Timestamp("2030-01-01"), provisional=False)


def sums_of(months: pd.DataFrame) -> pd.DataFrame:
    return months.rolling(12).sum().dropna()


def shown(months: pd.DataFrame) -> pd.DataFrame:
    """What the product shows where every series has a true seed: the worst case."""
    return recovered(rows(sums_of(months), cdc.REPORTED), rows(months, MONTHS_OF[cdc.REPORTED]))


class Attacker:
    """A reader who knows every published sum, the nation's months, which class is part of which, and our output."""

    def __init__(self, months: pd.DataFrame, output: pd.DataFrame | None) -> None:
        self.columns, self.count = list(months.columns), len(months)
        size = len(self.columns) * self.count
        self.equal: list[np.ndarray] = []
        self.values: list[float] = []
        self.less: list[np.ndarray] = []
        self.ends = [(0.0, None)] * size
        for column in self.columns:
            line = months[column].to_numpy()
            for row in range(self.count - 11):
                self._know({(column, row + step): 1.0 for step in range(12)}, line[row : row + 12].sum())
            if column[0] == "US":
                for row in range(self.count):
                    self._know({(column, row): 1.0}, line[row])
                    family = {
                        (other, row): 1.0 for other in self.columns if other[1] == column[1] and other[0] != "US"
                    }
                    self._know(family, line[row])
            if (parent := (column[0], PARENT.get(column[1], ""))) in months:
                for row in range(self.count):
                    self.less.append(self._line({(column, row): 1.0, (parent, row): -1.0}))
        for row in () if output is None else output.itertuples():
            at = ((row.geography, row.substance), months.index.get_loc(row.period))
            self.ends[self._at(*at)] = (row.low, row.high)
            if row.status == "recovered":
                self._know({at: 1.0}, row.value)

    def _at(self, column, row) -> int:
        return self.columns.index(column) * self.count + row

    def _line(self, terms) -> np.ndarray:
        line = np.zeros(len(self.ends))
        for (column, row), factor in terms.items():
            line[self._at(column, row)] = factor
        return line

    def _know(self, terms, value: float) -> None:
        self.equal.append(self._line(terms))
        self.values.append(value)

    def finds(self, terms) -> tuple[float, float]:
        """The least and greatest that a combination of months can be."""
        goal, ends = self._line(terms), []
        for sign in (1, -1):
            less = {"A_ub": np.array(self.less), "b_ub": np.zeros(len(self.less))} if self.less else {}
            best = linprog(sign * goal, A_eq=np.array(self.equal), b_eq=self.values, bounds=self.ends, **less)
            assert best.status == 0, best.message
            ends.append(sign * best.fun)
        return ends[0], ends[1]


def few(months: pd.DataFrame) -> list[tuple[dict, float]]:
    """The months below 10, and the deaths below 10 that are in one class and not in the class inside it."""
    found = []
    for column in months:
        line = months[column].to_numpy()
        parent = (column[0], PARENT.get(column[1], ""))
        for row in range(MONTHS):
            if column[0] == "US":
                continue
            if line[row] < 10:
                found.append(({(column, row): 1.0}, line[row]))
            if parent in months and months[parent].iloc[row] - line[row] < 10:
                found.append(({(parent, row): 1.0, (column, row): -1.0}, months[parent].iloc[row] - line[row]))
    return found


@pytest.mark.parametrize(
    ("means", "classes"),
    [
        ({"US-WY": 6, "US-AZ": 40, "US-TX": 90}, ("all",)),  # one small state: the nation less the others
        ({"US-WY": 0.3, "US-VT": 0.4, "US-TX": 90, "US-AZ": 60}, ("all",)),  # two, together below 10 too
        ({"US-WY": 14, "US-AZ": 40, "US-TX": 90}, ("all",)),  # now and then below 10
        ({"US-WY": 30, "US-AZ": 60, "US-TX": 90}, ("all", "opioids", "synthetic_opioids")),  # a class of it
        ({"US-WY": 45, "US-AZ": 120, "US-TX": 300}, ("all", "opioids")),  # neither class, their difference
    ],
)
def test_no_month_below_10_can_be_found_from_all_that_is_shown(means, classes):
    months = panel(means, classes=classes)
    targets = few(months)
    assert targets, "the panel holds no small month: the test would prove nothing"
    output = shown(months)
    before, after = Attacker(months, None), Attacker(months, output)
    for terms, value in targets[:: max(1, len(targets) // 14)]:
        public, ours = before.finds(terms), after.finds(terms)
        assert ours[0] <= max(public[0], 1) + 1e-6, (terms, value)
        assert ours[1] >= min(public[1], 9) - 1e-6, (terms, value)


def test_the_attack_does_find_what_is_not_kept_back():
    """The same reader, given all months but the small state's, reads those off: so the attack is a real one."""
    months = panel({"US-WY": 6, "US-AZ": 40, "US-TX": 90})
    careless = rows(months.iloc[11:], cdc.REPORTED).assign(low=0.0, high=None, status="recovered")
    careless.loc[careless["geography"] == "US-WY", "status"] = "suppressed"
    reader = Attacker(months, careless)
    truth = months[("US-WY", "all")].iloc[20]
    assert reader.finds({(("US-WY", "all"), 20): 1.0}) == pytest.approx((truth, truth))


def test_a_small_state_is_kept_back_and_a_second_one_with_it():
    output = shown(panel({"US-WY": 6, "US-AZ": 40, "US-TX": 90}))
    states = output.groupby("geography")["status"].unique().map(list).to_dict()
    assert states == {"US": ["recovered"], "US-TX": ["recovered"], "US-AZ": ["suppressed"], "US-WY": ["suppressed"]}
    local = output[output["status"] == "suppressed"]
    assert local["value"].isna().all()
    assert (local["seed"] == "").all()
    assert (local["low"] <= 1).sum() > 0
    assert (local["high"] - local["low"] >= 9).all()


def test_large_states_are_shown_with_their_months():
    months = panel({"US-WY": 60, "US-AZ": 70, "US-TX": 90})
    output = shown(months)
    assert (output["status"] == "recovered").all()
    wanted = months.iloc[11:].T.to_numpy().ravel()
    found = output.set_index(["geography", "substance", "period"])["value"]
    keys = [(*column, period) for column in months for period in months.index[11:]]
    np.testing.assert_allclose(found.loc[keys], wanted)


def test_deaths_in_one_class_and_not_in_the_next_are_a_count_too():
    months = panel({"US-WY": 45, "US-AZ": 300, "US-TX": 300}, classes=("all", "opioids"))
    assert (months > 10).all(axis=None)
    assert kept_back(months, sums_of(months)) >= {"US-WY"}
    alone = months.loc[:, [("US-WY", "all"), ("US-TX", "all"), ("US-AZ", "all")]]
    assert not kept_back(alone, sums_of(alone))


def test_deaths_in_two_classes_at_once_are_a_count_too():
    """Natural opioids, methadone, and either: the two less the third are the deaths that are in both."""
    place = "US-AZ"
    table = {
        "natural_semisynthetic_opioids": 50.0,
        "methadone": 30.0,
        "natural_semisynthetic_opioids_methadone": 65.0,
    }
    line = pd.DataFrame({(place, name): np.full(20, value) for name, value in table.items()})
    assert not kept_back(line, sums_of(line))
    line[(place, "natural_semisynthetic_opioids_methadone")] = 73.0
    assert kept_back(line, sums_of(line)) == {place}


def test_puerto_rico_does_not_hide_a_state_since_it_is_not_in_the_nation_s_figure():
    months = panel({"US-WY": 6, "US-AZ": 40, "US-TX": 90})
    months[("US-PR", "all")] = np.random.default_rng(2).poisson(5, MONTHS).astype(float)
    status = shown(months).groupby("geography")["status"].first()
    assert status[["US-PR", "US-WY", "US-AZ"]].eq("suppressed").all()


def test_a_state_without_a_seed_is_not_told_by_the_others():
    """One state has no true months of its own: the nation less the others would give them."""
    months = panel({"US-WY": 6, "US-AZ": 40, "US-TX": 90})
    sums = sums_of(months)
    known = rows(months, MONTHS_OF[cdc.REPORTED])
    output = recovered(rows(sums, cdc.REPORTED), known[known["geography"] != "US-WY"])
    status = output.groupby("geography")["status"].first().to_dict()
    assert status == {"US": "recovered", "US-TX": "recovered", "US-AZ": "suppressed", "US-WY": "bounded"}


def test_bounds_below_the_nation_hold_0_to_9_or_lie_above_and_never_span_less():
    random = np.random.default_rng(4)
    columns = pd.MultiIndex.from_product([["US-WY"], ["all", "heroin", "cocaine"]])
    months = pd.DataFrame(random.poisson(0.2, (40, 3)).astype(float), columns=columns)
    sums = sums_of(months)
    low, high = (part[11:] for part in bounds(sums.to_numpy()))
    assert (high - low < 9).any(), "the sums alone must be narrow for the test to prove anything"
    out = release(months, sums)
    assert (out.low.to_numpy()[low < 10] == 0).all()
    assert (out.high.to_numpy()[low < 10] >= 9).all()
    assert (out.high - out.low >= 9).all(axis=None)
    assert out.months.isna().all(axis=None)


def test_the_nation_s_months_and_bounds_are_left_as_they_are():
    months = pd.DataFrame(np.ones((20, 1)), columns=pd.MultiIndex.from_tuples([("US", "all")]))
    sums = sums_of(months)
    out = release(months, sums)
    low, high = (part[11:] for part in bounds(sums.to_numpy()))
    np.testing.assert_array_equal(out.low, low)
    np.testing.assert_array_equal(out.high, high)
    pd.testing.assert_frame_equal(out.months, months.loc[sums.index])


def test_a_series_with_a_month_missing_is_not_shown_in_part_below_the_nation():
    """Its known months, taken with the others from the nation, would tell a place that is kept back."""
    months = panel({"US-WY": 6, "US-AZ": 40, "US-NM": 60, "US-TX": 90})
    sums = sums_of(months)
    sums.loc[sums.index[4], ("US-TX", "all")] = np.nan
    output = recovered(rows(sums, cdc.REPORTED), rows(months, MONTHS_OF[cdc.REPORTED]))
    assert (output.loc[output["geography"] == "US-TX", "status"] == "bounded").all()


def test_every_class_of_the_publisher_has_its_place_among_the_others():
    """A new class must be entered in INSIDE before its differences could be told."""
    classes = {substance for indicator, substance in cdc.MEASURES.values() if indicator == cdc.REPORTED}
    opioids = INSIDE["opioids"] | {"opioids"}
    assert classes - opioids == {"all", "cocaine", "psychostimulants"}


def test_only_the_way_out_calls_the_recursion():
    """Recovered months leave through `recovered` alone: no other module imports what makes them."""
    allowed = {"recovered.py", "disclosure.py"}
    for path in [*(ROOT / "surveillance").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]:
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module == "surveillance.rolling"
            for alias in node.names
        }
        assert path.name in allowed or not names & {"recover", "bounds"}, path
