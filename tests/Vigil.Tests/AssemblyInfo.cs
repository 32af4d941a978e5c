// Descriptor numbers belong to the whole process: tests that close and replace them must not meet others that open some.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
