namespace Vigil;

/// <summary>How a <see cref="Recorder"/> records.</summary>
public sealed class RecorderOptions
{
    /// <summary>
    /// Whether the bytes that recorded descriptors read and write are recorded, too, and the values of inputs
    /// (<see cref="RecordedInput{T}"/>). Without them a recording can be read, but not replayed. The names of files
    /// that are watched are recorded in any case. Default: true.
    /// </summary>
    public bool IncludeTraffic { get; set; } = true;

    /// <summary>
    /// How many bytes may wait to be written to the file, or how many a ring keeps: 131,072 to 1,073,741,824, in steps of 65,536. What
    /// finds no room is lost (<see cref="Recorder.LostBytes"/>). Default: 4,194,304.
    /// </summary>
    public int BufferBytes { get; set; } = 4 * 1024 * 1024;
}
