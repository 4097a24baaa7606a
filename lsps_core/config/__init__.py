"""Every setting of a model, of a training run and of a fit."""
