// An exploration keeps the garbage collector from running: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
