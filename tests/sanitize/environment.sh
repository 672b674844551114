# tests/sanitize/environment.sh — how sanitizers behave in the tests. `make check`
# reads it before each test; programs built without a sanitizer take no notice.
# Wants $SNAFU_SOURCE. The quotes are for the sanitizers, which split at spaces.
# shellcheck shell=sh disable=SC2089,SC2090
#
# handle_segv: the JVM has a SEGV handler of its own and needs it for null checks.
# use_tls: LeakSanitizer crashes while it reads the thread-local storage of threads
# that the JVM made.
# detect_odr_violation: loadable modules of a kind all export the same name.

ASAN_OPTIONS="handle_segv=0:allow_user_segv_handler=1:detect_leaks=1:detect_odr_violation=0"
LSAN_OPTIONS="print_suppressions=0:use_tls=0"
LSAN_OPTIONS="$LSAN_OPTIONS:suppressions='$SNAFU_SOURCE/tests/sanitize/leak.supp'"
UBSAN_OPTIONS="print_stacktrace=1"
TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"
export ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
