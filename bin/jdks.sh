# shellcheck shell=bash
# Sourced by the scripts beside it: which JDKs there are. No JVM is started to find out, where its `release` file tells.

# The feature version ("17") of the Java installation at $1; nothing if there is none.
jdk_version() {
    local home=$1 line version=""
    [ -x "$home/bin/java" ] || return 0
    if [ -r "$home/release" ]; then
        while IFS= read -r line; do
            case $line in JAVA_VERSION=*) version=${line#JAVA_VERSION=} ;; esac
        done <"$home/release"
    else
        version=$("$home/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.version = //p')
    fi
    version=${version//\"/}
    version=${version#1.}
    version=${version%%[!0-9]*}
    [ -z "$version" ] || printf '%s\n' "$version"
}

# One line "VERSION HOME" for each Java installation of 17 or newer, oldest first.
jdks() {
    local on_path home version
    on_path=$(command -v java || true)
    for home in "${JAVA_HOME:-}" \
        "${on_path:+$(dirname "$(dirname "$(readlink -f "$on_path")")")}" \
        /usr/lib/jvm/* "$HOME"/.sdkman/candidates/java/*; do
        [ -n "$home" ] || continue
        version=$(jdk_version "$home")
        [ "${version:-0}" -lt 17 ] || printf '%s %s\n' "$version" "$(readlink -f "$home")"
    done | sort -n -u
}

# Those of them that can compile.
compiling_jdks() {
    local version home
    jdks | while read -r version home; do
        [ ! -x "$home/bin/javac" ] || printf '%s %s\n' "$version" "$home"
    done
}
