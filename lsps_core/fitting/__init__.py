"""Fit a hand to a depth frame, from the pose that a model reads of it."""

from lsps_core.fitting.fit import Fitted, fit, residuals
from lsps_core.fitting.hand import Parameters
from lsps_core.fitting.objective import Weights
from lsps_core.fitting.pixels import pixel_distances

__all__ = ["Fitted", "Parameters", "Weights", "fit", "pixel_distances", "residuals"]
