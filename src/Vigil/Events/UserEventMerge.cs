namespace Vigil;

/// <summary>How the values of a <see cref="UserEvent"/> are merged if it is triggered again before its callback has run.</summary>
public enum UserEventMerge
{
    /// <summary>They are added; the sum saturates at <see cref="long.MaxValue"/>.</summary>
    Add,

    /// <summary>Their bits are combined with OR.</summary>
    Or,

    /// <summary>The last one is kept.</summary>
    Replace,
}
