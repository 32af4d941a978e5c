#!/usr/bin/env bash
# Makes each system call of the library fail in every way, for a small program's whole life and at each single call: tests/long/failures.sh
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
export VIGIL_ALL_FAILURES=1
dotnet test tests/Vigil.Internals.Tests --filter 'FullyQualifiedName~FailingCallsTests'
