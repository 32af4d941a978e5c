using FsCheck;
using FsCheck.Fluent;
using Vigil.Collections;

namespace Vigil.Internals.Tests.Collections;

public class DescriptorMapTests
{
    [Fact]
    public void Any_sequence_of_settings_agrees_with_a_dictionary()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), numbers =>
        {
            var map = new DescriptorMap<object>();
            Dictionary<int, object?> model = [];
            foreach (int number in numbers)
            {
                int fd = NumberOf(number);
                object? value = number % 3 == 0 ? null : new object();
                map[fd] = value;
                model[fd] = value;
                Assert.Same(model.GetValueOrDefault(fd + 1), map[fd + 1]);
                Assert.Same(model.GetValueOrDefault(fd ^ 256), map[fd ^ 256]);
            }

            Assert.All(model, pair => Assert.Same(pair.Value, map[pair.Key]));
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(300).WithEndSize(1500));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(1_048_575)]
    public void Neighbours_of_a_number_are_not_touched(int fd)
    {
        var map = new DescriptorMap<object>();
        var value = new object();

        map[fd] = value;

        Assert.Same(value, map[fd]);
        Assert.Null(map[fd + 1]);
        Assert.Null(map[fd - 1]);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void What_was_never_set_is_null_also_outside_of_all_numbers(int fd)
    {
        var map = new DescriptorMap<object> { [3] = new object() };

        Assert.Null(map[fd]);
    }

    [Fact]
    public void A_large_number_costs_its_page_and_a_list_of_pages_not_an_array_up_to_it()
    {
        const int Large = 1_000_000;
        var value = new object();
        _ = new DescriptorMap<object> { [Large] = value };

        long bytes = Allocations.Of(() => _ = new DescriptorMap<object> { [Large] = value });

        Assert.InRange(bytes, 1, Large / 20);
    }

    [Fact]
    public void Setting_and_clearing_a_number_in_turn_allocates_nothing()
    {
        var value = new object();
        var map = new DescriptorMap<object>();

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                map[i] = value;
                map[i] = null;
            }
        });
    }

    // Mostly small and dense, as the kernel gives them out, with a large one now and then.
    private static int NumberOf(int choice)
    {
        uint number = (uint)choice * 2_654_435_761;
        return (int)(number % 5 == 0 ? number % 100_000 : number % 600);
    }
}
