namespace MetricsGateway.Tests.Network;

/// <summary>EAGAIN when a thread is started: <c>ulimit -u</c>, a control group's <c>pids.max</c>.</summary>
public class ThreadShortageTests
{
    private const int MostThreads = 40;

    [Fact]
    public void A_start_without_enough_threads_ends_with_a_word_whichever_is_missing()
    {
        Assert.SkipUnless(
            string.Equals(Environment.UserName, "root", StringComparison.Ordinal),
            "Who is limited already may have other threads.");
        int refusals = 0;
        bool isListening = false;
        for (int threads = 4; !isListening && threads <= MostThreads; threads++)
        {
            using GatewayProcess gateway = GatewayProcess.StartBareWithThreads(threads);
            isListening = gateway.TryReadUntilListening();
            if (!isListening)
            {
                (int exitCode, _, string errors) = gateway.WaitForExit();

                // With too few threads the runtime itself does not start, and prints its own message.
                bool isRuntimes = refusals == 0 && errors.StartsWith("Failed to create CoreCLR", StringComparison.Ordinal);
                refusals += isRuntimes ? 0 : 1;
                Assert.True(
                    isRuntimes || (exitCode == 1 && errors.StartsWith(
                        "MetricsGateway: ",
                        StringComparison.Ordinal) && errors.Count('\n') == 1),
                    $"{threads} threads: exit code {exitCode}: {errors}");
            }
        }

        Assert.True(isListening, $"It does not start with {MostThreads} threads.");
        Assert.NotEqual(0, refusals);
    }
}
