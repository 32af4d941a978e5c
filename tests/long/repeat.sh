#!/usr/bin/env bash
# Runs the whole suite many times: tests/long/repeat.sh plain|one-core|real-time [times]
#   plain       without further conditions
#   one-core    all of it on processor 0, beside a process that keeps it busy
#   real-time   beside one SCHED_FIFO thread per processor that spins for 1 to 20 ms, half of the time. Needs root (or CAP_SYS_NICE) and python3.
# Results of failed runs stay in a folder, whose name is printed. The last line is "N runs passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
condition=${1:-}
times=${2:-10}
prefix=()
neighbours=()
logs=$(mktemp -d)

stop() {
    for pid in "${neighbours[@]}"; do
        kill "$pid"
    done
    rmdir "$logs" 2> /dev/null
}
trap stop EXIT
trap 'exit 130' INT TERM

case $condition in
    plain) ;;
    one-core)
        prefix=(taskset -c 0)
        taskset -c 0 sh -c 'while :; do :; done' &
        neighbours+=($!)
        ;;
    real-time)
        for processor in $(seq 0 $(($(nproc) - 1))); do
            python3 tests/long/spin.py "$processor" &
            neighbours+=($!)
        done

        sleep 1
        for pid in "${neighbours[@]}"; do
            kill -0 "$pid" 2> /dev/null || { echo "The real-time neighbours did not start: that needs root, or CAP_SYS_NICE."; exit 1; }
        done
        ;;
    *)
        sed -n '2,6s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
esac

dotnet build Vigil.slnx -v q -nodeReuse:false || exit 1
passed=0
failed=0
for run in $(seq "$times"); do
    begin=$SECONDS
    if "${prefix[@]}" dotnet test --no-build > "$logs/$run.log" 2>&1; then
        passed=$((passed + 1))
        echo "run $run of $times: passed in $((SECONDS - begin)) s"
        rm "$logs/$run.log"
    else
        failed=$((failed + 1))
        echo "run $run of $times: FAILED in $((SECONDS - begin)) s, see $logs/$run.log"
        grep -E '^ *Failed |\[FAIL\]' "$logs/$run.log" | head
    fi
done

echo "$passed runs passed, $failed failed"
[ "$failed" -eq 0 ]
