#!/usr/bin/env bash
# Mutation score of the pure structures and the source table: tests/long/mutation.sh [page] [pattern...]
# dotnet-stryker changes one operator, condition or statement of a file at a time, and runs the tests that reach it. What they do not notice has
# survived. Writes the table between the marks of docs/reliability.md (or of the page), and the survivors to standard output. Needs python3, and
# dotnet-stryker from NuGet. It works on a copy of the last commit. Patterns are files below src/Vigil; without any the list below is taken,
# which takes hours.
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en DOTNET_INFO_WAIT_TIME=60000
page=$(realpath "${1:-docs/reliability.md}")
shift
patterns=("$@")
if [ ${#patterns[@]} -eq 0 ]; then
    patterns=(Collections/DescriptorMap.cs Collections/DurationHistogram.cs Collections/MpscQueue.cs Collections/RingPositions.cs
        Collections/SlotTable.cs Timing/TimingWheel.cs Timing/TimerBuckets.cs Timing/TimerSlots.cs Sources/Interests.cs Sources/SourceArming.cs
        Sources/SourceTable.cs Sources/SpinDetector.cs Sources/SpinTrace.cs)
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q . "$work/copy" || exit 1
dotnet tool install dotnet-stryker --version 5.1.0 --tool-path "$work/tool" > "$work/install.log" 2>&1 || { cat "$work/install.log"; exit 1; }

mutate=()
for pattern in "${patterns[@]}"; do
    mutate+=(--mutate "**/$pattern")
done

# Timing depends on the machine, and a mutant that never ends is noticed by its time: a test process gets a minute more than it took.
(cd "$work/copy/tests/Vigil.Internals.Tests" && "$work/tool/dotnet-stryker" --project Vigil.csproj "${mutate[@]}" --reporter json \
    --output "$work/out" --concurrency "$(nproc)" --skip-version-check --verbosity warning --break-at 0) || exit 1
python3 tests/long/mutation.py "$work/out/reports/mutation-report.json" "$page" "$(git rev-parse --short HEAD)"
