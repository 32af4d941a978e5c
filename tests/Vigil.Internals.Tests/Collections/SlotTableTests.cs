using FsCheck;
using FsCheck.Fluent;
using Vigil.Collections;

namespace Vigil.Internals.Tests.Collections;

public class SlotTableTests
{
    [Fact]
    public void Any_sequence_of_operations_agrees_with_a_dictionary()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), operations =>
        {
            var model = new SlotTableModel();
            Array.ForEach(operations, model.Step);
            model.CheckEverything();
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(300).WithEndSize(1500));
    }

    [Fact]
    public void A_slot_that_is_used_again_makes_a_token_of_the_same_index_and_another_generation()
    {
        var table = new SlotTable<object>();
        SourceToken first = table.Add(new object());
        table.Remove(first);

        SourceToken second = table.Add(new object());

        Assert.Equal(first.Slot, second.Slot);
        Assert.NotEqual(first, second);
        Assert.False(table.TryGet(first, out _));
    }

    [Fact]
    public void The_token_None_names_nothing_in_an_empty_table_too()
    {
        var table = new SlotTable<object>();

        Assert.False(table.TryGet(SourceToken.None, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(-1)]
    public void A_token_of_a_slot_that_was_never_used_names_nothing(int index)
    {
        var table = new SlotTable<object>();
        table.Add(new object());

        Assert.False(table.TryGet(new SourceToken(index, generation: 0), out _));
        Assert.Throws<ArgumentException>(() => table.Remove(new SourceToken(index, generation: 0)));
    }

    [Fact]
    public void A_dead_token_can_be_neither_removed_nor_renewed()
    {
        var table = new SlotTable<object>();
        SourceToken removed = table.Add(new object());
        table.Remove(removed);
        SourceToken renewed = table.Add(new object());
        table.Renew(renewed);

        Assert.Throws<ArgumentException>(() => table.Remove(removed));
        Assert.Throws<ArgumentException>(() => table.Renew(removed));
        Assert.Throws<ArgumentException>(() => table.Remove(renewed));
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void An_epoch_forgets_what_was_retired_before_it()
    {
        var table = new SlotTable<object> { Epoch = 1 };
        SourceToken removed = table.Add(new object());
        SourceToken renewed = table.Add(new object());
        SourceToken alive = table.Add(new object());
        table.Remove(removed);
        table.Renew(renewed);

        Assert.True(table.WasRetiredInThisEpoch(removed));
        Assert.True(table.WasRetiredInThisEpoch(renewed));
        Assert.False(table.WasRetiredInThisEpoch(alive));

        table.Epoch++;

        Assert.False(table.WasRetiredInThisEpoch(removed));
        Assert.False(table.WasRetiredInThisEpoch(renewed));
    }

    [Fact]
    public void Adding_and_removing_in_turn_allocates_nothing()
    {
        var table = new SlotTable<object>();
        var value = new object();
        table.Remove(table.Add(value));

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                table.Remove(table.Renew(table.Add(value)));
            }
        });
    }
}
