namespace Vigil.Internals.Tests.Files;

/// <summary>A tree on the disk, changed at random and read late, beside what is told of it.</summary>
public class FileTreeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_told_is_what_is_there_whatever_happens_and_however_late_it_is_read(bool debounces)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            using var model = new FileTreeModel(seed, debounces);
            for (int i = 0; i < 250; i++)
            {
                model.Step();
            }

            model.Settle();
        }
    }
}
