namespace Vigil.Testing.Tests.Models;

/// <summary>Finds a small program that still fails: parts are left out, the halves first, as long as it does.</summary>
internal static class Shrinker
{
    public static ModelProgram Shrink(ModelProgram program, Func<ModelProgram, bool> fails)
    {
        ModelProgram smallest = program;
        bool hasShrunk = true;
        while (hasShrunk)
        {
            hasShrunk = TryLeaveOut(ref smallest, fails) || TrySimplify(ref smallest, fails);
        }

        return smallest;
    }

    private static bool TryLeaveOut(ref ModelProgram smallest, Func<ModelProgram, bool> fails)
    {
        bool hasShrunk = false;
        for (int size = Math.Max(smallest.Operations.Count / 2, 1); size >= 1; size /= 2)
        {
            for (int start = 0; start < smallest.Operations.Count;)
            {
                ModelProgram part = smallest with
                {
                    Operations = [.. smallest.Operations.Take(start), .. smallest.Operations.Skip(start + size)],
                };
                if (fails(part))
                {
                    smallest = part;
                    hasShrunk = true;
                }
                else
                {
                    start += size;
                }
            }
        }

        return hasShrunk;
    }

    private static bool TrySimplify(ref ModelProgram smallest, Func<ModelProgram, bool> fails)
    {
        for (int i = 0; i < smallest.Operations.Count; i++)
        {
            foreach (Operation simpler in SimplerThan(smallest.Operations[i]))
            {
                Operation[] operations = [.. smallest.Operations];
                operations[i] = simpler;
                ModelProgram changed = smallest with { Operations = operations };
                if (fails(changed))
                {
                    smallest = changed;
                    return true;
                }
            }
        }

        return false;
    }

    // An operation in a callback is tried outside of it, a closure without what it does, and an end that needs nothing else to be ready.
    private static IEnumerable<Operation> SimplerThan(Operation operation)
    {
        switch (operation)
        {
            case InCallback { Then: not Throw } inner:
                yield return inner.Then;
                foreach (Operation then in SimplerThan(inner.Then))
                {
                    yield return inner with { Then = then };
                }

                break;
            case Post { Then: not null }:
                yield return new Post();
                break;
            case Defer { Then: not null }:
                yield return new Defer();
                break;
            case Iterate { Times: > 1 } iterate:
                yield return new Iterate(iterate.Times / 2);
                yield return new Iterate(iterate.Times - 1);
                break;
            case Add add:
                if (add.ByNumber)
                {
                    yield return add with { ByNumber = false };
                }

                if (add.Interest != EventSet.Out || (add.End & 1) == 0)
                {
                    yield return add with { Interest = EventSet.Out, End = add.End | 1 };
                }

                break;
            case Register register:
                Register plain = new(register.Event, register.End, register.Interest);
                if (register != plain)
                {
                    yield return plain;
                }

                if (register.Interest != EventSet.Out || (register.End & 1) == 0)
                {
                    yield return register with { Interest = EventSet.Out, End = register.End | 1 };
                }

                break;
        }
    }
}
