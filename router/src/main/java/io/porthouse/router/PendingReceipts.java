package io.porthouse.router;

import java.util.ArrayDeque;

/** The runs of one publisher in one room whose receipts are outstanding, in order. Confined to its loop, except where noted. */
final class PendingReceipts {

    private final Membership member;
    private final ArrayDeque<Run> runs = new ArrayDeque<>(4);

    /** One object for all runs, so that asking for a receipt allocates nothing. */
    private final Runnable whenDue = this::due;

    PendingReceipts(Membership member) {
        this.member = member;
    }

    /** Returns what a run does, on any thread, that has been handled everywhere. */
    Runnable whenDue() {
        return whenDue;
    }

    /** Remembers a run whose receipt is outstanding. */
    void add(Run run) {
        runs.add(run);
        member.session.receiptsOutstanding++;
    }

    private void due() {
        Puddle puddle = member.session.puddle;
        if (puddle.inLoop()) {
            send();
        } else {
            puddle.inbox.offer(new Due(this));
            puddle.wake();
        }
    }

    /**
     * Sends one RECEIPT for all runs at the head of the line that are handled. A run behind one that is not handled yet
     * waits, because a receipt covers everything before it.
     */
    private void send() {
        Run last = null;
        while (!runs.isEmpty() && runs.getFirst().isHandled()) {
            last = runs.removeFirst();
            member.session.receiptsOutstanding--;
        }
        if (last != null) {
            member.session.outbox.queueReceipt(
                    member.room.handle(), last.receiptCorrelation(), last.receiptSequence(), last.recipients());
        }
    }

    /** None of them will be answered any more. */
    void fail() {
        member.session.receiptsOutstanding -= runs.size();
        runs.clear();
    }

    private static final class Due extends InboxEntry {
        private final PendingReceipts receipts;

        Due(PendingReceipts receipts) {
            this.receipts = receipts;
        }

        @Override
        void apply() {
            receipts.send();
        }
    }
}
