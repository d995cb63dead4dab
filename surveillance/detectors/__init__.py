"""Aberration detectors: one file per family, all answering through the contract."""

from surveillance.detectors.bayes import Bayes
from surveillance.detectors.contract import Detector, Verdicts
from surveillance.detectors.cusum import Cusum
from surveillance.detectors.ears import EarsC1, EarsC2, EarsC3
from surveillance.detectors.farrington import FarringtonFlexible
from surveillance.detectors.farrington_1996 import Farrington1996
from surveillance.detectors.glr import GlrNegBin, GlrPoisson, LrNegBin
from surveillance.detectors.historical_limits import HistoricalLimits
from surveillance.detectors.rki import Rki
from surveillance.detectors.seasonal import SeasonalRegression
from surveillance.detectors.seasonal_trend import SeasonalTrend
from surveillance.detectors.shift import LevelShift
from surveillance.detectors.twelve_month import TwelveMonthEnding

DETECTORS = {
    "farrington_flexible": FarringtonFlexible,
    "farrington_1996": Farrington1996,
    "ears_c1": EarsC1,
    "ears_c2": EarsC2,
    "ears_c3": EarsC3,
    "seasonal_regression": SeasonalRegression,
    "twelve_month_ending": TwelveMonthEnding,
    "cusum": Cusum,
    "glr_poisson": GlrPoisson,
    "glr_negbin": GlrNegBin,
    "lr_negbin": LrNegBin,
    "rki": Rki,
    "bayes": Bayes,
    "historical_limits": HistoricalLimits,
    "level_shift": LevelShift,
    "seasonal_trend": SeasonalTrend,
}

__all__ = [
    "DETECTORS",
    "Bayes",
    "Cusum",
    "Detector",
    "EarsC1",
    "EarsC2",
    "EarsC3",
    "Farrington1996",
    "FarringtonFlexible",
    "GlrNegBin",
    "GlrPoisson",
    "HistoricalLimits",
    "LevelShift",
    "LrNegBin",
    "Rki",
    "SeasonalRegression",
    "SeasonalTrend",
    "TwelveMonthEnding",
    "Verdicts",
]
