namespace Vigil;

/// <summary>What becomes of the values of a <see cref="UserEvent"/> that is triggered again before its callback has run.</summary>
public enum UserEventMerge
{
    /// <summary>They are added up; a sum that would exceed <see cref="long.MaxValue"/> stays there.</summary>
    Add,

    /// <summary>Their bits are combined.</summary>
    Or,

    /// <summary>The last one counts.</summary>
    Replace,
}
