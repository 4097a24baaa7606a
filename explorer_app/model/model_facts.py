"""What a model file says about itself, as rows of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer_app.model.hand_model import HandModel

SIMULATED_ONLY = "Trained on simulated data only: its numbers say nothing about a real camera."


def model_facts(model: HandModel) -> list[tuple[str, str]]:
    """(name, value) of what matters first, then of the training record as it stands in the file."""
    rows = [
        ("file", str(model.path)),
        ("device", model.device),
        ("skeleton", f"{model.skeleton.name}, {model.skeleton.joint_count} joints"),
        ("parameters", f"{model.parameter_count / 1e6:.2f} million, base channels {model.config.base_channels}"),
        ("crop cube", f"{2 * model.half_mm:.0f} mm"),
    ]
    return rows + flat(model.training)


def flat(record: Any, prefix: str = "") -> list[tuple[str, str]]:
    """A free record as rows: names of nested groups are joined with a dot."""
    if isinstance(record, dict) and record:
        return [row for key, value in record.items() for row in flat(value, f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(record, float):
        return [(prefix, f"{record:g}")]
    return [(prefix, str(record))] if prefix else []
