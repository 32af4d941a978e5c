namespace Vigil.Messaging;

/// <summary>
/// A value on its way to another thread, in a box that returns to the thread it came from, so that posting a value allocates nothing
/// in steady state.
/// </summary>
/// <remarks>
/// Each thread has its own stock. The receiver pushes a box onto the list of returned boxes of its home thread, which takes the whole list
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

    /// <summary>The value, which stays in the box.</summary>
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
