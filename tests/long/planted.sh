#!/usr/bin/env bash
# Plants bugs in the library and lets simulations find them: tests/long/planted.sh [seeds [bug…]]
# Each tests/Planted/*.patch is applied to a copy of the sources. tests/Planted/Driver, built with it, must fail with one of the seeds (1,000), and
# that seed alone must fail in the same way ten times out of ten. Without a patch every seed must pass. A patch that does not apply is a failure.
# A run over all bugs writes its results to docs/reliability.md. The last line is "N planted bugs found, N not".
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
seeds=${1:-1000}
shift $(($# > 0 ? 1 : 0))
bugs=("$@")
is_whole=false
if [ ${#bugs[@]} -eq 0 ]; then
    is_whole=true
    for patch in "$root"/tests/Planted/*.patch; do
        bugs+=("$(basename "$patch" .patch)")
    done
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

# The copy is no part of a repository, wherever the folder for temporary files is.
export GIT_CEILING_DIRECTORIES=$work
unset VIGIL_SEED
mkdir "$work/copy"
tar -C "$root" --exclude=bin --exclude=obj -cf - Directory.Build.props Directory.Packages.props global.json src tests/Planted/Driver | tar -C "$work/copy" -xf - || exit 1
cd "$work/copy" || exit 1

build() {
    dotnet build tests/Planted/Driver -c Release -v q -nodeReuse:false -o "$work/out" > "$work/log" 2>&1 || { tail -20 "$work/log"; return 1; }
}

# Ends after five minutes: a bug may make the library itself hang.
drive() {
    timeout 300 dotnet "$work/out/Planted.Driver.dll" "$@"
}

# Prints the scenario that has found the bug, and its seed.
find_bug() {
    local patch=$root/tests/Planted/$1.patch
    git apply --check "$patch" && git apply "$patch" || { echo "$1: the patch does not apply" >&2; return 1; }
    local result=1
    if build >&2; then
        drive "$seeds" > "$work/found"
        local code=$? scenario seed
        if [ "$code" -eq 1 ] && read -r _ scenario _ seed < "$work/found" && [ "$(head -c 7 "$work/found")" = "FAILED " ]; then
            result=0
            for _ in $(seq 10); do
                drive 1 "$scenario" "$seed" > "$work/again"
                [ $? -eq 1 ] && cmp -s "$work/found" "$work/again" || result=1
            done
            [ "$result" -eq 0 ] && echo "$scenario $seed" || echo "$1: seed $seed of $scenario does not repeat it" >&2
        else
            echo "$1: not found, exit code $code: $(head -1 "$work/found")" >&2
        fi
    fi
    git apply -R "$patch" || exit 1
    return "$result"
}

build && drive "$seeds" || { echo "The unpatched library fails. 0 planted bugs found, ${#bugs[@]} not"; exit 1; }
found=0
rows=()
for bug in "${bugs[@]}"; do
    if by=$(find_bug "$bug"); then
        found=$((found + 1))
        echo "found   $bug: ${by% *}, seed ${by#* }"
        rows+=("| $bug | ${by% *} | ${by#* } | 10 of 10 |")
    else
        echo "FAILED  $bug"
        rows+=("| $bug | not found | | |")
    fi
done

if $is_whole; then
    page=$root/docs/reliability.md
    {
        sed '/^| planted bug |/,$d' "$page"
        echo "| planted bug | found by | first seed | repeated |"
        echo "|---|---|---|---|"
        printf '%s\n' "${rows[@]}"
    } > "$work/page" && cp "$work/page" "$page"
fi

echo "$found planted bugs found, $((${#bugs[@]} - found)) not"
[ "$found" -eq ${#bugs[@]} ]
