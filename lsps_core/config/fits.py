"""Settings of fits: the shape of a hand is moved until it covers the measured depth, see `lsps_core.fitting`."""

FIT_STEPS = 10
"""Gauss-Newton steps of a fit, after those by which its starts race."""
FIT_ACCEPT_MM = 1.7
"""Residual up to which a fit counts as an annotation: 76 % of SimHand's frames, 3.3 mm off rather than 3.8."""
