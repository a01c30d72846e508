package io.porthouse.admin.api;

import java.util.HashMap;
import java.util.Map;

/** Bounds how many may do something at once: in all, and of one account, so that no account takes all turns. Thread-safe. */
final class Turns {

    private final int most;
    private final int mostOfAccount;

    // Guarded by this:
    private final Map<String, Integer> taken = new HashMap<>();
    private int all;

    Turns(int most, int mostOfAccount) {
        this.most = most;
        this.mostOfAccount = mostOfAccount;
    }

    /** Takes a turn; returns whether there was one. */
    synchronized boolean tryTake(String account) {
        int own = taken.getOrDefault(account, 0);
        if (all == most || own == mostOfAccount) {
            return false;
        }
        all++;
        taken.put(account, own + 1);
        return true;
    }

    /** Gives back a turn that was taken. */
    synchronized void giveBack(String account) {
        all--;
        taken.computeIfPresent(account, (name, own) -> own == 1 ? null : own - 1);
    }
}
