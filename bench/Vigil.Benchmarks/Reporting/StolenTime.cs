using System.Globalization;

namespace Vigil.Benchmarks.Reporting;

/// <summary>
/// The share of the requested processor time that a virtual machine's host has given to others since this was created (<c>steal</c>,
/// <c>proc_stat(5)</c>). Above some percent, figures say as much about the host as about the program.
/// </summary>
internal sealed class StolenTime
{
    private readonly Ticks _begin = Ticks.Read();

    /// <summary>The host's share since the beginning, in percent.</summary>
    public override string ToString()
    {
        Ticks now = Ticks.Read();
        long stolen = now.Stolen - _begin.Stolen;
        long asked = now.Used - _begin.Used + stolen;
        double share = asked <= 0 ? 0 : (double)stolen / asked;
        return string.Create(CultureInfo.InvariantCulture, $"the host kept {share * 100:0} % of the processor time");
    }

    private readonly record struct Ticks(long Used, long Stolen)
    {
        // "cpu user nice system idle iowait irq softirq steal …", of all processors since boot. Guests' time is part of user.
        public static Ticks Read()
        {
            long[] fields = [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(
                field => long.Parse(field, CultureInfo.InvariantCulture))];
            return new Ticks(fields[0] + fields[1] + fields[2] + fields[5] + fields[6], fields[7]);
        }
    }
}
