namespace Vigil.Internals.Tests.Systemd;

public sealed class StatusLineTests
{
    private readonly StatusLine _status = new();

    [Fact]
    public void The_first_one_is_sent_at_once_and_the_next_one_after_the_interval()
    {
        _status.Want("one");
        Assert.Equal("one", Send(0));
        Assert.Equal(long.MaxValue, _status.DueAt);
        _status.Want("two");
        Assert.Equal(StatusLine.Interval, _status.DueAt);
        Assert.Null(Send(StatusLine.Interval - 1));
        _status.Want("three");
        Assert.Equal("three", Send(StatusLine.Interval));
        Assert.Equal(long.MaxValue, _status.DueAt);
    }

    [Fact]
    public void What_was_sent_last_is_not_wanted_again()
    {
        _status.Want("one");
        Assert.Equal("one", Send(0));
        _status.Want("two");
        _status.Want("one");
        Assert.Equal(long.MaxValue, _status.DueAt);
    }

    [Fact]
    public void One_that_the_socket_did_not_take_waits_for_the_next_interval()
    {
        _status.Want("one");
        Assert.Equal("one", _status.Take(0));
        Assert.Equal(StatusLine.Interval, _status.DueAt);
        Assert.Null(_status.Take(StatusLine.Interval - 1));
        _status.Want("two");
        Assert.Equal("two", _status.Take(StatusLine.Interval));
    }

    [Fact]
    public void One_that_goes_with_another_message_counts_and_a_newer_one_follows()
    {
        _status.Want("old");
        _status.Supersede();
        Assert.Null(Send(0));
        _status.Want("newer");
        _status.OnSent("with it", 5);
        Assert.Equal(5 + StatusLine.Interval, _status.DueAt);
        Assert.Equal("newer", _status.TakeLast());
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("a\r\nb\tc\u0085d\u2028e\u2029f\u007f", "a  b c d e f ")]
    public void Control_characters_are_spaces(string text, string line) => Assert.Equal(line, StatusLine.LineOf(text));

    [Fact]
    public void What_is_too_long_is_cut_between_characters()
    {
        const int Most = StatusLine.MaxBytes;
        Assert.Equal(new string('a', Most), StatusLine.LineOf(new string('a', Most + 1)));
        Assert.Equal(new string('a', Most - 1), StatusLine.LineOf(new string('a', Most - 1) + "é"));
        Assert.Equal(new string('a', Most - 3), StatusLine.LineOf(new string('a', Most - 3) + "😀"));
        Assert.Equal(new string('a', Most - 4) + "😀", StatusLine.LineOf(new string('a', Most - 4) + "😀b"));
        Assert.Equal(new string('\ud800', Most / 3), StatusLine.LineOf(new string('\ud800', Most)));
    }

    private string? Send(long now)
    {
        string? line = _status.Take(now);
        if (line is not null)
        {
            _status.OnSent(line, now);
        }

        return line;
    }
}
