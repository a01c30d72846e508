package io.porthouse.cli.config;

/** The name of a setting as people write it: {@code tokens[0].grants[1].room}. */
final class SettingPath {

    private SettingPath() {}

    static String child(String table, String key) {
        String name = key.matches("[A-Za-z0-9_-]+") ? key : '"' + key + '"';
        return table.isEmpty() ? name : table + "." + name;
    }

    static String element(String array, int index) {
        return array + "[" + index + "]";
    }
}
