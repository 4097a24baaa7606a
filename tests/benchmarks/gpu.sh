#!/usr/bin/env bash
# What only a machine with a GPU can tell, in one command of at most ten minutes: bash tests/benchmarks/gpu.sh [FOLDER]
#
# CUDA tests, step rates of both presets in all stages, the time of a decode, and a short training that is killed with
# SIGKILL and resumed. Each part goes on where another fails; the exit status is the number of parts that failed.
# DEVICE=cpu runs the same parts without a GPU, to try the script itself.
set -u
cd "$(dirname "$0")/../.."
device=${DEVICE:-cuda} out=${1:-$(mktemp -d)} python=${PYTHON:-python3} failed=0

part() { # SECONDS NAME COMMAND...
    local limit=$1 name=$2
    shift 2
    echo "== $name"
    timeout "$limit" "$@" || { echo "== $name FAILED with $?"; failed=$((failed + 1)); }
}

killed_and_resumed() {
    local run=$out/run
    "$python" -m lsps_core.cli simulate "$out/synthetic.h5" --domain synthetic --frames 512 --device "$device" &&
        "$python" -m lsps_core.cli simulate "$out/sensor.h5" --domain sensor --frames 512 --device "$device" || return 1
    "$python" -m lsps_core.cli train "$run" --synthetic "$out/synthetic.h5" --real "$out/sensor.h5" --device "$device" \
        --set pose.steps=300 --set depth.steps="${STEPS:-200}" --set posterior.steps="${STEPS:-200}" \
        --set checkpoint_minutes=0.1 >"$out/first.jsonl" &
    local process=$!
    until ls "$run"/checkpoints/*.safetensors >/dev/null 2>&1 || ! kill -0 "$process" 2>/dev/null; do sleep 0.5; done
    kill -9 "$process" 2>/dev/null
    wait "$process"
    "$python" -m lsps_core.cli train "$run" --resume >"$out/second.jsonl" && "$python" -m lsps_core.cli info "$run"
}

export -f killed_and_resumed
export out device python
part 60 "Machine" "$python" -c 'import torch; print(torch.__version__, torch.cuda.is_available() and torch.cuda.get_device_name())'
part 120 "CUDA tests" "$python" -m pytest -q tests/core -k "gpu or cuda or device"
part 210 "Step rates" "$python" tests/benchmarks/train_step.py --device "$device" --steps 10 ${VARIANTS:-}
part 60 "Decode" "$python" tests/benchmarks/decode.py --device "$device"
part 150 "Killed and resumed" bash -c killed_and_resumed
echo "$failed of 5 parts failed; files in $out"
exit "$failed"
