#!/usr/bin/env bash
# What only a machine with a GPU can tell, in one command of at most ten minutes: bash tests/benchmarks/gpu.sh [FOLDER]
#
# CUDA tests, step rates of both presets in all stages, the times of a decode and of a fit, and a short training that is
# killed with SIGKILL and resumed. It needs the packages of lsps_core and pytest, not Qt. Each part is run where another
# fails; the exit status is the number of parts that failed. DEVICE=cpu runs the same parts without a GPU, to try the
# script itself.
set -u
cd "$(dirname "$0")/../.."
device=${DEVICE:-cuda} out=${1:-$(mktemp -d)} python=${PYTHON:-python3} failed=0
export PYTHONPATH=$PWD

part() { # SECONDS NAME COMMAND...
    local limit=$1 name=$2 began=$SECONDS
    shift 2
    echo "== $name"
    timeout "$limit" "$@" || { echo "== $name FAILED with $?"; failed=$((failed + 1)); }
    echo "($((SECONDS - began)) s)"
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
    "$python" -m lsps_core.cli train "$run" --resume >"$out/second.jsonl" && "$python" -m lsps_core.cli info "$run" >"$out/info.txt" && head -20 "$out/info.txt"
}

export -f killed_and_resumed
export out device python
part 60 "Machine" "$python" -c 'import torch; print(torch.__version__, torch.cuda.is_available() and torch.cuda.get_device_name())'
part 150 "CUDA tests" "$python" -m pytest -q -c /dev/null --rootdir . -p no:cacheprovider \
    tests/core/test_cuda.py "tests/core/test_simulator_simulate.py::test_it_runs_on_a_gpu"
part 210 "Step rates" "$python" tests/benchmarks/train_step.py --device "$device" --steps 10 ${VARIANTS:-}
part 60 "Decode" "$python" tests/benchmarks/decode.py --device "$device"
part 90 "Fit" "$python" tests/benchmarks/fit.py --device "$device" --repeats 3
part 100 "Killed and resumed" bash -c killed_and_resumed
echo "$failed of 6 parts failed; files in $out"
exit "$failed"
