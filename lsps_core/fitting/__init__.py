"""Fit a hand to a depth frame, from the pose that a model reads of it."""

from lsps_core.fitting.fit import Fitted, fit
from lsps_core.fitting.objective import Weights

__all__ = ["Fitted", "Weights", "fit"]
