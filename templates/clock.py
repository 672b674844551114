"""templates/clock.py — calling by the clock where a platform has none: bash, which every image of
Debian's has, and its /dev/tcp."""

import shlex
from urllib.parse import quote

REQUEST = "POST %s HTTP/1.0\\r\\nHost: localhost\\r\\nContent-Length: 0\\r\\n\\r\\n"
CALL = """call() (
  exec 3<>"/dev/tcp/$1/$2" || exit 1
  printf '{request}' "$3" >&3
  read -r _ code _ <&3
  echo "$3: $code"
  [[ $code == 2* ]]
)
"""


def path(function):
    return quote(function.path)


def call_command(function, host, port):
    """One call: a command that succeeds when the function does."""
    script = CALL.format(request=REQUEST) + f"call {host} {port} {shlex.quote(path(function))}"
    return ["bash", "-c", script]


def condition(schedule):
    """Whether it is time, in bash: M H d m w are now's fields, t the minutes since 1970."""
    if schedule.rate:
        return f"(( t % {schedule.seconds() // 60} == 0 ))"

    def one(name, numbers):
        listed = ",".join(map(str, numbers or []))
        return f"[[ ,{listed}, == *,${name},* ]]" if numbers is not None else None
    days = [one("d", schedule.days), one("w", schedule.weekdays)]
    if schedule.either:
        days = ["{ " + " || ".join(days) + "; }"]
    parts = [one("M", schedule.minutes), one("H", schedule.hours), one("m", schedule.months), *days]
    return " && ".join(part for part in parts if part) or "true"


def loop(functions, host, port):
    """A script that never ends."""
    lines = ["while :; do", "  now=$(date -u +%s)", "  sleep $((60 - now % 60))",
             "  read -r M H d m w s <<<\"$(date -u '+%-M %-H %-d %-m %w %s')\"",
             "  t=$((s / 60))"]
    for function in functions:
        lines.append(f"  if {condition(function.schedule)}; then "
                     f"call {host} {port} {shlex.quote(path(function))} & fi")
    return CALL.format(request=REQUEST) + "\n".join([*lines, "done"]) + "\n"
