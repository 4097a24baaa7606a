"""Settings of fits: the shape of a hand is moved until it covers the measured depth, see `lsps_core.fitting`."""

FIT_STEPS = 10
"""Gauss-Newton steps of a fit, after those by which its starts race."""
FIT_ACCEPT_MM = 1.7
"""Residual up to which a fit counts as an annotation: 98 % of frames like SimHand's, 2.7 mm off; 53 % of those like
SimHand 2's, 6.5 mm off rather than 10.9."""
