using System.Globalization;

namespace Vigil.Benchmarks.Reporting;

/// <summary>
/// What a virtual machine's host did with the processor time that was asked for from now on: what it gave to others is told as <c>steal</c>
/// (<c>proc_stat(5)</c>). Where that is more than some percent, figures are the host's as much as anybody's.
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
        // "cpu user nice system idle iowait irq softirq steal …", of all processors since boot. Time of guests is in user's.
        public static Ticks Read()
        {
            long[] fields = [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(
                field => long.Parse(field, CultureInfo.InvariantCulture))];
            return new Ticks(fields[0] + fields[1] + fields[2] + fields[5] + fields[6], fields[7]);
        }
    }
}
