using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Vigil.Benchmarks.Reporting;

namespace Compare.Tests;

public class LoadGeneratorTests
{
    [Fact]
    public void Requests_that_have_no_answer_at_the_end_count_with_the_time_they_have_waited()
    {
        const int Milliseconds = 100;
        using NativeToolchain? toolchain = NativeToolchain.TryFind();
        Assert.SkipWhen(toolchain is null, "There is no C compiler (cc).");
        string generator = toolchain.Build("load", "load");

        // The kernel accepts the connection, but no program answers.
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        string[] load = ["echo", $"{((IPEndPoint)server.LocalEndpoint).Port}", "1", "64", "4",
            Milliseconds.ToString(CultureInfo.InvariantCulture)];

        double[] figures = NativeDriver.ParseFigures(ChildProgram.OutputOf(generator, load));

        // Answers per second, three quantiles in nanoseconds, accurate to 1.6 %, and the number of answers.
        Assert.Equal(0, figures[0]);
        Assert.All(figures[1..4], latency => Assert.True(latency > 0.98 * Milliseconds * 1e6, $"{latency} ns"));
        Assert.Equal(0, figures[4]);
    }
}
