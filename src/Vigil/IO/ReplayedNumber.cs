namespace Vigil.IO;

/// <summary>
/// The numbers of descriptors in a replay. The recorded ones may be other files of this process, which must not be read, written or
/// registered in their place, so a replay adds to them. The kernel gives out the lowest number that is free, so none as great.
/// </summary>
internal static class ReplayedNumber
{
    private const int First = 1 << 24;

    /// <summary>The number of the descriptor that had a number when it was recorded. Those of simulations are great already.</summary>
    public static int Of(int recorded) => recorded < First ? First + Math.Max(recorded, 0) : recorded;

    /// <summary>The recorded number, for messages; a number of this process as it is.</summary>
    public static int ToRecorded(int number) => number is >= First and < 2 * First ? number - First : number;
}
