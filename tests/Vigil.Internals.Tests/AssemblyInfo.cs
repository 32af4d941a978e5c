using System.Runtime.Versioning;

// These tests close file descriptors behind their owners' backs, count those of the process, and measure time and allocation:
// one at a time, so that they do not affect each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: SupportedOSPlatform("linux")]
