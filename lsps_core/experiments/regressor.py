"""What a user would do instead of this model: a plain residual network from image to joints, on the same frames."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lsps_core.checkpoint import read_tensors, write_tensors
from lsps_core.config.model import Domain, PosteriorHead
from lsps_core.config.training import TrainConfig
from lsps_core.data.augmentation.degrade import degrade
from lsps_core.data.augmentation.occlude import occlude
from lsps_core.device import resolve_device
from lsps_core.events import Event, Started, Stepped
from lsps_core.files import parse_json
from lsps_core.losses import joint_distance
from lsps_core.networks.dense import DenseNetwork
from lsps_core.networks.residual import MANY_BATCHES, ResidualNetwork, measure_statistics
from lsps_core.skeleton import Skeleton
from lsps_core.stopwatch import Stopwatch
from lsps_core.training.data import TrainingData, step_generator
from lsps_core.training.stages.update import load_optimizer_tensors, optimizer_tensors
from lsps_core.training.trainer import REPORT_SECONDS

_STAGE = "posterior"
"""Of whose random streams the frames are drawn."""
_LEARNING_RATE = 2e-3
_WARM_UP_STEPS = 100
_WEIGHT_DECAY = 0.01


@dataclass(frozen=True)
class Regressor:
    """A trained network: image [B, 1, 128, 128] -> pose [B, J, 3]. took: its training."""

    skeleton: Skeleton
    network: nn.Module
    device: torch.device
    took: Stopwatch

    @torch.inference_mode()
    def predict_pose(self, image: Tensor, _domain: Domain, _center: Tensor) -> Tensor:
        """Images of either domain are read alike."""
        return _pose(self.network, image.to(self.device).contiguous(memory_format=torch.channels_last))


class RegressorTraining:
    """One training in its folder: it resumes from there, and ends with `model_path`.

    Of the config it takes the stores, annotations and labels, the augmentation, the seed, the device, the posterior's
    head, and its stage's steps and frames a step.
    """

    def __init__(
        self,
        path: Path,
        config: TrainConfig,
        should_stop: Callable[[], bool] = lambda: False,
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        self.path, self.config, self._should_stop, self._on_event = path, config, should_stop, on_event
        self.model_path = path / "regressor.safetensors"

    def train(self) -> bool:
        """False after a stop request before the end; the state is saved."""
        device = resolve_device(self.config.device)
        self.path.mkdir(parents=True, exist_ok=True)
        data = TrainingData(self.config, device)
        torch.manual_seed(self.config.seed)
        network = _network(data.skeleton, self.config.posterior_head, device)
        optimizer = torch.optim.AdamW(network.parameters(), _LEARNING_RATE, weight_decay=_WEIGHT_DECAY, fused=True)
        step, stopwatch = self._resume(network, optimizer)
        self._on_event(_started(network, device, step, self.config.posterior.steps))
        started = saved = reported = time.monotonic()
        steps, first = self.config.posterior.steps, step
        while step < steps:
            for group in optimizer.param_groups:
                group["lr"] = _learning_rate(step, steps)
            loss = self._step(network, optimizer, data, step)
            step += 1
            stopwatch.lap()
            now = time.monotonic()
            if now - reported > REPORT_SECONDS or step == steps:
                reported = now
                self._on_event(self._stepped(step, loss, (now - started) / (step - first)))
            is_stopping = self._should_stop() and step < steps
            if is_stopping or now - saved > 60 * self.config.checkpoint_minutes:
                saved = now
                self._save(network, optimizer, step, stopwatch)
            if is_stopping:
                return False
        following = range(steps, steps + min(steps, MANY_BATCHES))
        measure_statistics(network, (self._frames(data, step)[0] for step in following))
        stopwatch.lap()
        header = {"skeleton": json.dumps(data.skeleton.to_json()), **_text(stopwatch)}
        write_tensors(self.model_path, network.state_dict(), header)
        self._state_path.unlink(missing_ok=True)
        return True

    def load(self) -> Regressor:
        """The trained network, on the config's device."""
        device = resolve_device(self.config.device)
        header, weights = read_tensors(self.model_path)
        skeleton = Skeleton.from_json(parse_json(header["skeleton"]))
        network = _network(skeleton, self.config.posterior_head, device)
        network.load_state_dict(weights)
        return Regressor(skeleton, network.eval().requires_grad_(False), device, Stopwatch(header))

    @property
    def _state_path(self) -> Path:
        return self.path / "state.safetensors"

    def _step(self, network: nn.Module, optimizer: torch.optim.Optimizer, data: TrainingData, step: int) -> Tensor:
        image, pose = self._frames(data, step)
        with torch.autocast(data.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            estimate = _pose(network, image)
        loss = joint_distance(estimate, pose)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.detach()

    def _frames(self, data: TrainingData, step: int) -> tuple[Tensor, Tensor]:
        """The images as the network reads them, and the poses, of a step."""
        settings = self.config.posterior
        frames = data.annotated(_STAGE, settings.batch_size + settings.extra_annotated, step)
        image, generator = frames.image, step_generator(self.config.seed, _STAGE, step, 0, data.device)
        if settings.occlude:
            image = occlude(image, generator)
        if settings.degrade:
            image = degrade(image, generator)
        return image.contiguous(memory_format=torch.channels_last), frames.pose

    def _stepped(self, step: int, loss: Tensor, step_s: float) -> Stepped:
        settings = self.config.posterior
        return Stepped(
            stage=_STAGE,
            stage_step=step,
            step=step,
            terms={"joints": loss.item()},
            frames_per_s=(settings.batch_size + settings.extra_annotated) / step_s,
            eta_s=(settings.steps - step) * step_s,
        )

    def _save(self, network: nn.Module, optimizer: torch.optim.AdamW, step: int, stopwatch: Stopwatch) -> None:
        weights = {f"network/{name}": tensor for name, tensor in network.state_dict().items()}
        header = {"step": str(step), **_text(stopwatch)}
        write_tensors(self._state_path, weights | optimizer_tensors({"optimizer": optimizer}), header)

    def _resume(self, network: nn.Module, optimizer: torch.optim.AdamW) -> tuple[int, Stopwatch]:
        """(steps done, how long they took) of a saved state."""
        if not self._state_path.exists():
            return 0, Stopwatch()
        header, tensors = read_tensors(self._state_path)
        prefix = "network/"
        network.load_state_dict(
            {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        )
        load_optimizer_tensors({"optimizer": optimizer}, tensors)
        return int(header["step"]), Stopwatch(header)


def _text(stopwatch: Stopwatch) -> dict[str, str]:
    return {name: str(value) for name, value in stopwatch.to_json().items()}


def _started(network: nn.Module, device: torch.device, step: int, steps: int) -> Started:
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Started(step=step, total_steps=steps, device=str(device), parameters=parameters)


def _network(skeleton: Skeleton, head: PosteriorHead, device: torch.device) -> nn.Module:
    joints = skeleton.joint_count
    network = DenseNetwork(joints) if head == "dense" else ResidualNetwork(3 * joints)
    return network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _pose(network: nn.Module, image: Tensor) -> Tensor:
    """[B, J, 3], whichever the head."""
    pose: Tensor = network(image).reshape(len(image), -1, 3)
    return pose


def _learning_rate(step: int, steps: int) -> float:
    """A linear rise, then half a cosine down to 0."""
    rise = min(1.0, (step + 1) / _WARM_UP_STEPS)
    return _LEARNING_RATE * rise * (1 + math.cos(math.pi * step / steps)) / 2
