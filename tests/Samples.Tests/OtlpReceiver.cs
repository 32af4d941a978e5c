using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Samples.Tests;

/// <summary>
/// The receiving end of OTLP over HTTP, as far as an exporter needs one: it takes POST /v1/traces and POST /v1/metrics with bodies in
/// Protocol Buffers, and answers with an empty success.
/// </summary>
internal sealed class OtlpReceiver : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, port: 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<OtlpSpan> _spans = new();
    private readonly ConcurrentQueue<OtlpMetric> _metrics = new();
    private readonly ConcurrentQueue<string> _refused = new();
    private readonly Task _accepting;

    public OtlpReceiver()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Endpoint => $"http://{_listener.LocalEndpoint}";

    public OtlpSpan[] Spans => [.. _spans];

    public OtlpMetric[] Metrics => [.. _metrics];

    /// <summary>Requests that it did not understand.</summary>
    public string[] Refused => [.. _refused];

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
        _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            NetworkStream stream = client.GetStream();
            try
            {
                while (await ReadHeaderAsync(stream) is { } header)
                {
                    byte[] body = new byte[LengthOf(header)];
                    await stream.ReadExactlyAsync(body, _end.Token);
                    string status = Take(header, body) ? "200 OK" : "400 Bad Request";
                    string answer = $"HTTP/1.1 {status}\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), _end.Token);
                }
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                // The exporter is gone, or the test has ended.
            }
        }
    }

    // Up to the empty line; null at the end of the connection.
    private async Task<string?> ReadHeaderAsync(NetworkStream stream)
    {
        StringBuilder header = new();
        byte[] one = new byte[1];
        while (!header.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _end.Token) == 0)
            {
                return null;
            }

            header.Append((char)one[0]);
        }

        return header.ToString();
    }

    private static int LengthOf(string header)
    {
        string? line = header.Split("\r\n").FirstOrDefault(
            line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return line is null ? 0 : int.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);
    }

    private bool Take(string header, byte[] body)
    {
        string request = header[..header.IndexOf("\r\n", StringComparison.Ordinal)];
        bool isProtobuf = header.Contains("application/x-protobuf", StringComparison.OrdinalIgnoreCase);
        switch (request)
        {
            case "POST /v1/traces HTTP/1.1" when isProtobuf:
                foreach (OtlpSpan span in OtlpSpan.AllIn(new ProtobufMessage(body)))
                {
                    _spans.Enqueue(span);
                }

                return true;
            case "POST /v1/metrics HTTP/1.1" when isProtobuf:
                foreach (OtlpMetric metric in OtlpMetric.AllIn(new ProtobufMessage(body)))
                {
                    _metrics.Enqueue(metric);
                }

                return true;
            default:
                _refused.Enqueue(header);
                return false;
        }
    }
}
