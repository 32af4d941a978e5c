using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Vigil.Messaging;

/// <summary>
/// A message with a state, which travels inside it: a reference or a small value directly, any other value in a reused box. The state is
/// taken once.
/// </summary>
/// <remarks>
/// The JIT compiles one body for all reference types, in which <c>typeof(TState).IsValueType</c> is a constant; so that is asked first. Any
/// other question about the type there, and any call of a generic type's static method, would be a look-up in every post and delivery.
/// </remarks>
internal abstract class StatefulKind<TTarget, TState> : MessageKind<TTarget>
{
    // For value types only: the answer for references is given before.
    private static bool FitsInMessage =>
        !RuntimeHelpers.IsReferenceOrContainsReferences<TState>() && Unsafe.SizeOf<TState>() <= sizeof(long);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected Message<TTarget> With(object action, TState state)
    {
        if (!typeof(TState).IsValueType)
        {
            return new(this, action, state);
        }

        if (!FitsInMessage)
        {
            return new(this, action, StateBox<TState>.Rent(state));
        }

        long value = 0;
        Unsafe.WriteUnaligned(ref Unsafe.As<long, byte>(ref value), state);
        return new(this, action, state: null, value);
    }

    [SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "It would look up its type arguments.")]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected TState Take(in Message<TTarget> message)
    {
        if (!typeof(TState).IsValueType)
        {
            object? state = message.State;
            return Unsafe.As<object?, TState>(ref state);
        }

        if (!FitsInMessage)
        {
            return Unsafe.As<StateBox<TState>>(message.State!).Return();
        }

        long value = message.Value;
        return Unsafe.ReadUnaligned<TState>(ref Unsafe.As<long, byte>(ref value));
    }
}
