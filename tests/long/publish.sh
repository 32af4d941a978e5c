#!/usr/bin/env bash
# Packs the library, checks the package's content, restores it into users' programs, publishes them in each way, and runs them; likewise the gateway.
#   tests/long/publish.sh          every way: plain, trimmed, ready to run, ahead of time
#   tests/long/publish.sh quick    ahead of time only
# Publishing ahead of time needs a linker and zlib: clang or gcc, zlib1g-dev. The last line is "Published programs: Failed: N, Passed: N".
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
rid=linux-$([ "$(uname -m)" = aarch64 ] && echo arm64 || echo x64)
version=0.0.0-test
aot=(-p:PublishAot=true)
command -v clang > /dev/null || aot+=(-p:CppCompilerAndLinker=gcc)
passed=0
failed=0

check() {
    local what=$1
    shift
    if "$@" > "$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "ok      $what"
    else
        failed=$((failed + 1))
        echo "FAILED  $what"
        sed 's/^/        /' "$work/log" | tail -40
    fi
}

pack() {
    dotnet pack "$root/src/Vigil" -c Release -o "$work/feed" -p:Version=$version -p:VigilRepositoryUrl=https://example.org/vigil -v q -nodeReuse:false &&
        mkdir "$work/package" && (cd "$work/package" && python3 -m zipfile -e "$work/feed/Vigil.$version.nupkg" . && python3 -m zipfile -e "$work/feed/Vigil.$version.snupkg" .)
}

pack_testing() {
    dotnet pack "$root/src/Vigil.Testing" -c Release -o "$work/feed" -p:Version=$version -p:VigilRepositoryUrl=https://example.org/vigil -v q -nodeReuse:false &&
        mkdir "$work/testing" && (cd "$work/testing" && python3 -m zipfile -e "$work/feed/Vigil.Testing.$version.nupkg" . && python3 -m zipfile -e "$work/feed/Vigil.Testing.$version.snupkg" .) &&
        grep -q "](https://example.org/vigil/blob/v$version/docs/performance.md)" "$work/testing/README.md" &&
        grep -q '<dependency id="Vigil"' "$work/testing/Vigil.Testing.nuspec" &&
        for file in icon.png LICENSE CHANGELOG.md lib/net10.0/Vigil.Testing.dll lib/net10.0/Vigil.Testing.xml lib/net10.0/Vigil.Testing.pdb \
            analyzers/dotnet/cs/Vigil.Testing.Analyzers.dll; do
            [ -s "$work/testing/$file" ] || { echo "no $file"; return 1; }
        done &&
        grep -qaF "https://example.org/vigil/blob/v$version/docs/testing.md#warnings-while-compiling" "$work/testing/analyzers/dotnet/cs/Vigil.Testing.Analyzers.dll" &&
        ! grep -q -e CodeAnalysis -e Vigil.Testing.Analyzers "$work/testing/Vigil.Testing.nuspec"
}

names_no_folder_of_this_machine() {
    ! grep -rlaF -e "$root" -e "$HOME/" -e "$work" "$work/package" "$work/testing"
}

has_absolute_links() {
    grep -q "](https://example.org/vigil/blob/v$version/docs/timers.md)" "$work/package/README.md" &&
        ! grep -nE '\]\((docs|samples|LICENSE|/)' "$work/package/README.md"
}

is_complete() {
    for file in icon.png LICENSE CHANGELOG.md build/Vigil.targets buildTransitive/Vigil.targets lib/net10.0/Vigil.dll lib/net10.0/Vigil.xml lib/net10.0/Vigil.pdb; do
        [ -s "$work/package/$file" ] || { echo "no $file"; return 1; }
    done
    grep -q '<releaseNotes>## ' "$work/package/Vigil.nuspec" && grep -q 'url="https://example.org/vigil"' "$work/package/Vigil.nuspec"
}

# A folder for a program that gets Vigil from the folder with the package, and all other packages from their registry. It is outside of the repository.
program() {
    mkdir -p "$work/$1"
    cp "$root/tests/long/programs/Consumer.csproj" "$work/$1/$1.csproj"
    cat > "$work/nuget.config" << EOF
<configuration><packageSources><add key="packed" value="$work/feed" /></packageSources></configuration>
EOF
}

# The first program in the README, unchanged: nothing in it marks it as Linux-only.
readme() {
    program Readme
    awk '/^```csharp/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$root/README.md" > "$work/Readme/Program.cs"
}

traces() {
    program Traces
    cp "$root/tests/long/programs/Traces.cs" "$work/Traces/Program.cs"
}

simulation() {
    program Simulation
    cp "$root/tests/long/programs/Simulation.cs" "$work/Simulation/Program.cs"
}

# A program that knows nothing of simulations, and says in its .editorconfig which of its files run in one.
server() {
    program Server
    mkdir "$work/Server/Simulated"
    printf '[Simulated/**.cs]\nvigil_testing_simulated = true\n' > "$work/Server/.editorconfig"
    printf 'internal static class Server\n{\n    public static void Stop() => Thread.Sleep(1);\n}\n' > "$work/Server/Simulated/Server.cs"
    printf 'Thread.Sleep(1);\nServer.Stop();\n' > "$work/Server/Program.cs"
}

# Builds a program in which warnings are errors: exactly the given places must warn, each as "FILE:LINE ID".
warns_at() {
    local name=$1 places=$2 said told
    shift 2
    said=$(cd "$work/$name" && dotnet build -c Release -p:VigilVersion=$version -p:RestorePackagesPath="$work/packages-of-vigil" \
        -p:RestoreFallbackFolders="${NUGET_PACKAGES:-$HOME/.nuget/packages}" -v q -nodeReuse:false "$@") && { echo "it builds: $said"; return 1; }
    echo "$said"
    told=$(sed -nE 's#^.*/([^/]+)[(]([0-9]+),[0-9]+[)]: error ([A-Z0-9]+):.*#\1:\2 \3#p' <<< "$said" | sort -u)
    [ "$told" = "$places" ]
}

# What is written in the simulation warns, and so does what it reaches; nothing else does.
warns_where_a_simulation_is_left() {
    local program=$work/Simulation/Program.cs run write
    run=$(grep -n 'Task.Run' "$program" | cut -d: -f1)
    write=$(grep -n 'DateTime.UtcNow' "$program" | cut -d: -f1)
    warns_at Simulation "$(printf 'Program.cs:%s\n' "$run VIGILT001" "$write VIGILT002")" -p:VigilPackage=Vigil.Testing -p:DefineConstants=LEAVES
}

publish_and_run() {
    local name=$1 expected=$2
    shift 2
    rm -rf "$work/out" "$work/$name/obj" "$work/$name/bin"
    (cd "$work/$name" && dotnet publish -c Release -r "$rid" -o "$work/out" -p:VigilVersion=$version -p:RestorePackagesPath="$work/packages-of-vigil" \
        -p:RestoreFallbackFolders="${NUGET_PACKAGES:-$HOME/.nuget/packages}" -v q -nodeReuse:false "$@") || return 1
    local said
    said=$(timeout 60 "$work/out/$name") || { echo "exit code $?: $said"; return 1; }
    echo "$said"
    grep -qE "$expected" <<< "$said"
}

gateway() {
    rm -rf "$work/gateway"
    dotnet publish "$root/apps/MetricsGateway" -c Release -r "$rid" -o "$work/gateway" -v q -nodeReuse:false "$@" || return 1
    "$work/gateway/MetricsGateway" --statsd-udp 127.0.0.1:0 --statsd-tcp 127.0.0.1:0 --graphite off --admin 127.0.0.1:0 > "$work/said" 2>&1 &
    local pid=$! port=""
    for _ in $(seq 300); do
        port=$(sed -nE 's/^admin listens on .*:([0-9]+)$/\1/p' "$work/said")
        [ -n "$port" ] && break
        sleep 0.1
    done
    local statsd answer=""
    statsd=$(sed -nE 's/^statsd-tcp listens on .*:([0-9]+)$/\1/p' "$work/said")
    if [ -n "$port" ] && [ -n "$statsd" ]; then
        exec 3<> "/dev/tcp/127.0.0.1/$statsd" && printf 'hits:3|c\n' >&3 && exec 3>&-
        for _ in $(seq 100); do
            exec 3<> "/dev/tcp/127.0.0.1/$port"
            printf 'counters\nquit\n' >&3
            answer=$(cat <&3)
            exec 3>&-
            grep -q '"hits": 3' <<< "$answer" && break
            sleep 0.1
        done
    fi
    kill -TERM "$pid"
    wait "$pid"
    local code=$?
    cat "$work/said"
    echo "$answer; exit code $code"
    [ "$code" -eq 0 ] && grep -q '"hits": 3' <<< "$answer"
}

check "the library packs" pack
check "the package for tests packs, with all that belongs to it" pack_testing
check "the packages name no folder of this machine" names_no_folder_of_this_machine
check "its README has absolute links" has_absolute_links
check "it has all that belongs to it" is_complete
readme
traces
simulation
server
check "a simulation that leaves its world warns, and no other code" warns_where_a_simulation_is_left
check "a program with the analyzer alone warns in the files that it says to be simulated" warns_at Server 'Server.cs:3 VIGILT004' -p:VigilAnalyzer=true
check "the README's program, ahead of time, without a warning" publish_and_run Readme '^In: 5 bytes$' "${aot[@]}"
check "the gateway, ahead of time, without a warning" gateway "${aot[@]}" -p:TreatWarningsAsErrors=true
check "meter and event source, ahead of time" publish_and_run Traces '^[1-9][0-9]* events, [1-9][0-9]* measurements$' "${aot[@]}" -p:EventSourceSupport=true
if [ "${1:-}" != quick ]; then
    check "a simulation, plain, without a warning" publish_and_run Simulation '^3 seconds$' --self-contained false -p:VigilPackage=Vigil.Testing
    check "meter without event source, ahead of time, as the page on metrics says" publish_and_run Traces '^0 events, [1-9][0-9]* measurements$' "${aot[@]}"
    check "the README's program, plain" publish_and_run Readme '^In: 5 bytes$' --self-contained false
    check "the README's program, trimmed" publish_and_run Readme '^In: 5 bytes$' -p:PublishTrimmed=true --self-contained true
    check "the README's program, ready to run" publish_and_run Readme '^In: 5 bytes$' -p:PublishReadyToRun=true --self-contained false
    check "meter and event source, plain" publish_and_run Traces '^[1-9][0-9]* events, [1-9][0-9]* measurements$' --self-contained false
    check "meter and event source, trimmed" publish_and_run Traces '^[1-9][0-9]* events, [1-9][0-9]* measurements$' -p:PublishTrimmed=true --self-contained true -p:EventSourceSupport=true
    check "the gateway, plain" gateway --self-contained false
    check "the gateway, ready to run" gateway -p:PublishReadyToRun=true --self-contained false
fi

echo "Published programs: Failed: $failed, Passed: $passed"
[ "$failed" -eq 0 ]
