#!/usr/bin/env bash
# Fuzzes what the gateway takes from the network, from admin clients and from files: tests/long/fuzz.sh [factor]
# Inputs are changed traffic of real clients (tests/MetricsGateway.Tests/Fuzzing/Corpus), 14,000 of them times the factor, from a new seed.
# A failure prints the shortest input that fails, as C#: it becomes a test. VIGIL_TEST_FACTOR and VIGIL_TEST_SEED run the same inputs again.
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
export VIGIL_TEST_FACTOR=${1:-50}
export VIGIL_TEST_SEED=${VIGIL_TEST_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
dotnet test tests/MetricsGateway.Tests --filter FullyQualifiedName~Fuzzing
status=$?
echo "$((14000 * VIGIL_TEST_FACTOR)) inputs from seed $VIGIL_TEST_SEED"
exit "$status"
