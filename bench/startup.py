"""Measures how long programs take to start, and their memory then: the README's program and the gateway, ahead of time and just in time.

    python3 bench/startup.py [rounds]

Publishes each (Release, for this machine), then starts them in alternating rounds: the README's program from its start to its end, the gateway until its admin port has answered.
Prints the median, the least and the greatest of each, the gateway's resident memory after its first answer, and the size on disk. Needs clang or gcc, zlib1g-dev and the SDK.
"""
import os
import pathlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 21
RID = "linux-arm64" if platform.machine() == "aarch64" else "linux-x64"
AHEAD = ["-p:PublishAot=true"] + ([] if shutil.which("clang") else ["-p:CppCompilerAndLinker=gcc"])
WAYS = {"ahead of time": AHEAD, "ready to run": ["-p:PublishReadyToRun=true", "--self-contained", "false"], "just in time": ["--self-contained", "false"]}
PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings><InvariantGlobalization>true</InvariantGlobalization></PropertyGroup>
  <ItemGroup>
    <AssemblyAttribute Include="System.Runtime.Versioning.SupportedOSPlatformAttribute"><_Parameter1>linux</_Parameter1></AssemblyAttribute>
    <ProjectReference Include="%s" />
  </ItemGroup>
</Project>
"""


def publish(project, out, options):
    command = ["dotnet", "publish", project, "-c", "Release", "-r", RID, "-o", out, "-v", "q", "-nodeReuse:false", *options]
    if (done := subprocess.run(command, stdout=subprocess.PIPE, text=True)).returncode:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}")


def run_readme(program):
    begin = time.perf_counter()
    child = subprocess.Popen([program], stdout=subprocess.PIPE)
    said, _ = child.communicate()
    took = time.perf_counter() - begin
    assert b"5 bytes" in said and child.returncode == 0, said

    # The kernel's figures for an ended child include those of this process at the fork.
    return took, None


def run_gateway(program):
    begin = time.perf_counter()
    child = subprocess.Popen(
        [program, "--statsd-udp", "127.0.0.1:0", "--statsd-tcp", "off", "--graphite", "off", "--admin", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        for line in child.stdout:
            if found := re.match(r"admin listens on 127\.0\.0\.1:(\d+)", line):
                break
        with socket.create_connection(("127.0.0.1", int(found[1]))) as admin:
            admin.sendall(b"counters\n")
            assert b"{" in admin.recv(4096)
        took = time.perf_counter() - begin
        status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
        return took, int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])
    finally:
        child.terminate()
        child.communicate()


def size_of(folder):
    return sum(file.stat().st_size for file in pathlib.Path(folder).rglob("*") if file.suffix not in (".dbg", ".pdb", ".xml"))


def main():
    with tempfile.TemporaryDirectory() as work:
        source = re.search(r"```csharp\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
        programs = {}
        for way, options in WAYS.items():
            # Separate folders, so that no build finds another's output.
            readme = pathlib.Path(work) / way.replace(" ", "-") / "Readme"
            readme.mkdir(parents=True)
            (readme / "Readme.csproj").write_text(PROJECT % (ROOT / "src/Vigil/Vigil.csproj"))
            (readme / "Program.cs").write_text(source)
            for name, project, run in [("README's program", readme / "Readme.csproj", run_readme), ("gateway", ROOT / "apps/MetricsGateway/MetricsGateway.csproj", run_gateway)]:
                out = readme.parent / f"{pathlib.Path(project).stem}-published"
                publish(project, out, options)
                programs[name, way] = (run, out / pathlib.Path(project).stem, out)

        seen = {key: [] for key in programs}
        for turn in range(ROUNDS + 1):
            for key, (run, program, _) in programs.items():
                result = run(program)
                if turn:  # The first reads from the disk.
                    seen[key].append(result)

        print(f"{ROUNDS} rounds, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        print("| program | published | median | least | greatest | resident | on disk |")
        print("|---|---|---:|---:|---:|---:|---:|")
        for (name, way), results in sorted(seen.items()):
            times = [1000 * took for took, _ in results]
            kilobytes = [memory for _, memory in results if memory is not None]
            resident = f"{statistics.median(kilobytes) / 1024:.1f} MB" if kilobytes else "–"
            disk = size_of(programs[name, way][2]) / 1e6
            print(f"| {name} | {way} | {statistics.median(times):.1f} ms | {min(times):.1f} ms | {max(times):.1f} ms | {resident} | {disk:.1f} MB |")


main()
