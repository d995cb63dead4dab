"""The one rule for what a publisher hides: once suppressed it is not shown again, as of any day.

A publisher sometimes prints a small number and suppresses it in a later file. The earlier file is still held, and
a replay of its day would tell what is hidden now. So the last word counts, whenever it was said: where a source
last suppressed a cell, its earlier values are suppressed too; where it suppressed and later published one, it is
public. Several sources may hold one cell, and it takes one of them to hide it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_sources.changes import in_order

Keys = NDArray[np.int64]


def hidden(log: pd.DataFrame) -> Keys:
    """The keys of a source's log whose last word, of a value and its suppression, is the suppression."""
    suppressed = (log["status"] == "suppressed").to_numpy()
    if not suppressed.any():
        return np.zeros(0, dtype=np.int64)
    said = log[suppressed | (log["status"] == "reported").to_numpy()]
    key = said["key"].to_numpy()
    last = np.append(key[1:] != key[:-1], True)
    return np.asarray(key[last & (said["status"] == "suppressed").to_numpy()], dtype=np.int64)


def veiled(log: pd.DataFrame, keys: Sequence[Keys]) -> pd.DataFrame:
    """A log in which no hidden key has a value: it is suppressed from its first publication on."""
    covered = np.isin(log["key"].to_numpy(), np.concatenate(keys)) & (log["status"] == "reported").to_numpy()
    if not covered.any():
        return log
    status = log["status"].where(~covered, "suppressed")
    return in_order(log.assign(value=log["value"].where(~covered), status=status))
