"""Forecasts by statsforecast, as an outside reference, in an environment of its own (it needs an older pandas).

Reads JSON {"series": [[…], …], "periods": h} and writes {model: [[means, standard errors], …]}: AutoETS and MSTL
with AutoETS as its trend, season 12, the error from the 80 % interval. bench/forecast.py calls it.
"""

from __future__ import annotations

import json
import sys

import numpy as np

EIGHTY = 1.2815515594600038


def main() -> None:
    from statsforecast.models import MSTL, AutoETS

    asked = json.load(sys.stdin)
    models = {
        "AutoETS": lambda: AutoETS(season_length=12),
        "MSTL": lambda: MSTL(season_length=12, trend_forecaster=AutoETS(model="ZZN")),
    }
    answer: dict[str, list[list[list[float]]]] = {}
    for name, model in models.items():
        made = [model().forecast(y=np.array(z), h=asked["periods"], level=[80]) for z in asked["series"]]
        answer[name] = [
            [list(map(float, one["mean"])), list(map(float, (one["hi-80"] - one["lo-80"]) / (2 * EIGHTY)))]
            for one in made
        ]
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
