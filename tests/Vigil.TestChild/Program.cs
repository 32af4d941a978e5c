using Vigil.TestChild;

// A program that tests run as a process of its own, when limits, signals or inherited descriptors must not affect the test run.
// Exit code 0 means that the scenario's claims are true; otherwise standard error says what was observed instead.
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
