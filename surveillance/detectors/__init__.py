"""Aberration detectors: one file per family, all answering through the contract."""

from surveillance.detectors.contract import Detector, Verdicts
from surveillance.detectors.ears import EarsC1, EarsC2, EarsC3
from surveillance.detectors.farrington import FarringtonFlexible

DETECTORS = {"ears_c1": EarsC1, "ears_c2": EarsC2, "ears_c3": EarsC3, "farrington_flexible": FarringtonFlexible}

__all__ = ["DETECTORS", "Detector", "EarsC1", "EarsC2", "EarsC3", "FarringtonFlexible", "Verdicts"]
