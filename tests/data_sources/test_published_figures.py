"""The embedded pack: lines become observations as its notes say, and figures equal the publishers' files."""

from __future__ import annotations

from datetime import UTC, date
from pathlib import Path

import pandas as pd
import pytest

from data_sources.errors import LayoutError, SchemaError
from data_sources.indicators import INDICATORS
from data_sources.mx import sesnsp_retail_drug_offences as retail
from data_sources.published import figures
from data_sources.us import cbp_seizures, cdc_overdose_deaths

GOOD = (Path(__file__).resolve().parents[1] / "data" / "published_figures" / "good.csv").read_bytes()
AS_OF = date(2026, 10, 1)
HEADING = GOOD.splitlines(keepends=True)[0]
SERIES = ["indicator", "geography", "substance", "period"]


@pytest.fixture(scope="module")
def pack() -> pd.DataFrame:
    """Every observation of the pack."""
    parsed = [figures.parse(item.raw, item.as_of) for item in figures.download(None, {})]
    return pd.concat(parsed, ignore_index=True)


@pytest.fixture(scope="module")
def good() -> pd.DataFrame:
    return figures.parse(GOOD, AS_OF)


def one(line: str, as_of: date = AS_OF) -> pd.DataFrame:
    return figures.parse(HEADING + line.encode() + b"\n", as_of)


def values(rows: pd.DataFrame, indicator: str, geography: str) -> pd.Series:
    chosen = rows[(rows["indicator"] == indicator) & (rows["geography"] == geography)]
    return chosen.set_index("period")["value"].sort_index()


def test_every_as_of_of_the_pack_is_one_publication_with_a_fixed_time() -> None:
    first, second = list(figures.download(None, {})), list(figures.download(None, {}))
    assert first == second
    assert len({item.as_of for item in first}) == len(first) == 26
    for item in first:
        assert item.name == f"published_figures_{item.as_of}.csv"
        assert item.retrieved.tzinfo is UTC
        assert item.retrieved.date() == item.as_of
        assert figures.dated(item.name, item.raw) == item.as_of


def test_the_pack_holds_its_7264_figures_and_the_zeros_and_gaps_around_them(pack: pd.DataFrame) -> None:
    packed = (Path(figures.__file__).parent / "figures.csv").read_text("utf-8").splitlines()[1:]
    figures_given = sum(word != "." for line in packed for word in line.split(",")[-1].split())
    assert figures_given == 7264
    sectors = pack["geography"].str.endswith("-sector")
    assert sectors.sum() == 9 * 87  # 2018-10 to 2025-12
    given = sum(
        word != "." for line in packed if "-sector" in line.split(",")[1] for word in line.split(",")[-1].split()
    )
    structural_zeros = 17  # Baja California before June 2016
    reported = (pack["status"] == "reported").sum()
    assert reported == figures_given - given + sectors.sum() - structural_zeros


def test_a_sector_is_zero_wherever_the_files_have_no_row_and_nowhere_else(good: pd.DataFrame) -> None:
    weights = values(good, "us_cbp_seizure_weight", "US-CBP-del-rio-sector")
    assert (weights.index[0], weights.index[-1]) == (pd.Timestamp("2018-10-01"), pd.Timestamp("2025-12-01"))
    assert weights[weights > 0].to_dict() == {pd.Timestamp("2022-04-01"): 5.5, pd.Timestamp("2022-07-01"): 1.0}
    office = values(good, "us_cbp_seizure_weight", "US-CBP-laredo-field-office")
    assert office.isna().to_list() == [False, False, True, False, False]


def test_hidden_visit_rates_are_suppressed_not_zero(good: pd.DataFrame) -> None:
    rates = good[good["indicator"] == "us_overdose_ed_rate"].set_index("period")
    hidden = rates[rates["status"] == "suppressed"]
    assert list(hidden.index) == list(pd.date_range("2020-03-01", "2020-08-01", freq="MS"))
    assert hidden["value"].isna().all()


def test_the_two_methods_of_case_files_are_two_indicators(good: pd.DataFrame) -> None:
    assert values(good, "mx_retail_drug_case_files_rnid", "MX-BCN").to_list() == [660, 640]
    old = good[good["indicator"] == "mx_retail_drug_case_files"]
    assert old["status"].value_counts().to_dict() == {"not_collected": 17, "reported": 2}


def test_periods_have_the_indicators_length_whatever_the_spacing_of_the_values(good: pd.DataFrame) -> None:
    assert values(good, "us_overdose_deaths_12m_predicted", "US").index.strftime("%Y-%m").to_list() == [
        "2023-04",
        "2024-04",
        "2025-04",
    ]
    assert values(good, "us_cbp_seizure_weight_fy", "US-CBP-southwest-border-ofo").index.month.to_list() == [10, 10]
    assert (values(good, "us_overdose_deaths_weekly_modelled", "US").index.day_of_week == 6).all()


def test_what_a_publisher_may_still_revise_is_provisional(good: pd.DataFrame, pack: pd.DataFrame) -> None:
    def provisional(rows: pd.DataFrame, indicator: str) -> list[bool]:
        return rows[rows["indicator"] == indicator].sort_values("period")["provisional"].to_list()

    assert provisional(good, "us_overdose_deaths_12m") == [False, False, True, True]  # 2024 is final, 2025 not
    assert provisional(good, "us_overdose_deaths_monthly") == [False, False]  # the final file of WONDER
    assert provisional(good, "us_cbp_seizure_weight_fy") == [False, False]
    assert provisional(good, "us_cbp_seizure_weight_fytd") == [True]
    cbp = pack[(pack["indicator"] == "us_cbp_seizure_weight") & pack["provisional"]]
    assert cbp["period"].min() == pd.Timestamp("2025-10-01")  # the fiscal year running on 2026-03-03
    assert not provisional(good, "population")[-1]


def test_the_same_figure_twice_is_kept_once_and_two_figures_are_refused() -> None:
    line = "population,US-AZ,all,2026-10-01,persons,d29,A,2025-01-01,7600000"
    assert len(one(f"{line}\n{line}")) == 1
    with pytest.raises(SchemaError, match="US-AZ"):
        one(f"{line}\n{line}1")
    with pytest.raises(SchemaError, match="US-AZ"):
        one(f"{line}\n{line.replace('7600000', '.')}")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("population,US-AZ,all,2026-10-01,people,d29,A,2025-01-01,1", "unit"),
        ("populations,US-AZ,all,2026-10-01,persons,d29,A,2025-01-01,1", "indicator"),
        ("population,US-AZ,all,2026-09-30,persons,d29,A,2025-01-01,1", "as_of"),
        ("population,US-AZ,all,2026-10-01,persons,d29,Q,2025-01-01,1", "freq"),
        ("population,US-AZ,all,2026-10-01,persons,d29,A,2025-13-01,1", "start"),
        ("population,US-AZ,all,2026-10-01,persons,d29,A,2025-01-01,nan", "values"),
        ("population,US-AZ,all,2026-10-01,persons,d29,A,2025-01-01,-5", "values"),
        ("population,US-AZ,all,2026-10-01,persons,d29,A,2025-01-01,", "values"),
        ("drug_dealing_case_files,MX-BCN,all,2026-10-01,case_files,d9,M,2026-01-01,1", "dataset_id"),
        ("drug_seizures,US-CBP-yuma-sector,fentanyl,2026-10-01,lb,d4,M,2018-09-01,1 2", "start"),
    ],
)
def test_a_line_that_cannot_be_right_is_refused_with_its_column(line: str, column: str) -> None:
    with pytest.raises(SchemaError) as refused:
        one(line)
    assert refused.value.place == f"line 2, column {column}"


def test_an_unknown_place_and_a_period_not_over_are_refused() -> None:
    with pytest.raises(SchemaError, match="US-ZZ"):
        one("population,US-ZZ,all,2026-10-01,persons,d29,A,2025-01-01,1")
    with pytest.raises(SchemaError, match="not over"):
        one("drug_seizures,US,fentanyl,2026-10-01,lb,d4,M,2026-09-01,1 2")
    with pytest.raises(LayoutError):
        figures.parse(HEADING + b"population,US-AZ,all\n", AS_OF)


def test_units_and_origins_of_every_line_are_known(pack: pd.DataFrame) -> None:
    origins = pd.read_csv(Path(figures.__file__).parent / "datasets.csv")
    lines = pd.read_csv(Path(figures.__file__).parent / "figures.csv")
    assert set(lines["dataset_id"]) <= set(origins["dataset_id"])
    assert set(pack["indicator"]) == set(figures.SOURCE.indicators) <= set(INDICATORS)


def test_known_figures_hold(pack: pd.DataFrame) -> None:
    rows = pack.set_index(["indicator", "geography", "substance", "period", "as_of"])["value"]
    month = pd.Timestamp("2024-12-01"), pd.Timestamp("2025-09-17")
    assert 80_000 < rows["us_overdose_deaths_12m", "US", "all", *month] < 82_000
    fiscal = pack[(pack["indicator"] == "us_cbp_seizure_weight_fy") & (pack["period"] == "2022-10-01")]
    assert fiscal["value"].sum() == pytest.approx(27_022.85, abs=0.02)


@pytest.mark.parametrize(
    ("name", "as_of"),
    [
        ("mx/sesnsp/IDEFC_estatal_2015-2024nov_RAW.csv.gz", date(2024, 12, 20)),
        ("mx/sesnsp/RNID_estatal_2026_feb2026_RAW.csv.gz", date(2026, 3, 20)),
    ],
)
def test_case_files_of_the_border_states_equal_the_publishers_file(
    pack: pd.DataFrame, shared_data: Path, name: str, as_of: date
) -> None:
    published = retail.parse((shared_data / name).read_bytes(), as_of)
    both = pack.merge(published, on=SERIES)
    differ = both[both["value_x"].fillna(-1) != both["value_y"].fillna(-1)]
    # Nuevo León's January 2026 grew from 498 to 790 case files between March and September 2026.
    assert set(zip(differ["geography"], differ["value_y"], strict=True)) <= {("MX-NLE", 498.0)}
    assert (both["status_x"] == both["status_y"]).all()
    assert len(both) == (699 if "IDEFC" in name else 12)
    assert both["geography"].nunique() == 6


def test_seizures_equal_the_publishers_files(pack: pd.DataFrame, shared_data: Path) -> None:
    names = {
        "nationwide-drugs-fy19-fy22.csv": date(2022, 10, 20),
        "nationwide-drugs-fy23-fy26-dec.csv": date(2026, 1, 20),
    }
    files = [
        cbp_seizures.parse((shared_data / "us" / "cbp" / name).read_bytes(), day) for name, day in names.items()
    ]
    both = pack.merge(pd.concat(files), on=SERIES)
    assert len(both) == len(pack[pack["indicator"] == "us_cbp_seizure_weight"])
    assert both["value_x"].to_numpy() == pytest.approx(both["value_y"].to_numpy(), abs=0.011)


def test_deaths_equal_the_publishers_vintage(pack: pd.DataFrame, shared_data: Path) -> None:
    name = "vsrr_full_2019-04-24.csv.gz"
    published = cdc_overdose_deaths.parse((shared_data / "us" / "vsrr" / name).read_bytes(), date(2019, 4, 24))
    both = pack.merge(published, on=[*SERIES, "as_of"])
    assert len(both) == len(pack[pack["as_of"] == "2019-04-24"])
    assert (both["value_x"] == both["value_y"]).all()
    assert (both["provisional_x"] == both["provisional_y"]).all()


def test_the_publishers_of_each_indicator_are_those_of_its_datasets() -> None:
    found = figures.publishers()
    assert set(found) == set(figures.SOURCE.indicators)
    assert found["us_overdose_ed_rate"] == ("CDC DOSE-SYS",)
    assert set(found["population"]) == {"CONAPO", "U.S. Census Bureau"}
