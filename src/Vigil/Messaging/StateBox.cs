namespace Vigil.Messaging;

/// <summary>
/// A value on its way to another thread, in a box that goes back to the thread it came from: posting a value allocates nothing
/// in steady state.
/// </summary>
/// <remarks>
/// Each thread has a stock of its own. The receiver pushes a box onto its home's returned list; the home takes that list whole
/// when its stock is used up. Pushing by compare-and-swap and taking everything by exchange has no ABA problem, and no thread
/// can hoard what another one needs. A stock is as large as its thread's greatest number of values in flight.
/// </remarks>
internal sealed class StateBox<T>
{
    [ThreadStatic]
    private static Stock? _stock;

    private readonly Stock _home;
    private StateBox<T>? _next;
    private T _value = default!;

    private StateBox(Stock home) => _home = home;

    public static StateBox<T> Rent(T value)
    {
        Stock stock = _stock ??= new Stock();
        StateBox<T> box = stock.Take() ?? new StateBox<T>(stock);
        box._value = value;
        return box;
    }

    /// <summary>What is in it, for a look before it is taken.</summary>
    public T Value => _value;

    public T Return()
    {
        T value = _value;
        _value = default!;
        _home.Push(this);
        return value;
    }

    private sealed class Stock
    {
        private StateBox<T>? _ready;
        private StateBox<T>? _returned;

        public StateBox<T>? Take()
        {
            StateBox<T>? box = _ready ?? Interlocked.Exchange(ref _returned, null);
            _ready = box?._next;
            return box;
        }

        public void Push(StateBox<T> box)
        {
            StateBox<T>? top = Volatile.Read(ref _returned);
            while (true)
            {
                box._next = top;
                StateBox<T>? seen = Interlocked.CompareExchange(ref _returned, box, top);
                if (seen == top)
                {
                    return;
                }

                top = seen;
            }
        }
    }
}
