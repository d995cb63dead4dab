"""Aberration detectors: one file per family, all answering through the contract."""
