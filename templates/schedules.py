"""templates/schedules.py — a schedule of the settings (runtime/settings/triggers.h has checked it)
in the notations of others."""

import re

MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
DAYS = "SUN MON TUE WED THU FRI SAT".split()
FIELDS = [("minute", 0, 59, []), ("hour", 0, 23, []), ("day", 1, 31, []),
          ("month", 1, 12, MONTHS), ("weekday", 0, 6, DAYS)]
SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def number(word, first, words):
    return first + words.index(word.upper()) if word.upper() in words else int(word)


def expand(text, first, last, words):
    """The numbers that a field stands for; None: all."""
    found = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            begin, end = first, last
        else:
            begin, _, end = span.partition("-")
            begin = number(begin, first, words)
            end = number(end, first, words) if end else begin
        found.update(range(begin, end + 1, int(step or 1)))
    if words is DAYS:
        found = {each % 7 for each in found}  # 7 is Sunday, too
    return None if len(found) == last - first + 1 else sorted(found)


class Schedule:
    def __init__(self, text):
        self.text = text
        rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
        self.rate = (int(rate[1]), rate[2]) if rate else None
        if not self.rate:
            words = text.split()
            self.minutes, self.hours, self.days, self.months, self.weekdays = (
                expand(word, first, last, names)
                for word, (_, first, last, names) in zip(words, FIELDS))
            # As cron does: a day that either names, when both do.
            self.either = self.days is not None and self.weekdays is not None

    def seconds(self):
        return self.rate[0] * SECONDS[self.rate[1]]

    def cron(self):
        """Five fields, or None where they cannot say it."""
        if not self.rate:
            return " ".join(self.text.split())
        count, unit = self.rate
        if unit == "minute" and (count == 1 or count < 60 and 60 % count == 0):
            return f"*/{count} * * * *" if count > 1 else "* * * * *"
        if unit == "minute" and count % 60 == 0:
            count, unit = count // 60, "hour"
        if unit == "hour" and count <= 24 and 24 % count == 0:
            return f"0 */{count} * * *" if 1 < count < 24 else "0 * * * *" if count == 1 \
                else "0 0 * * *"
        return "0 0 * * *" if unit == "day" and count == 1 else None

    def aws(self):
        """EventBridge's: cron() has six fields there, one of the days is a question mark."""
        if self.rate:
            count, unit = self.rate
            return [f"rate({count} {unit}{'' if count == 1 else 's'})"]

        def write(numbers, names=()):
            if numbers is None:
                return "*"
            return ",".join(names[each] if names else str(each) for each in numbers)
        front = f"{write(self.minutes)} {write(self.hours)}"
        month = write(self.months)
        by_day = f"cron({front} {write(self.days)} {month} ? *)"
        by_weekday = f"cron({front} ? {month} {write(self.weekdays, DAYS)} *)"
        if self.either:
            return [by_day, by_weekday]
        return [by_weekday if self.weekdays is not None else by_day]

    def systemd(self):
        """Lines of a [Timer]."""
        if self.rate:
            return [f"OnActiveSec={self.seconds()}s", f"OnUnitActiveSec={self.seconds()}s"]

        def write(numbers):
            return "*" if numbers is None else ",".join(f"{each:02d}" for each in numbers)
        time = f"{write(self.hours)}:{write(self.minutes)}:00"
        weekdays = ",".join(DAYS[each].title() for each in self.weekdays or [])
        by_day = f"OnCalendar=*-{write(self.months)}-{write(self.days)} {time}"
        by_weekday = f"OnCalendar={weekdays} *-{write(self.months)}-* {time}"
        if self.either:
            return [by_day, by_weekday]
        return [by_weekday if self.weekdays is not None else by_day]
