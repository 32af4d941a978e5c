namespace Vigil.Internals.Tests.Work;

/// <summary>Wake-ups for work: the steps of workers whose threads do not run, one after the other.</summary>
public sealed class TeamTests
{
    private readonly Team _team = new(2);

    public TeamTests()
    {
        for (int i = 0; i < _team.Workers.Length; i++)
        {
            _team.Workers[i] = new Worker("team", i, _team, spin: 0, ageing: 100, processor: null, static () => { }, static () => { });
        }
    }

    [Fact]
    public void A_worker_without_work_falls_asleep_and_is_woken_once()
    {
        Assert.True(_team.Workers[0].TryFallAsleep(isSearching: false));
        Assert.False(_team.IsSearching);
        Assert.True(_team.Workers[0].TryWake());
        Assert.True(_team.IsSearching);
        Assert.False(_team.Workers[0].TryWake());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_worker_that_finds_work_in_its_last_look_before_it_sleeps_passes_the_rest_on(bool wasSearching)
    {
        Worker sleeper = _team.Workers[0];
        Worker searcher = _team.Workers[1];
        Assert.True(sleeper.TryFallAsleep(isSearching: false));
        if (wasSearching)
        {
            Assert.True(_team.TryBeginSearch());
        }

        // Two senders leave their work to the thread that is about to sleep.
        Add(searcher);
        Add(searcher);
        Assert.False(searcher.TryFallAsleep(wasSearching));
        Assert.True(_team.IsSearching);

        // It takes one item, and a sleeper is woken for the other.
        Assert.True(searcher.Queue.TryTake(now: 0, isOwner: true, out _));
        _team.EndSearch();
        Assert.True(_team.IsSearching);
        Assert.False(sleeper.TryWake());
    }

    [Fact]
    public void Work_that_is_left_to_a_worker_with_pinned_work_of_its_own_is_passed_on()
    {
        Worker sleeper = _team.Workers[0];
        Worker searcher = _team.Workers[1];
        Assert.True(sleeper.TryFallAsleep(isSearching: false));
        Assert.True(_team.TryBeginSearch());
        Add(searcher, thread: 1);
        Assert.False(searcher.TryFallAsleep(isSearching: true));

        // A sender sees that a thread searches, and wakes none.
        Assert.True(_team.IsSearching);
        Assert.True(searcher.Queue.TryTake(now: 0, isOwner: true, out _));
        Add(searcher);
        _team.EndSearch();
        Assert.False(sleeper.TryWake());
    }

    [Fact]
    public void One_searcher_too_many_looks_whether_anything_was_left_to_it()
    {
        Worker sleeper = _team.Workers[0];
        Assert.True(sleeper.TryFallAsleep(isSearching: false));
        Assert.True(_team.TryBeginSearch());
        Assert.False(_team.TryBeginSearch());
        Assert.True(_team.IsSearching);
        Add(_team.Workers[1]);
        _team.EndSearch();
        Assert.False(sleeper.TryWake());
    }

    private static void Add(Worker worker, int thread = -1)
    {
        var item = new WorkItem(
            static (_, _) => WorkOutcome.Done,
            drop: null,
            "item",
            state: null,
            new WorkContext(static _ => { }),
            context: null,
            thread < 0 ? WorkTarget.Worker(WorkPriority.Normal) : WorkTarget.Thread(thread));
        Assert.True(worker.Queue.TryAdd(in item, now: 0));
    }
}
