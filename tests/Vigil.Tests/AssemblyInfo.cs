// Descriptor numbers belong to the whole process: tests that close and replace them must not run beside others that open some.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
