using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>The overloads that the compiler chooses: asynchronous functions never become actions that are not awaited.</summary>
public sealed class OverloadTests
{
    private const string Refused = "CS0619";

    // Vigil.Failures contains the library's types once more.
    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is not "Vigil.Failures.dll")
            .Select(path => MetadataReference.CreateFromFile(path)),
        MetadataReference.CreateFromFile(typeof(EventManager).Assembly.Location),
    ];

    [Theory]
    [InlineData(
        "manager.CreateTimerEvent(time, async (timer, tick) => await Task.Yield())",
        "System.Func<Vigil.TimerEvent, Vigil.TimerTick, System.Threading.Tasks.Task>")]
    [InlineData(
        "manager.CreateTimerEvent(time, time, async (timer, tick) => { await Task.Yield(); })",
        "System.Func<Vigil.TimerEvent, Vigil.TimerTick, System.Threading.Tasks.Task>")]
    [InlineData(
        "manager.CreateTimerEvent(DateTimeOffset.Now, time, (timer, tick) => RunAsync())",
        "System.Func<Vigil.TimerEvent, Vigil.TimerTick, System.Threading.Tasks.Task>")]
    [InlineData(
        "manager.CreateTimerEvent(time, (timer, tick) => CountAsync())",
        "System.Func<Vigil.TimerEvent, Vigil.TimerTick, System.Threading.Tasks.Task>")]
    [InlineData(
        "manager.CreateTimerEvent(time, (timer, tick) => RunValueAsync())",
        "System.Func<Vigil.TimerEvent, Vigil.TimerTick, System.Threading.Tasks.ValueTask>")]
    [InlineData(
        "manager.CreateTimerEvent(time, OnTickAsync)",
        "System.Func<Vigil.TimerEvent, Vigil.TimerTick, System.Threading.Tasks.Task>")]
    [InlineData("manager.CreateTimerEvent(time, OnTick)", "Vigil.TimerEventCallback")]
    [InlineData("manager.CreateTimerEvent(time, (timer, tick) => { })", "Vigil.TimerEventCallback")]
    [InlineData("manager.CreateTimerEvent(time, (timer, tick) => Count())", "Vigil.TimerEventCallback")]
    [InlineData(
        "manager.CreateTimerEvent(time, time, static (_, _) => { }, new() { Clock = TimerClock.BootTime })",
        "Vigil.TimerEventCallback")]
    [InlineData(
        "manager.CreateSocketEvent(1, EventSet.In, async (source, ready) => await Task.Yield())",
        "System.Func<Vigil.SocketEvent, Vigil.EventSet, System.Threading.Tasks.Task>")]
    [InlineData(
        "manager.CreateFileEvent(\"/\", async (source, change) => await Task.Yield(), new() { Recursive = true })",
        "System.Func<Vigil.FileEvent, Vigil.FileChange, System.Threading.Tasks.Task>")]
    [InlineData(
        "manager.CreateSignalEvent(Signal.SIGHUP, (source, info) => RunAsync())",
        "System.Func<Vigil.SignalEvent, Vigil.SignalInfo, System.Threading.Tasks.Task>")]
    [InlineData(
        "manager.CreateUserEvent(UserEventMerge.Add, (source, value) => RunAsync())",
        "System.Func<Vigil.UserEvent, long, System.Threading.Tasks.Task>")]
    [InlineData(
        "manager.CreateChildEvent(1, async (source, exit) => await Task.Yield())",
        "System.Func<Vigil.ChildEvent, Vigil.ChildExit, System.Threading.Tasks.Task>")]
    [InlineData("manager.Defer(async _ => await Task.Yield())", "System.Func<Vigil.EventManager, System.Threading.Tasks.Task>")]
    [InlineData("manager.Defer((_, number) => RunAsync(), 1)", "System.Func<Vigil.EventManager, int, System.Threading.Tasks.Task>")]
    [InlineData("manager.Defer(running => running.Stop())", "System.Action<Vigil.EventManager>")]
    [InlineData(
        "manager.RemoteEndpoint.Fire(async _ => await Task.Yield())",
        "System.Func<Vigil.EventManager, System.Threading.Tasks.Task>")]
    [InlineData("manager.RemoteEndpoint.Fire(_ => RunValueAsync())", "System.Func<Vigil.EventManager, System.Threading.Tasks.ValueTask>")]
    [InlineData("manager.RemoteEndpoint.Fire(running => running.RemoveSubscriber(default))", "System.Action<Vigil.EventManager>")]
    [InlineData("manager.RemoteEndpoint.TryFire(static (_, text) => text.ToString(), \"\")", "System.Action<Vigil.EventManager, string>")]
    [InlineData(
        "manager.RemoteEndpoint.TryFire(async (_, text) => await Task.Yield(), \"\")",
        "System.Func<Vigil.EventManager, string, System.Threading.Tasks.Task>")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, () => Count())", "System.Action")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, () => { })", "System.Action")]
    [InlineData("manager.ExecuteWork(WorkTarget.Thread(2), static number => Console.WriteLine(number), 1)", "System.Action<int>")]
    [InlineData("manager.ExecuteWork(WorkTarget.Thread(2), () => Count(), (running, count) => running.Stop())", "System.Func<int>")]
    [InlineData("manager.ExecuteWorkAsync(WorkPriority.Low, () => { })", "System.Action")]
    [InlineData("manager.ExecuteWorkAsync(WorkPriority.Low, () => Count())", "System.Func<int>")]
    [InlineData("manager.ExecuteWorkAsync(WorkPriority.Low, async () => await Task.Yield())", "System.Func<System.Threading.Tasks.Task>")]
    [InlineData("manager.ExecuteWorkAsync(WorkPriority.Low, async () => 1)", "System.Func<System.Threading.Tasks.Task<int>>")]
    [InlineData("manager.ExecuteWorkAsync(WorkPriority.Low, () => CountAsync())", "System.Func<System.Threading.Tasks.Task<int>>")]
    [InlineData("manager.ExecuteWorkAsync(WorkPriority.Low, () => RunValueAsync())", "System.Func<System.Threading.Tasks.ValueTask>")]
    [InlineData(
        "manager.ExecuteWorkAsync(WorkPriority.Low, () => CountValueAsync())",
        "System.Func<System.Threading.Tasks.ValueTask<int>>")]
    [InlineData("manager.ExecuteWorkAsync(WorkPriority.Low, RunAsync)", "System.Func<System.Threading.Tasks.Task>")]
    public void A_call_is_bound_to_the_overload_that_waits_for_what_it_is_given(string call, string delegateType)
    {
        (IMethodSymbol? method, string[] errors) = Compile(call);
        Assert.Empty(errors);
        Assert.Contains(
            delegateType,
            method!.Parameters.Select(
                parameter => parameter.Type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString()));
    }

    [Theory]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, async () => await Task.Yield())")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, async () => { await Task.Yield(); })")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, () => RunAsync())")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, () => CountAsync())")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, () => RunValueAsync())")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, () => CountValueAsync())")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, RunAsync)")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, async number => await Task.Delay(number), 1)")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, static number => Task.Delay(number), 1)")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, number => RunValueAsync(), 1)")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, number => CountValueAsync(), 1)")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, async () => 1, (running, count) => running.Stop())")]
    [InlineData("manager.ExecuteWork(WorkPriority.Low, () => CountAsync(), (running, count) => running.Stop())")]
    public void Asynchronous_work_is_not_forgotten(string call)
    {
        (_, string[] errors) = Compile(call);
        string error = Assert.Single(errors);
        Assert.StartsWith(Refused, error, StringComparison.Ordinal);
        Assert.Contains("Use ExecuteWorkAsync", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Asynchronous_work_with_a_result_is_not_forgotten_either() =>
        Assert.NotEmpty(Compile("manager.ExecuteWork(WorkPriority.Low, async () => 1)").Errors);

    private static (IMethodSymbol? Method, string[] Errors) Compile(string call)
    {
        string source = $$"""
            using System;
            using System.Threading.Tasks;
            using Vigil;

            public static class Program
            {
                public static void Test(EventManager manager, TimeSpan time)
                {
                    {{call}};
                }

                private static int Count() => 1;

                private static Task RunAsync() => Task.CompletedTask;

                private static Task<int> CountAsync() => Task.FromResult(1);

                private static ValueTask RunValueAsync() => ValueTask.CompletedTask;

                private static ValueTask<int> CountValueAsync() => ValueTask.FromResult(1);

                private static void OnTick(TimerEvent timer, TimerTick tick) { }

                private static Task OnTickAsync(TimerEvent timer, TimerTick tick) => Task.CompletedTask;
            }
            """;
        SyntaxTree tree = CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Latest));
        var compilation = CSharpCompilation.Create(
            "calls",
            [tree],
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        InvocationExpressionSyntax invocation = tree.GetRoot().DescendantNodes().OfType<InvocationExpressionSyntax>().First();
        return (
            compilation.GetSemanticModel(tree).GetSymbolInfo(invocation).Symbol as IMethodSymbol,
            [.. compilation.GetDiagnostics().Where(
                diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(
                    diagnostic => $"{diagnostic.Id} {diagnostic.GetMessage()}")]);
    }
}
