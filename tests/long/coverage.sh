#!/usr/bin/env bash
# Line and branch coverage by project: tests/long/coverage.sh [page]
# Runs the whole suite with coverlet and writes the table between the marks of docs/reliability.md (or of the page). What tests run in processes
# of their own (programs, services, published code) is not counted. Needs python3.
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
page=${1:-docs/reliability.md}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

dotnet build Vigil.slnx -v q -nodeReuse:false -p:CollectsCoverage=true || exit 1

# Instrumented code is slower and writes a file at its end, which a few tests do not stand: those of shortage, and of other users' processes.
dotnet test --no-build -p:CollectsCoverage=true --collect:"XPlat Code Coverage" --results-directory "$results" \
    || echo "Some tests failed with instrumented code. Look at them: what they did not reach is not counted."
python3 tests/long/coverage.py "$results" "$page"
