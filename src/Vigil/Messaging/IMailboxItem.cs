namespace Vigil.Messaging;

/// <summary>
/// An object that is itself a message: posting it copies a reference and allocates nothing. It may be posted again once it has been
/// delivered. Each time, the mailbox calls exactly one of the two methods.
/// </summary>
internal interface IMailboxItem
{
    /// <summary>What its delivery calls back for, for observers.</summary>
    object Subject => this;

    /// <summary>On the receiver. Returns how many of the users' callbacks ran.</summary>
    int Deliver();

    /// <summary>
    /// The mailbox is closed, so this post will never be delivered. True if somebody was notified or nobody has to be; false if it is lost.
    /// </summary>
    bool Abandon();
}

/// <summary>An object that receives messages of one type for itself.</summary>
/// <typeparam name="TState">What a message carries.</typeparam>
internal interface IMailboxItem<TState>
{
    /// <inheritdoc cref="IMailboxItem.Deliver"/>
    int Deliver(TState state);

    /// <inheritdoc cref="IMailboxItem.Abandon"/>
    bool Abandon(TState state);
}
