namespace Vigil.Internals.Tests.Model;

public class MethodNameTests
{
    [Fact]
    public void Methods_lambdas_and_local_functions_are_named_as_they_are_written()
    {
        int captured = 0;
        Assert.Equal("MethodNameTests.Plain", MethodName.Of((Action)Plain));
        Assert.Equal(
            "MethodNameTests.Methods_lambdas_and_local_functions_are_named_as_they_are_written (lambda)",
            MethodName.Of(() => captured++));
        Assert.Equal(
            "MethodNameTests.Methods_lambdas_and_local_functions_are_named_as_they_are_written (lambda)",
            MethodName.Of(static () => { }));
        Assert.Equal("MethodNameTests.Methods_lambdas_and_local_functions_are_named_as_they_are_written.Local", MethodName.Of(Local));
        Assert.Equal("List`1.Clear", MethodName.Of(new List<int>().Clear));
        Assert.Equal("MethodNameTests.Run", MethodName.Of(this, "Run"));

        static void Local()
        {
        }
    }

    [Fact]
    public void The_full_name_has_the_namespace_and_all_enclosing_types()
    {
        const string Here = "Vigil.Internals.Tests.Model.MethodNameTests";
        int captured = 0;
        Assert.Equal($"{Here}.Plain", MethodName.FullOf((Action)Plain));
        Assert.Equal(
            $"{Here}.The_full_name_has_the_namespace_and_all_enclosing_types (lambda)", MethodName.FullOf(() => captured++));
        Assert.Equal($"{Here}.The_full_name_has_the_namespace_and_all_enclosing_types.Local", MethodName.FullOf(Local));
        Assert.Equal($"{Here}.RecordingContext.Post", MethodName.FullOf(new RecordingContext().Post));
        Assert.Equal("System.Collections.Generic.List`1.Clear", MethodName.FullOf(new List<int>().Clear));

        static void Local()
        {
        }
    }

    [Fact]
    public void What_goes_on_after_an_await_is_the_method_that_awaits()
    {
        var context = new RecordingContext();
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            _ = AwaitsAsync(context.Source.Task);
            _ = YieldsAsync();
            _ = LocalAsync();
            context.Source.SetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        Assert.Equal(
        [
            "MethodNameTests.YieldsAsync (await)",
            "MethodNameTests.What_goes_on_after_an_await_is_the_method_that_awaits.LocalAsync (await)",
            "MethodNameTests.AwaitsAsync (await)",
        ],
        context.Posted.Select(MethodName.OfContinuation));
        Assert.Equal("MethodNameTests.Plain", MethodName.OfContinuation((Action)Plain));

        static async Task LocalAsync() => await Task.Yield();
    }

    private static async Task AwaitsAsync(Task task) => await task;

    private static async Task YieldsAsync() => await Task.Yield();

    private static void Plain()
    {
    }

    private sealed class RecordingContext : SynchronizationContext
    {
        public TaskCompletionSource Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<object> Posted { get; } = [];

        public override void Post(SendOrPostCallback d, object? state) => Posted.Add(state!);
    }
}
