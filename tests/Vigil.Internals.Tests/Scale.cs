using System.Globalization;

namespace Vigil.Internals.Tests;

/// <summary>
/// How much longer tests take random steps than they do each day, and from which seeds: VIGIL_TEST_FACTOR and VIGIL_TEST_SEED
/// (tests/long/models.sh). Tests that heed it have the trait Duration=Scaled. Without the variables they take the same steps each time.
/// </summary>
internal static class Scale
{
    private static readonly int Factor = Read("VIGIL_TEST_FACTOR", 1);
    private static readonly int FirstSeed = Read("VIGIL_TEST_SEED", 0);

    public static int Times(int count) => checked(count * Factor);

    public static int Seed(int seed) => seed + FirstSeed;

    private static int Read(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
