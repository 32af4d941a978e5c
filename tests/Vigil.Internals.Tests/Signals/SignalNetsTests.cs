using System.Reflection;
using Vigil.Internals.Tests.Support;

namespace Vigil.Internals.Tests.Signals;

/// <summary>The counting of those who start processes.</summary>
public sealed class SignalNetsTests
{
    [Fact]
    public void Who_is_interrupted_while_another_begins_to_start_a_process_is_counted_and_counted_back()
    {
        int before = Starters;
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var other = new BackgroundThread<bool>(() =>
        {
            SignalNets.Enter(Begin());
            SignalNets.Leave();
            return true;
        });
        Assert.True(entered.Wait(Patience.Limit));
        var interrupted = new BackgroundThread<Exception?>(() =>
        {
            Thread.CurrentThread.Interrupt();
            try
            {
                SignalNets.Enter([]);
                return null;
            }
            catch (Exception exception)
            {
                return exception;
            }
            finally
            {
                SignalNets.Leave();
            }
        });
        interrupted.AwaitSleep();
        release.Set();
        Assert.True(other.Result());
        Assert.Null(interrupted.Result());
        Assert.Equal(before, Starters);

        IEnumerable<Signal> Begin()
        {
            entered.Set();
            release.Wait(Patience.Limit);
            yield break;
        }
    }

    private static int Starters =>
        (int)typeof(SignalNets).GetField("_starters", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
}
