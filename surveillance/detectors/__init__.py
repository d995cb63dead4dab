"""Aberration detectors: one file per family, all answering through the contract."""

from surveillance.detectors.contract import Detector, Verdicts
from surveillance.detectors.ears import EarsC1, EarsC2, EarsC3
from surveillance.detectors.farrington import FarringtonFlexible
from surveillance.detectors.farrington_1996 import Farrington1996
from surveillance.detectors.seasonal import SeasonalRegression
from surveillance.detectors.twelve_month import TwelveMonthEnding

DETECTORS = {
    "farrington_flexible": FarringtonFlexible,
    "farrington_1996": Farrington1996,
    "ears_c1": EarsC1,
    "ears_c2": EarsC2,
    "ears_c3": EarsC3,
    "seasonal_regression": SeasonalRegression,
    "twelve_month_ending": TwelveMonthEnding,
}

__all__ = [
    "DETECTORS",
    "Detector",
    "EarsC1",
    "EarsC2",
    "EarsC3",
    "Farrington1996",
    "FarringtonFlexible",
    "SeasonalRegression",
    "TwelveMonthEnding",
    "Verdicts",
]
