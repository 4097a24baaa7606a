"""The processes of one training run: a single one, or those of `torchrun`, each with its share of every batch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType

import torch
from torch import Tensor, distributed


class ProcessGroup:
    """`rank` of `size` processes. Batches are divided and gradients averaged: the result is that of one process.

    Only process 0 writes, prints and decides; it broadcasts its decisions.
    """

    def __init__(self, rank: int = 0, size: int = 1, local_rank: int = 0) -> None:
        self.rank, self.size, self.local_rank = rank, size, local_rank

    @classmethod
    def from_environment(cls) -> ProcessGroup:
        """Join the processes of `torchrun`, as described by its environment variables; a single process without it."""
        if "WORLD_SIZE" not in os.environ:
            return cls()
        group = cls(*(int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")))
        if group.size > 1:
            from torch.distributed.distributed_c10d import PrefixStore  # not every build of torch has them
            from torch.distributed.rendezvous import rendezvous

            store, rank, size = next(rendezvous("env://"))
            if os.environ.get("LOCAL_WORLD_SIZE") == os.environ["WORLD_SIZE"]:
                # torchrun keeps its store over restarts: without this, a process may read where one that has died
                # was. Machines count their restarts apart: several need TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 instead.
                store = PrefixStore(f"restart {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
            backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
            distributed.init_process_group(backend, store=store, rank=rank, world_size=size)
        return group

    def __enter__(self) -> ProcessGroup:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if self.size > 1 and kind is None:  # after an error the others may wait for ever; torchrun ends them
            distributed.barrier()  # a process that exits while process 0 still writes may abort
            distributed.destroy_process_group()

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def device(self, device: torch.device) -> torch.device:
        """The process's own device, if `device` names a kind with several devices."""
        if self.size > 1 and device.type == "cuda":
            device = torch.device("cuda", self.local_rank)
            torch.cuda.set_device(device)
        return device

    def share(self, count: int, what: str) -> slice:
        """Which of `count` frames are this process's; ValueError if they cannot be divided evenly."""
        if count % self.size:
            raise ValueError(f"{what} of {count} frames cannot be divided among {self.size} processes; change it")
        return slice(self.rank, None, self.size)

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace the tensors by their mean over all processes, in one all-reduce."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        distributed.all_reduce(flat)
        flat /= self.size
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def gather(self, values: Tensor) -> Tensor:
        """values [n], on the CPU, of every process -> [size, n]; waits for all of them."""
        if self.size == 1:
            return values[None]
        parts = [torch.empty_like(values) for _ in range(self.size)]
        distributed.all_gather(parts, values)
        return torch.stack(parts)

    def restarts(self) -> int:
        """How often torchrun has started these processes again; machines count apart, and only those where one died."""
        own = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
        return int(self.gather(torch.tensor([own])).max())

    def wait(self) -> None:
        """For all processes to get here."""
        if self.size > 1:
            distributed.barrier()

    def decide(self, decision: bool) -> bool:
        """The value of process 0; those of the others are ignored."""
        if self.size == 1:
            return decision
        message = torch.tensor(int(decision))
        distributed.broadcast(message, src=0)
        return bool(message)
