"""The detectors against results of R surveillance 1.20.3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CARRIED = Path(__file__).resolve().parents[1] / "data" / "oracle"
SETTINGS = sorted(json.loads((CARRIED / "settings.json").read_text()))
INTEGER_BOUNDS = ("nbPlugin", "muan")


def check(found, spec) -> None:
    """No difference but those that the setting itself owns to, counted."""
    differs, threshold = spec.get("differs", {}), spec["parameters"].get("threshold", "")
    assert found.points > 0
    assert (found.alarm, found.na, found.trend) == (differs.get("alarm", 0), differs.get("na", 0), 0)
    if "differs" in spec:
        return
    if "harmonics" not in spec["parameters"] and spec.get("trained_before"):  # R's regression stops early
        assert (
            found.bound_na,
            found.bound <= 1e-4,
            found.expected <= 1e-4,
            found.statistic <= spec.get("close", 1e-5),
        ) == (
            0,
            True,
            True,
            True,
        )
        return
    assert found.statistic <= 1e-9
    assert found.bound <= (0 if threshold in INTEGER_BOUNDS else 1e-9)
    assert (found.bound_na, found.phi <= 1e-9, found.expected <= 1e-9, found.pvalue <= 1e-9) == (
        0,
        True,
        True,
        True,
    )


@pytest.mark.parametrize("setting", [s for s in SETTINGS if (CARRIED / f"{s}.csv.gz").exists()])
def test_the_carried_results_of_r_are_reproduced(setting, bench):
    oracle = bench("oracle")
    check(oracle.compare(setting, CARRIED), oracle.SETTINGS[setting])


@pytest.mark.parametrize("setting", SETTINGS)
def test_all_results_of_r_are_reproduced_but_for_those_the_settings_own_to(setting, bench, shared_oracle):
    oracle = bench("oracle")
    check(oracle.compare(setting, shared_oracle), oracle.SETTINGS[setting])
