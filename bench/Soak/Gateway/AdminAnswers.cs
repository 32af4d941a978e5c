using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Soak.Gateway;

/// <summary>Asks the gateway's admin port.</summary>
internal static class AdminAnswers
{
    /// <summary>The answer to a command that ends with <c>END</c>.</summary>
    /// <exception cref="SocketException">Nobody answers.</exception>
    /// <exception cref="IOException">The connection failed.</exception>
    public static string Ask(int port, string command, string end = "END")
    {
        using var client = new TcpClient { ReceiveTimeout = 60_000, SendTimeout = 60_000 };
        client.Connect(IPAddress.Loopback, port);
        NetworkStream stream = client.GetStream();
        stream.Write(Encoding.UTF8.GetBytes($"{command}\n"));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = new StringBuilder();
        while (reader.ReadLine() is { } line && line != end)
        {
            answer.Append(line).Append('\n');
        }

        return answer.ToString();
    }

    /// <summary>The figures of <c>stats</c>.</summary>
    public static IReadOnlyDictionary<string, double> Stats(int port)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (string line in Ask(port, "stats").Split('\n'))
        {
            string[] parts = line.Split(": ");
            if (parts.Length == 2 && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                figures[parts[0]] = value;
            }
        }

        return figures;
    }
}
