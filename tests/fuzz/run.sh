#!/bin/sh
# tests/fuzz/run.sh SOURCE GRAMMARS SECONDS [NAME]... — builds the library with
# clang's libFuzzer and runs every fuzz target (or those named) for SECONDS each,
# in the current directory. What they find is left in crash-* files.
set -eu
source=$1 grammars=$2 seconds=$3
shift 3
if [ ! -f Makefile ]; then
	"$source/configure" -q --with-grammars="$grammars" CC=clang-14 CFLAGS='-g -O1' \
		--enable-sanitize=fuzzer-no-link,address,undefined
fi
make -s -j"$(nproc)" libsnafu.a libgrammars.a
if [ $# -eq 0 ]; then
	for file in "$source"/tests/fuzz/fuzz-*.c; do
		name=${file##*/fuzz-}
		set -- "$@" "${name%.c}"
	done
fi
for name; do
	target=$source/tests/fuzz/fuzz-$name.c
	# A target that fuzzes a loadable module names its sources and libraries in
	# a line `fuzz-with: ...` of its opening comment.
	with=$(sed -n 's/.*fuzz-with: *//p' "$target" | sed "s,langs/,$source/langs/,g")
	# shellcheck disable=SC2086
	clang-14 -g -O1 -std=gnu11 -fsanitize=fuzzer,address,undefined -I"$source" -I. \
		-o "fuzz-$name" "$target" $with libsnafu.a libgrammars.a -ltree-sitter -lpthread -lm
	mkdir -p "corpus-$name"
	seeds=$source/tests/fuzz/seeds-$name
	[ -d "$seeds" ] || seeds=
	echo "fuzz: $name for $seconds s"
	# shellcheck disable=SC2086 # one word or none
	"./fuzz-$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 \
		-verbosity=0 "corpus-$name" $seeds
done
