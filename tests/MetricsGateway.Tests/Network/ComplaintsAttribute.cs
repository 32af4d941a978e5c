using System.Collections.Concurrent;
using System.Reflection;
using MetricsGateway.Tests.Network;
using Xunit.v3;

[assembly: Complaints]

namespace MetricsGateway.Tests.Network;

/// <summary>
/// Complaints of a gateway fail the test that ran it, and do not hide the exception of the test itself. A test disposes its gateway while
/// its own exception unwinds the stack, and an exception from there would replace it. So complaints are thrown after the test method ends,
/// and xUnit shows both.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class ComplaintsAttribute : BeforeAfterTestAttribute
{
    private static readonly ConcurrentDictionary<string, ConcurrentQueue<string>> OfTests = new(StringComparer.Ordinal);

    /// <summary>Fails the running test after its method has ended, or at once if it has ended.</summary>
    public static void Add(string complaint)
    {
        if (TestContext.Current is { Test: { } test, TestState: null })
        {
            OfTests.GetOrAdd(test.UniqueID, _ => new()).Enqueue(complaint);
        }
        else
        {
            Assert.Fail(complaint);
        }
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (OfTests.TryRemove(test.UniqueID, out ConcurrentQueue<string>? complaints))
        {
            Assert.Fail(string.Join('\n', complaints));
        }
    }
}
