#!/usr/bin/env bash
# Makes each system call of the library fail in every way: tests/long/failures.sh
# At each of its calls in scenarios of every feature, through a seam (tests/Vigil.Failures); and as a cross-check from outside, by filters of system
# calls, for a small program's whole life and at each single call.
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
export VIGIL_ALL_FAILURES=1
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
export VIGIL_FAILURES_FIGURES=$figures
dotnet test tests/Vigil.Internals.Tests --filter 'FullyQualifiedName~FailingCallsTests|FullyQualifiedName~SystemCallMatrixTests'
status=$?

# The last line goes to docs/reliability.md (.ci/full). A line of the program: "timers: 11 calls, 30 calls with an errno, 90 cases: 40 told by …".
cat "$figures"
awk -v status="$status" '
    match($0, /[0-9]+ cases/) { cases += substr($0, RSTART); scenarios++ }
    match($0, /[0-9]+ told/) { told += substr($0, RSTART) }
    match($0, /[0-9]+ done/) { without += substr($0, RSTART) }
    match($0, /[0-9]+ interrupted/) { again += substr($0, RSTART) }
    match($0, /[0-9]+ wrong/) { wrong += substr($0, RSTART) }
    END {
        printf "%s: %d cases in %d scenarios through the seam, %d told by an exception or a report, %d done without, %d interrupted and made again, %d wrong\n",
            status == 0 ? "passed" : "failed", cases, scenarios, told, without, again, wrong
    }' "$figures"
exit "$status"
