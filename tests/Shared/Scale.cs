using System.Globalization;

namespace Vigil.Tests.Shared;

/// <summary>
/// The factor by which tests take more rounds and random steps than every day, and their seeds: VIGIL_TEST_FACTOR and VIGIL_TEST_SEED
/// (tests/long/models.sh). Tests that use it have the trait Duration=Scaled. Without the variables the steps are the same each time.
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
