using System.Diagnostics;
using MetricsGateway.Configuration;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Network;

namespace MetricsGateway.Tests.Operation;

/// <summary>The configuration file is reloaded when it changes, however it is saved.</summary>
public sealed class ConfigurationWatchTests : IDisposable
{
    private readonly TestConfiguration _configuration = new(isWatched: true);

    // The clock stands still while a test writes, so that no file is read half-written, however slow the machine.
    private readonly ManualTime _time = new();

    public void Dispose() => _configuration.Dispose();

    [Fact]
    public void A_file_that_is_written_in_place_is_reloaded_once()
    {
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.Write(("max-names", 5));
        WaitForStat(admin, "reloads.done", 1);

        // A change to the present options is not reported, so the next line is about the next change.
        _configuration.Write(("max-names", 5));
        _configuration.Write(("max-names", 6));
        WaitForStat(admin, "reloads.done", 2);
        Assert.Equal(
            Reloaded("max-names 100000 → 5; 1 connection kept") + Reloaded("max-names 5 → 6; 1 connection kept"), gateway.TakeErrors());
    }

    [Fact]
    public void A_file_that_another_one_is_renamed_to_is_reloaded()
    {
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();
        for (int i = 1; i <= 3; i++)
        {
            string draft = _configuration.InDirectory("draft");
            File.WriteAllText(draft, _configuration.Text(("max-names", i)));
            File.Move(draft, _configuration.Path, overwrite: true);

            WaitForStat(admin, "reloads.done", i);
            Assert.Contains($"max-names: {i}\n", admin.Ask("config"), StringComparison.Ordinal);
        }

        gateway.TakeErrors();
    }

    [Fact]
    public void A_file_that_is_moved_away_and_written_anew_is_reloaded()
    {
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();

        File.Move(_configuration.Path, _configuration.InDirectory("gateway.json~"));
        _configuration.Write(("max-names", 5));

        WaitForStat(admin, "reloads.done", 1);
        Assert.Contains("max-names: 5\n", admin.Ask("config"), StringComparison.Ordinal);
        gateway.TakeErrors();
    }

    [Fact]
    public void A_link_that_leads_to_another_file_is_reloaded_and_so_is_the_file_that_it_leads_to()
    {
        string first = Directory.CreateDirectory(_configuration.InDirectory("first")).FullName;
        string second = Directory.CreateDirectory(_configuration.InDirectory("second")).FullName;
        File.Move(_configuration.Path, Path.Combine(first, "real.json"));
        File.WriteAllText(Path.Combine(second, "real.json"), _configuration.Text(("max-names", 5)));
        File.CreateSymbolicLink(_configuration.Path, Path.Combine(first, "real.json"));
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();

        string link = _configuration.InDirectory("link");
        File.CreateSymbolicLink(link, Path.Combine(second, "real.json"));
        File.Move(link, _configuration.Path, overwrite: true);
        WaitForStat(admin, "reloads.done", 1);

        File.WriteAllText(Path.Combine(second, "real.json"), _configuration.Text(("max-names", 6)));
        WaitForStat(admin, "reloads.done", 2);
        Assert.Contains("max-names: 6\n", admin.Ask("config"), StringComparison.Ordinal);
        gateway.TakeErrors();
    }

    [Fact]
    public void A_bad_file_is_told_and_the_next_good_one_is_too_even_if_it_is_the_one_in_effect()
    {
        string good = File.ReadAllText(_configuration.Path);
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.WriteText("{\n\"max-names\": 0 }");
        WaitForStat(admin, "reloads.refused", 1);
        _configuration.WriteText(good);
        WaitForStat(admin, "reloads.done", 1);

        Assert.Equal(
            $"MetricsGateway: not reloaded, everything stays as it was: {_configuration.Path}:2: "
            + "'max-names' must be a whole number from 1 to 10000000, not 0\n" + Reloaded("nothing changed"),
            gateway.TakeErrors());
    }

    [Fact]
    public void A_file_that_is_deleted_changes_nothing_and_is_reloaded_when_it_is_back()
    {
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();

        File.Delete(_configuration.Path);
        WaitForStat(admin, "reloads.refused", 1);
        _configuration.Write(("max-names", 5));
        WaitForStat(admin, "reloads.done", 1);

        Assert.Equal(
            $"MetricsGateway: not reloaded, everything stays as it was: cannot read the configuration file: {_configuration.Path}: No "
                + $"such file or directory\n"
            + Reloaded("max-names 100000 → 5; 1 connection kept"),
            gateway.TakeErrors());
    }

    [Fact]
    public void A_directory_of_the_path_that_goes_and_comes_back_is_followed()
    {
        string directory = _configuration.InDirectory("there");
        string path = WriteBelow(directory);
        using RunningGateway gateway = Start(path);
        using AdminClient admin = gateway.ConnectAdmin();

        Directory.Delete(directory, recursive: true);
        WaitForStat(admin, "reloads.refused", 1);
        WriteBelow(directory, ("max-names", 5));
        WaitForStat(admin, "reloads.done", 1);
        WriteBelow(directory, ("max-names", 6));
        WaitForStat(admin, "reloads.done", 2);

        Assert.DoesNotContain("is not watched", gateway.TakeErrors(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_above_that_is_replaced_by_another_is_one_change_and_no_file_that_is_missing()
    {
        string above = _configuration.InDirectory("above");
        string path = WriteBelow(Path.Combine(above, "there"));
        WriteBelow(Path.Combine(_configuration.InDirectory("next"), "there"), ("max-names", 5));
        using RunningGateway gateway = Start(path);
        using AdminClient admin = gateway.ConnectAdmin();

        // The clock stands still in between, as for a program that is fast enough.
        Directory.Move(above, _configuration.InDirectory("before"));
        admin.Stats();
        Directory.Move(_configuration.InDirectory("next"), above);
        admin.Stats();
        WaitForStat(admin, "reloads.done", 1);
        WriteBelow(Path.Combine(above, "there"), ("max-names", 6));
        WaitForStat(admin, "reloads.done", 2);

        Assert.Equal(
            Reloaded(
                path,
                "max-names 100000 → 5; 1 connection kept")
                + Reloaded(path, "max-names 5 → 6; 1 connection kept"),
            gateway.TakeErrors());
    }

    [Fact]
    public void A_link_within_the_path_that_is_put_elsewhere_is_reloaded_as_Kubernetes_does_it()
    {
        // gateway.json -> ..data/gateway.json, ..data -> ..1, and then ..data -> ..2 by a rename.
        string directory = Directory.CreateDirectory(_configuration.InDirectory("volume")).FullName;
        WriteBelow(Path.Combine(directory, "..1"));
        WriteBelow(Path.Combine(directory, "..2"), ("max-names", 5));
        WriteBelow(Path.Combine(directory, "..3"), ("max-names", 6));
        File.CreateSymbolicLink(Path.Combine(directory, "..data"), "..1");
        string path = Path.Combine(directory, "gateway.json");
        File.CreateSymbolicLink(path, "..data/gateway.json");
        using RunningGateway gateway = Start(path);
        using AdminClient admin = gateway.ConnectAdmin();

        for (int i = 2; i <= 3; i++)
        {
            string next = Path.Combine(directory, "..data_tmp");
            File.CreateSymbolicLink(next, $"..{i}");

            // The framework cannot rename a link to a directory over another one.
            using (Process rename = Process.Start("mv", ["-T", next, Path.Combine(directory, "..data")]))
            {
                rename.WaitForExit();
            }

            WaitForStat(admin, "reloads.done", i - 1);
            Directory.Delete(Path.Combine(directory, $"..{i - 1}"), recursive: true);
        }

        Assert.Contains("max-names: 6\n", admin.Ask("config"), StringComparison.Ordinal);
        Assert.DoesNotContain("not reloaded", gateway.TakeErrors(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_watched_for_a_while_is_watched_again_and_what_happened_meanwhile_is_read()
    {
        string directory = _configuration.InDirectory("there");
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();

        // A link into a directory that does not exist yet.
        File.Delete(_configuration.Path);
        File.CreateSymbolicLink(_configuration.Path, Path.Combine(directory, "gateway.json"));
        WaitForStat(admin, "reloads.refused", 1);
        WriteBelow(directory, ("max-names", 5));
        WaitForStat(admin, "reloads.done", 1);
        WriteBelow(directory, ("max-names", 6));
        WaitForStat(admin, "reloads.done", 2);

        string errors = gateway.TakeErrors();
        Assert.Single(errors.Split('\n'), line => line.Contains("is not watched, so only SIGHUP reloads it", StringComparison.Ordinal));
        Assert.Single(errors.Split('\n'), line => line.Contains("the configuration file is watched again", StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_reloaded_or_refused_on_request_is_not_told_again()
    {
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.Write(("max-names", 5));
        admin.Ask("reload");
        LetSettle(admin);
        _configuration.WriteText("");
        admin.Ask("reload");
        LetSettle(admin);

        Assert.Equal(1, admin.Stat("reloads.done"));
        Assert.Equal(1, admin.Stat("reloads.refused"));
        gateway.TakeErrors();
    }

    [Fact]
    public void The_program_watches_its_file()
    {
        using GatewayProcess gateway = GatewayProcess.StartBare("--config", _configuration.Path);
        gateway.ReadUntilListening();

        _configuration.Write(("max-names", 5));

        gateway.WaitForError(Reloaded("max-names 100000 → 5; 0 connections kept"));
    }

    [Fact]
    public void Watching_can_be_turned_off_and_on()
    {
        _configuration.Write(("watch-config", "off"));
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();

        // If it were watched, the requested reload would be the second one.
        _configuration.Write(("watch-config", "on"));
        LetSettle(admin);
        admin.Ask("reload");
        Assert.Equal(1, admin.Stat("reloads.done"));

        _configuration.Write(("max-names", 5));
        WaitForStat(admin, "reloads.done", 2);
        gateway.TakeErrors();
    }

    private void WaitForStat(AdminClient admin, string key, long value)
    {
        long seen = 0;
        Patience.WaitUntil(
            () =>
            {
                _time.Advance(1);
                return (seen = admin.Stat(key)) == value;
            },
            () => $"{key} is {seen}, not {value}");

        // The loop may get the events of one write in two parts. Then the second part makes a worker read the file once more, and that
        // worker must not read a file that the test has half written.
        LetSettle(admin);
    }

    // One turn of the loop notices the change; a later one comes after the settling time.
    private void LetSettle(AdminClient admin)
    {
        for (int i = 0; i < 3; i++)
        {
            admin.LetTurn();
            _time.Advance(1);
        }

        admin.LetTurn();
        admin.WaitUntilWorkersRest();
    }

    private RunningGateway Start(string path) =>
        new(new ConfigurationSource(path, new Dictionary<string, string>(StringComparer.Ordinal)), _time);

    private string WriteBelow(string directory, params IReadOnlyList<(string Option, object Value)> options)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, "gateway.json");
        File.WriteAllText(path, _configuration.Text(options));
        return path;
    }

    private string Reloaded(string changes) => Reloaded(_configuration.Path, changes);

    private static string Reloaded(string path, string changes) => $"MetricsGateway: reloaded {path}: {changes}\n";
}
