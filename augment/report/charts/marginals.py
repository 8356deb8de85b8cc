"""The distribution of one column: samples beside real rows."""

import numpy as np
from markupsafe import Markup

from augment.data.rows.columns import Column, Values
from augment.report.charts.curves import curve_chart

POINTS = 40  # of a line


def marginal_chart(title: str, column: Column, made: Values, real: Values) -> Markup:
    """Distribution functions of a number, shares of the levels of a category; made, real: float64 (N,) and (M,)."""
    sides = {"win_rate": made[~np.isnan(made)], "d_loss": real[~np.isnan(real)]}
    if not all(map(len, sides.values())):
        return Markup("")
    if column.kind == "categorical":
        lines = {name: [(float(level), float((own == level).mean())) for level in range(len(column.levels))]
                 for name, own in sides.items()}  # fmt: skip
    else:
        every = np.concatenate(list(sides.values()))
        places = np.unique(np.quantile(every, np.linspace(0, 1, POINTS)))
        lines = {
            name: [(float(place), float((own <= place).mean())) for place in places] for name, own in sides.items()
        }
    return curve_chart(title, lines, unit=True)
