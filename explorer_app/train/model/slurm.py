"""A run as a job of a cluster that is managed by Slurm."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

_SCRIPT = """#!/bin/bash
#SBATCH --job-name={name}
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log

# Activate the environment with `lsps` here; the run's folder and its stores are on a disk that all nodes see.
run={run}

# Two minutes before the limit of time: the run saves its state and ends, and the job goes back into the queue.
requeue() {{
    kill -TERM "$training"
    wait "$training"
    scontrol requeue "$SLURM_JOB_ID"
}}
trap requeue TERM

# Processes that start again use a store of their own: the last one still has addresses of the dead.
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
first_node=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun python -m torch.distributed.run --nnodes="$SLURM_NNODES" --nproc-per-node="${{SLURM_GPUS_ON_NODE:-1}}" \\
    --rdzv-id="$SLURM_JOB_ID" --rdzv-backend=c10d --rdzv-endpoint="$first_node:29400" --max-restarts=3 \\
    -m lsps_core.cli train "$run" --resume &
training=$!
wait "$training"
"""


def slurm_script(run: Path) -> str:
    """A batch script that trains the run in a folder, from its newest checkpoint and as often as it takes."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"lsps-{run.name}")
    return _SCRIPT.format(name=name, run=shlex.quote(str(run)))
