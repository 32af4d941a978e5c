using System.Text;

namespace MetricsGateway.Configuration;

/// <summary>The answer to --help, made from the table of options.</summary>
internal static class HelpText
{
    public static string Create()
    {
        (string Left, string Right)[] rows =
        [
            .. OptionTable.All.Select(option => ($"--{option.Name} {option.Text.Placeholder}", Explain(option))),
            ($"--{CommandLine.ConfigName} FILE", "read options from a JSON file; the command line wins over it"),
            ("-h, --help", "show this text"),
            ("--version", "show the version"),
        ];
        int width = rows.Max(row => row.Left.Length);

        StringBuilder text = new();
        text.Append(
            """
            Usage: MetricsGateway [OPTION...]

            Receives metrics by StatsD (UDP, TCP, Unix datagrams) and by Graphite plaintext (TCP),
            sums them up every ten seconds for the console, a file or a Graphite server, and answers
            questions about them on an admin port.

            Options [default; range]:

            """);
        foreach ((string left, string right) in rows)
        {
            text.Append("  ").Append(left.PadRight(width)).Append("  ").Append(right).Append('\n');
        }

        text.Append(
            """

            An address is 127.0.0.1:8125 or [::1]:8125; port 0 picks a free one; 'off' disables the listener,
            or sending to Graphite.
            A time has its unit: 500ms, 1.5s, 2m; 'off' means never.
            The JSON file has the same names: { "statsd-udp": "127.0.0.1:8125", "max-names": 5000 }

            SIGHUP      read the JSON file again; what did not change, connections included, stays as it is
            SIGUSR1     tell the state on standard error
            SIGTERM     stop: receive what has arrived, flush what is left, print the totals; a second one: stop now
            SIGINT      likewise

            Try it from a second terminal:
              echo 'hits:1|c' | nc -u -w0 127.0.0.1 8125
              echo counters | nc -N 127.0.0.1 8126

            Exit codes: 0 stopped by a signal, 1 could not listen or not write the flush file, 2 wrong usage,
            130 second SIGINT, 143 second SIGTERM.

            """);
        return text.ToString();
    }

    private static string Explain(Option option)
    {
        string range = option.Range is null ? string.Empty : $"; {option.Range}";
        return $"{option.Text.Help} [{option.Text.Default}{range}]";
    }
}
