using System.Runtime.CompilerServices;

namespace Vigil.Messaging;

/// <summary>
/// How a state of one type travels in a message: a reference or a small value directly, any other value in a reused box. What is packed is
/// unpacked once.
/// </summary>
internal static class MessageState<TState>
{
    private static bool FitsInMessage =>
        !RuntimeHelpers.IsReferenceOrContainsReferences<TState>() && Unsafe.SizeOf<TState>() <= sizeof(long);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static object? Pack(TState state, out long value)
    {
        value = 0;
        if (!FitsInMessage)
        {
            return typeof(TState).IsValueType ? StateBox<TState>.Rent(state) : state;
        }

        Unsafe.WriteUnaligned(ref Unsafe.As<long, byte>(ref value), state);
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TState Unpack(object? reference, long value)
    {
        if (FitsInMessage)
        {
            return Unsafe.ReadUnaligned<TState>(ref Unsafe.As<long, byte>(ref value));
        }

        return typeof(TState).IsValueType ? Unsafe.As<StateBox<TState>>(reference!).Return() : Unsafe.As<object?, TState>(ref reference);
    }
}
