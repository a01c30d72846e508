package io.porthouse.cli;

import java.util.Locale;

/** Bytes and rates for people: three digits and a decimal unit. */
final class Amounts {

    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

    private Amounts() {}

    static String bytes(double bytes) {
        int unit = 0;
        double amount = bytes;
        while (amount >= 999.5 && unit < UNITS.length - 1) {
            amount /= 1000;
            unit++;
        }
        String format = unit == 0 || amount >= 99.95 ? "%.0f %s" : amount >= 9.995 ? "%.1f %s" : "%.2f %s";
        return String.format(Locale.ROOT, format, amount, UNITS[unit]);
    }

    static String rate(long bytes, long nanos) {
        return bytes(bytes * 1e9 / Math.max(1, nanos)) + "/s";
    }
}
