using System.Globalization;

namespace Soak.Observation;

/// <summary>How far a rest may be from the first one, and why.</summary>
internal static class Bounds
{
    private const long MiB = 1 << 20;

    /// <summary>Of resident memory: what the collector keeps of its high-water mark, code that is compiled later or again, and the
    /// allocators' free lists.</summary>
    public const long Resident = 32 * MiB;

    /// <summary>Of the gateway's heap, which includes garbage: only young objects are collected after each 4 MiB, and the old ones when
    /// there is a reason.</summary>
    public const long GatewayHeap = 24 * MiB;

    /// <summary>Of the heap here after a full collection: the samples, and tables that keep their size.</summary>
    public const long SoakManaged = 2 * MiB;

    /// <summary>The text for the report.</summary>
    public static IEnumerable<string> Reasons =>
    [
        $"- resident memory: at most {Resident / MiB} MiB above the first rest, for what collector and allocators keep of their peak, "
            + "and for code that is compiled later or again",
        $"- the gateway's heap: at most {GatewayHeap / MiB} MiB above, because it includes garbage, of which the older part is collected "
            + "only for a reason; the heap of the soak after a full "
            + $"collection: at most {SoakManaged / MiB} MiB above, for the samples and for tables that keep their size",
        "- descriptors of each kind, apart from those of assemblies, which the runtime opens at their first use; threads, apart from "
            + "those of the runtime's pool, compiler and collector; the gateway's names of metrics; timers, descriptors and subscribers "
            + "of the driven loops: exactly as many as at the first rest",
    ];

    public static void Check(RestReading first, RestReading now, Findings findings)
    {
        string at = string.Create(CultureInfo.InvariantCulture, $"at rest after {now.Time.TotalMinutes:0.0} minutes");
        Above("the gateway's resident memory", first.Gateway.ResidentBytes, now.Gateway.ResidentBytes, Resident);
        Above("the soak's resident memory", first.Soak.ResidentBytes, now.Soak.ResidentBytes, Resident);
        Above("the gateway's heap", first.GatewayHeap, now.GatewayHeap, GatewayHeap);
        Above("the soak's heap", first.SoakManaged, now.SoakManaged, SoakManaged);
        SameProcess("the gateway", first.Gateway, now.Gateway);
        SameProcess("the soak", first.Soak, now.Soak);
        findings.Require(
            now.GatewayNames == first.GatewayNames, $"{at} the gateway keeps {now.GatewayNames} names, and kept {first.GatewayNames}");
        findings.Require(now.Loops == first.Loops, $"{at} the loops have {now.Loops}, and had {first.Loops}");

        void SameProcess(string who, ProcessReading before, ProcessReading after)
        {
            string difference = after.DifferenceTo(before);
            findings.Require(difference.Length == 0, $"{at} {who} has other descriptors or threads: {difference}");
        }

        void Above(string what, long before, long after, long bound) => findings.Require(
            after <= before + bound,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{at} {what} is {after / (double)MiB:0.0} MiB, and was {before / (double)MiB:0.0}: more than {bound / MiB} MiB above"));
    }
}
