#!/usr/bin/env bash
# Runs the tests with random steps or many rounds many times as long, and from new seeds: tests/long/models.sh [factor]
# The gateway's fuzzing has a script of its own (tests/long/fuzz.sh).
# A failure names its seed: VIGIL_TEST_FACTOR and VIGIL_TEST_SEED run the same steps again.
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
export VIGIL_TEST_FACTOR=${1:-50}
export VIGIL_TEST_SEED=${VIGIL_TEST_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "factor $VIGIL_TEST_FACTOR, seed $VIGIL_TEST_SEED"
failed=0
for project in Vigil.Internals.Tests Vigil.Protocols.Tests Vigil.Tests Vigil.Testing.Tests MetricsGateway.Tests; do
    dotnet test "tests/$project" --filter 'Duration=Scaled&FullyQualifiedName!~Fuzzing' || failed=$((failed + 1))
done

echo "$failed of 5 projects failed"
[ "$failed" -eq 0 ]
