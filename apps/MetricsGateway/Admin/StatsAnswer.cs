using MetricsGateway.Flushing;
using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using Vigil;

namespace MetricsGateway.Admin;

/// <summary>The lines of <c>stats</c>; the first three are statsd's own.</summary>
internal static class StatsAnswer
{
    public static void Write(AnswerWriter answer, MetricStore store, TrafficTotals totals, GatewayStatus status)
    {
        answer.Line("uptime", (long)status.Uptime.TotalSeconds);
        answer.Line("messages.last_msg_seen", (long)status.SinceLastMessage.TotalSeconds);
        answer.Line("messages.bad_lines_seen", totals.Rejected);

        answer.Line("listeners.failures", status.ListenerFailures);
        answer.Line("connections.open", status.OpenConnections);
        answer.Line("connections.accepted", status.AcceptedConnections);
        answer.Line("connections.refused", status.RefusedConnections);
        answer.Line("connections.failed_accepts", status.FailedAccepts);
        answer.Line("connections.dropped_clients", status.DroppedClients);
        answer.Line("connections.idle_closed", status.IdleClosedConnections);
        answer.Line("admin.overlong_commands", status.OverlongCommands);
        answer.Line("admin.unread_bytes", status.UnreadBytes);
        FlushStatus? flush = status.Flush;
        answer.Line("flush.count", flush?.Count ?? 0);
        answer.Line("flush.missed", flush?.Missed ?? 0);
        answer.Line("flush.failed", flush?.Failed ?? 0);
        answer.Line("flush.computing", flush is { IsComputing: true } ? 1 : 0);
        answer.Line("flush.reporting", flush is { IsReporting: true } ? 1 : 0);
        answer.Line("flush.lost_reports", flush?.LostReports ?? 0);
        answer.Line("flush.last_lateness_us", (long)(flush?.LastLateness.TotalMicroseconds ?? 0));
        answer.Line("flush.last_duration_us", (long)(flush?.LastDuration.TotalMicroseconds ?? 0));
        answer.Line("flush.last_computing_us", (long)(flush?.LastComputing.TotalMicroseconds ?? 0));
        WriteTargets(answer, status);
        WriteWorkers(answer, status.Workers);
        answer.Line("reloads.done", status.Reloads);
        answer.Line("reloads.refused", status.RefusedReloads);
        WriteLoop(answer, status.Loop);
        answer.Line("slow.callbacks", status.Slow.Callbacks);
        answer.Line("slow.phases", status.Slow.Phases);

        // The first is 0 if no descriptor is left to read /proc with.
        answer.Line("memory.resident_bytes", Environment.WorkingSet);
        answer.Line("memory.heap_bytes", GC.GetTotalMemory(forceFullCollection: false));
        answer.Line("memory.collections", GC.CollectionCount(0));
        answer.Line("memory.paused_ms", (long)GC.GetTotalPauseDuration().TotalMilliseconds);

        answer.Line("names.counters", store.Counters.Count);
        answer.Line("names.gauges", store.Gauges.Count);
        answer.Line("names.timers", store.Timers.Count);
        answer.Line("names.sets", store.Sets.Count);
        answer.Line("names.total", store.NameCount);
        answer.Line("names.bytes", store.NameByteCount);
        answer.Line("set_values.total", store.SetValueCount);
        answer.Line("timer_samples.total", store.TimerSampleCount);

        foreach (ProtocolTotals protocol in totals.All)
        {
            answer.Line($"{protocol.Name}.packets", protocol.Packets);
            answer.Line($"{protocol.Name}.bytes", protocol.Bytes);
            answer.Line($"{protocol.Name}.lines", protocol.Lines);
            answer.Line($"{protocol.Name}.metrics", protocol.Metrics);
            answer.Line($"{protocol.Name}.rejected", protocol.Rejections.Total);
            answer.Line($"{protocol.Name}.drops", protocol.Drops);
            answer.Line($"{protocol.Name}.dropped_tags", protocol.DroppedTags);
        }

        foreach (RejectionReason reason in Rejections.Reasons)
        {
            answer.Line($"rejected.{Rejections.NameOf(reason)}", totals.RejectedFor(reason));
        }
    }

    private static void WriteTargets(AnswerWriter answer, GatewayStatus status)
    {
        FlushFileStatus file = status.FlushFile;
        answer.Line("flush_file.reports", file.Reports);
        answer.Line("flush_file.bytes", file.Bytes);
        answer.Line("flush_file.rotations", file.Rotations);
        answer.Line("flush_file.failures", file.Failures);
        answer.Line("flush_file.lost_reports", file.Lost);
        GraphiteStatus graphite = status.Graphite;
        answer.Line("graphite_send.connected", graphite.IsConnected ? 1 : 0);
        answer.Line("graphite_send.connections", graphite.Connections);
        answer.Line("graphite_send.failures", graphite.Failures);
        answer.Line("graphite_send.bytes", graphite.SentBytes);
        answer.Line("graphite_send.lines", graphite.SentLines);
        answer.Line("graphite_send.waiting_bytes", graphite.WaitingBytes);
        answer.Line("graphite_send.waiting_lines", graphite.WaitingLines);
        answer.Line("graphite_send.dropped_lines", graphite.DroppedLines);
    }

    private static void WriteWorkers(AnswerWriter answer, WorkerPoolStatistics workers)
    {
        answer.Line("workers.queued", workers.Queued);
        answer.Line("workers.running", workers.Running);
        answer.Line("workers.done", workers.Done);
        answer.Line("workers.failed", workers.Failed);
        WriteTimes(answer, "workers.wait", workers.WaitTimes);
        WriteTimes(answer, "workers.run", workers.RunTimes);
    }

    private static void WriteLoop(AnswerWriter answer, EventManagerStatistics loop)
    {
        answer.Line("loop.turns", loop.Iterations);
        answer.Line("loop.events", loop.SourceCallbacks);
        answer.Line("loop.timers", loop.TimerCallbacks);
        answer.Line("loop.posted", loop.PostedCallbacks);
        answer.Line("loop.busy_ms", (long)loop.BusyTime.TotalMilliseconds);
        answer.Line("loop.idle_ms", (long)loop.IdleTime.TotalMilliseconds);
        WriteTimes(answer, "loop.lag", loop.Lag);
        WriteTimes(answer, "loop.timer_lateness", loop.TimerLateness);
        answer.Line("loop.faults", loop.Faults);
    }

    private static void WriteTimes(AnswerWriter answer, string name, DurationSummary times)
    {
        answer.Line($"{name}_p50_us", (long)times.Median.TotalMicroseconds);
        answer.Line($"{name}_p99_us", (long)times.P99.TotalMicroseconds);
        answer.Line($"{name}_max_us", (long)times.Max.TotalMicroseconds);
    }
}
