using System.Runtime.InteropServices;
using Vigil.Interop;
using Cpu = System.Runtime.InteropServices.Architecture;

namespace Vigil.Internals.Tests.Abi;

/// <summary>
/// Numbers, sizes and offsets of the kernel's interface agree with a C compiler's, for each processor and C library. Only code whose result
/// the C library alone knows is run.
/// </summary>
public class KernelAbiTests
{
    private const string X64 = "gcc";
    private const string Arm64 = "aarch64-linux-gnu-gcc";
    private const string RiscV64 = "riscv64-linux-gnu-gcc";
    private const string Musl = "musl-gcc";

    // The kernel's headers come after musl's own; musl-gcc alone sees only musl's.
    private static readonly Dictionary<string, (CCompiler Compiler, ProcessorAbi Processor)> Targets = new(StringComparer.Ordinal)
    {
        [X64] = (new CCompiler(X64), ProcessorAbi.X64),
        [Arm64] = (new CCompiler(Arm64), ProcessorAbi.Arm64),
        [RiscV64] = (new CCompiler(RiscV64), ProcessorAbi.Generic),
        [Musl] = (new CCompiler(Musl, "-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"), ProcessorAbi.X64),
    };

    [Fact]
    public void Nothing_that_C_has_a_say_in_is_forgotten()
    {
        IReadOnlyList<string> forgotten = CFacts.FindForgotten();
        Assert.True(
            forgotten.Count == 0,
            $"Say in CNames what this is in C, or in ProcessorAbi what it is on which processor: {string.Join(", ", forgotten)}.");
        Assert.True(CFacts.Common(isMusl: false).Count() > 150, "That is not all.");
    }

    [Theory]
    [InlineData(X64)]
    [InlineData(Arm64)]
    [InlineData(RiscV64)]
    [InlineData(Musl)]
    public void Numbers_sizes_and_offsets_are_Cs(string target)
    {
        (CCompiler compiler, ProcessorAbi processor) = Require(target);
        IEnumerable<CFact> facts = CFacts.Common(isMusl: target == Musl).Concat(CFacts.Of(processor));
        string complaints = compiler.Compile(CNames.Prelude + string.Join('\n', facts.Select(fact => fact.Assertion)));
        Assert.True(complaints.Length == 0, complaints);
    }

    [Fact]
    public void What_differs_between_processors_is_noticed()
    {
        (CCompiler compiler, _) = Require(Arm64);
        string complaints = compiler.Compile(
            CNames.Prelude + string.Join('\n', CFacts.Of(ProcessorAbi.X64).Select(fact => fact.Assertion)));
        Assert.All(CNames.OfProcessor.Keys, name => Assert.Contains($"ProcessorAbi.{name}: ", complaints, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(X64)]
    [InlineData(Arm64)]
    [InlineData(RiscV64)]
    public void The_C_library_has_every_function_that_is_called(string target)
    {
        (CCompiler compiler, _) = Require(target);
        string output = Path.GetTempFileName();
        try
        {
            string declarations = string.Concat(CFacts.Functions.Select(name => $"extern void {name}(void);\n"));
            Assert.Equal(
                "",
                compiler.Compile(
                    $"{declarations}void *all[] = {{ {string.Join(", ", CFacts.Functions)} }};\nint main(void) {{ return 0; }}\n",
                    output));
        }
        finally
        {
            File.Delete(output);
        }
    }

    [Theory]
    [InlineData(X64, 34)]
    [InlineData(Arm64, 34)]
    [InlineData(Musl, 35)]
    public void Real_time_signals_begin_where_the_C_library_says(string target, int expected)
    {
        (CCompiler compiler, _) = Require(target);
        bool isForeign = target == Arm64;
        Assert.SkipUnless(!isForeign || new CCompiler("qemu-aarch64").IsThere, "qemu-aarch64 is not installed (qemu-user).");
        Assert.SkipUnless(isForeign || RuntimeInformation.ProcessArchitecture == Cpu.X64, "This program is for x64.");
        string output = Path.GetTempFileName();
        try
        {
            var library = new CCompiler(compiler.Program, [.. compiler.Options, "-static"]);
            Assert.Equal(
                "",
                library.Compile(
                    "extern int __libc_current_sigrtmin(void);\nint main(void) { return __libc_current_sigrtmin(); }\n",
                    output));
            (int exitCode, _) = isForeign ? CCompiler.Run("qemu-aarch64", [output], "") : CCompiler.Run(output, [], "");
            Assert.Equal(expected, exitCode);
        }
        finally
        {
            File.Delete(output);
        }
    }

    [Fact]
    public void Processors_that_are_not_known_are_refused()
    {
        foreach (Cpu known in new[] { Cpu.X64, Cpu.Arm64, Cpu.RiscV64, Cpu.LoongArch64 })
        {
            ProcessorAbi.RequireKnown(known);
        }

        foreach (Cpu unknown in new[] { Cpu.X86, Cpu.Arm, Cpu.S390x, Cpu.Ppc64le })
        {
            Assert.Contains(
                unknown.ToString(),
                Assert.Throws<PlatformNotSupportedException>(() => ProcessorAbi.RequireKnown(unknown)).Message,
                StringComparison.Ordinal);
        }
    }

    private static (CCompiler Compiler, ProcessorAbi Processor) Require(string target)
    {
        Assert.SkipUnless(Targets[target].Compiler.IsThere, $"{target} is not installed.");
        return Targets[target];
    }
}
