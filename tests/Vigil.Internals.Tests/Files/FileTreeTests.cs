using System.Globalization;

namespace Vigil.Internals.Tests.Files;

/// <summary>A tree on the disk, changed at random and read late, beside what is told of it.</summary>
public class FileTreeTests
{
    private const int UsualRounds = 40;

    // VIGIL_FILE_ROUNDS=10000 VIGIL_FILE_SEED=1 for a long run; a round's seed is in what it says.
    private static readonly int Rounds = Setting("VIGIL_FILE_ROUNDS", UsualRounds);
    private static readonly int FirstSeed = Setting("VIGIL_FILE_SEED", 0);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_applies_what_is_told_in_its_order_has_what_is_there_whatever_happens_and_however_late_it_is_read(bool debounces)
    {
        for (int seed = FirstSeed; seed < FirstSeed + Rounds; seed++)
        {
            Run(seed, debounces, overflows: false);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_same_where_the_kernel_drops_records_and_a_rescan_is_made(bool debounces)
    {
        for (int seed = FirstSeed; seed < FirstSeed + (Rounds / 20) + 1; seed++)
        {
            Run(seed, debounces, overflows: true);
        }
    }

    private static void Run(int seed, bool debounces, bool overflows)
    {
        using var model = new FileTreeModel(seed, debounces);
        try
        {
            for (int i = 0; i < 250; i++)
            {
                model.Step();
                if (overflows && i % 100 == 50)
                {
                    model.Overflow();
                }
            }

            model.Settle();
        }
        catch (Exception exception)
        {
            Assert.Fail($"seed {seed}: {exception.Message}\n{exception.StackTrace}\n{model.History}");
        }
    }

    private static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : usual;
}
