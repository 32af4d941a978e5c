namespace Vigil.Internals.Tests.Architecture;

/// <summary>The public API of each package agrees with its PublicApi file, so that reviews see every change.</summary>
public class PublicApiTests
{
    private const string Accept = "VIGIL_ACCEPT_API";

    [Theory]
    [InlineData(typeof(EventManager), "PublicApi.txt")]
    [InlineData(typeof(Hosting.RunFailure), "PublicApi.Hosting.txt")]
    [InlineData(typeof(Testing.World), "PublicApi.Testing.txt")]
    public void The_public_API_is_the_one_that_was_agreed(Type member, string file)
    {
        string path = Path.Combine(Repository.Architecture, file);
        string[] actual = [.. ApiText.Of(member.Assembly)];
        if (Environment.GetEnvironmentVariable(Accept) is "1")
        {
            File.WriteAllLines(path, actual);
        }

        string[] agreed = File.ReadAllLines(path);

        string[] differences =
        [
            .. agreed.Except(actual, StringComparer.Ordinal).Select(line => $"- {line}"),
            .. actual.Except(agreed, StringComparer.Ordinal).Select(line => $"+ {line}"),
        ];
        Assert.True(
            differences.Length == 0,
            $"The public API has changed. Where that is meant, run this test with {Accept}=1 and commit "
                + $"{file}.\n{string.Join('\n', differences)}");
        Assert.Equal(agreed, actual, StringComparer.Ordinal);
    }
}
