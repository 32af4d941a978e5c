#!/usr/bin/env bash
# The gateway beside the real programs of its protocols, on loopback: tests/long/services.sh
#   statsd 0.9.0 (npm) gets the same lines, and must flush the same; graphite-carbon (Debian) must hold exactly what was sent.
# Installs what is missing: that needs root for Debian's packages. The last line is "N services agree, N do not".
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
packages=()
[ -x /usr/bin/carbon-cache ] || packages+=(graphite-carbon)
command -v npm > /dev/null || packages+=(nodejs npm)
command -v python3 > /dev/null || packages+=(python3)
if [ ${#packages[@]} -gt 0 ]; then
    { apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } > /dev/null 2>&1 \
        || { echo "Could not be installed: ${packages[*]}"; exit 1; }
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build apps/MetricsGateway -c Release -v q -nodeReuse:false -o "$work/gateway" || exit 1
agreed=0
failed=0
for check in "bench/gateway/compare_with_statsd.py $work/gateway/MetricsGateway $work --seed $RANDOM" "tests/long/carbon.py $work/gateway/MetricsGateway"; do
    # The words of a check are its program and arguments.
    # shellcheck disable=SC2086
    if python3 $check; then
        agreed=$((agreed + 1))
    else
        failed=$((failed + 1))
    fi
done

echo "$agreed services agree, $failed do not"
[ "$failed" -eq 0 ]
