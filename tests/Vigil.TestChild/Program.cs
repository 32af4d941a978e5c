using Vigil.TestChild;

// A program that tests run as a process of its own, where limits, signals or inherited descriptors must not touch the test run.
// Exit code 0 says that what the scenario claims is true; otherwise standard error says what was seen instead.
if (args is not [string name, ..] || !Scenarios.All.TryGetValue(name, out Action<string[]>? scenario))
{
    Console.Error.WriteLine($"Scenarios: {string.Join(' ', Scenarios.All.Keys)}");
    return 2;
}

try
{
    scenario(args[1..]);
    return 0;
}
catch (Exception exception)
{
    Console.Error.WriteLine(exception);
    return 1;
}
