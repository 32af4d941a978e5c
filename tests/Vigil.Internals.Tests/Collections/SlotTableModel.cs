using Vigil.Collections;

namespace Vigil.Internals.Tests.Collections;

/// <summary>
/// A <see cref="SlotTable{T}"/> beside a dictionary of every token that was ever given out. Each step is chosen by a number and compares
/// what it touches.
/// </summary>
internal sealed class SlotTableModel
{
    private readonly SlotTable<object> _table = new() { Epoch = 1 };
    private readonly Dictionary<SourceToken, object> _alive = [];
    private readonly List<SourceToken> _order = [];
    private readonly HashSet<SourceToken> _dead = [];
    private readonly Dictionary<uint, uint> _slotRetiredIn = [];

    public void Step(int choice)
    {
        uint number = (uint)choice;
        switch (number % 8)
        {
            case 0 or 1 or 2:
                Add();
                break;
            case 3 or 4 when _order.Count > 0:
                Remove(Pick(number));
                break;
            case 5 or 6 when _order.Count > 0:
                Renew(Pick(number));
                break;
            case 7:
                _table.Epoch++;
                break;
        }

        Assert.Equal(_alive.Count, _table.Count);
    }

    public void CheckEverything()
    {
        foreach ((SourceToken token, object value) in _alive)
        {
            Assert.True(_table.TryGet(token, out object? found));
            Assert.Same(value, found);
        }

        foreach (SourceToken token in _dead)
        {
            Assert.False(_table.TryGet(token, out _));
            Assert.Equal(_slotRetiredIn[token.Slot] == _table.Epoch, _table.WasRetiredInThisEpoch(token));
        }

        Assert.Equal(_alive.OrderBy(pair => pair.Key.Slot).Select(pair => pair.Value), _table.Values());
    }

    private SourceToken Pick(uint number) => _order[(int)(number / 8 % (uint)_order.Count)];

    private void Add()
    {
        var value = new object();
        NoteGivenOut(_table.Add(value), value);
    }

    private void Remove(SourceToken token)
    {
        _table.Remove(token);
        NoteDead(token);
        Assert.False(_table.TryGet(token, out _));
    }

    private void Renew(SourceToken token)
    {
        object value = _alive[token];
        SourceToken renewed = _table.Renew(token);
        NoteDead(token);
        NoteGivenOut(renewed, value);
        Assert.Equal(token.Slot, renewed.Slot);
    }

    private void NoteGivenOut(SourceToken token, object value)
    {
        Assert.NotEqual(SourceToken.None, token);
        Assert.False(_dead.Contains(token), "A token was given out twice.");
        _alive.Add(token, value);
        _order.Add(token);
    }

    private void NoteDead(SourceToken token)
    {
        _alive.Remove(token);
        _order.Remove(token);
        _dead.Add(token);
        _slotRetiredIn[token.Slot] = _table.Epoch;
    }
}
