"""Bookkeeping helpers, grown since 2009. Half of the company imports this file.

Nothing here knows of Snafu: no decorators, no handler functions, no events.
"""

import datetime
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

VAT_RATES = {"standard": 19, "reduced": 7, "none": 0}
ROMAN = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
         (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]


def _cents(amount):
    return Decimal(str(amount)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


# ---- money ----------------------------------------------------------------------

def vat(net, rate="standard"):
    """Value added tax on a net amount, rounded to cents.

    :param net: the amount without tax
    :param rate: standard, reduced or none
    """
    if rate not in VAT_RATES:
        raise ValueError("unknown VAT rate %r, one of %s" % (rate, ", ".join(sorted(VAT_RATES))))
    return float(_cents(Decimal(str(net)) * VAT_RATES[rate] / 100))


def gross(net, rate="standard"):
    """A net amount with its tax."""
    return float(_cents(net) + _cents(vat(net, rate)))


def split_bill(total, people, tip_percent=0):
    """Split a bill so that the shares add up to the cent; who comes first pays
    the odd cents."""
    cents = int(_cents(Decimal(str(total)) * (100 + Decimal(str(tip_percent))) / 100) * 100)
    share, rest = divmod(cents, people)
    return [(share + (i < rest)) / 100 for i in range(people)]


def instalments(amount, months, yearly_percent=0.0):
    """The monthly instalment of a loan (annuity)."""
    rate = yearly_percent / 1200
    if rate == 0:
        return float(_cents(amount / months))
    return float(_cents(amount * rate / (1 - (1 + rate) ** -months)))


# ---- numbers that people mistype ----------------------------------------------------

def check_iban(iban):
    """Whether an IBAN's check digits are right (ISO 13616)."""
    text = re.sub(r"\s", "", iban).upper()
    if not re.match(r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$", text):
        return False
    moved = text[4:] + text[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def check_luhn(number):
    """Whether a card number's last digit is right (Luhn)."""
    digits = [int(character) for character in str(number) if character.isdigit()]
    for i in range(len(digits) - 2, -1, -2):
        digits[i] = digits[i] * 2 - 9 * (digits[i] > 4)
    return len(digits) > 1 and sum(digits) % 10 == 0


def check_ean(code):
    """Whether the check digit of an EAN-13 bar code is right."""
    digits = [int(character) for character in str(code)]
    return len(digits) == 13 and sum(d * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10 == 0


# ---- dates ------------------------------------------------------------------------

def easter(year: int) -> datetime.date:
    """Easter Sunday of a year (Gregorian calendar)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * l) // 433
    month = (h + l - 7 * m + 90) // 25
    day = (h + l - 7 * m + 33 * month + 19) % 32
    return datetime.date(year, month, day)


def add_working_days(start: datetime.date, days: int, holidays: list = ()) -> datetime.date:
    """The date so many working days later: no weekends, no holidays."""
    free = {day if isinstance(day, datetime.date) else datetime.date.fromisoformat(day)
            for day in holidays}
    date, step = start, 1 if days >= 0 else -1
    while days:
        date += datetime.timedelta(step)
        if date.weekday() < 5 and date not in free:
            days -= step
    return date


def age_on(birthday: datetime.date, day: datetime.date) -> int:
    """Somebody's age in years on a day."""
    return day.year - birthday.year - ((day.month, day.day) < (birthday.month, birthday.day))


# ---- text -------------------------------------------------------------------------

def slug(title, separator="-"):
    """A title as it may stand in a URL."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", separator, plain.lower()).strip(separator)


def clean(text, *, collapse=True, strip_control=True):
    """Tidy text that was pasted from somewhere: control characters, runs of spaces."""
    if strip_control:
        text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    if collapse:
        text = re.sub(r"[ \t\u00a0]+", " ", text).strip()
    return text


def roman(number):
    """A number in Roman numerals."""
    if not 0 < number < 4000:
        raise ValueError("Roman numerals go from 1 to 3999, not %s" % number)
    result = ""
    for value, letters in ROMAN:
        count, number = divmod(number, value)
        result += letters * count
    return result


def join_names(*names, last=" and "):
    """Ann, Bob and Cy."""
    return last.join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


# ---- and, one day, somebody wrote a class -------------------------------------------

class Invoice:
    """An invoice that adds up."""

    def __init__(self, number="0001", rate="standard"):
        self.number = number
        self.rate = rate
        self.items = []

    def add(self, text, price, quantity=1):
        """Add an item; returns how many there are."""
        self.items.append((text, _cents(price), quantity))
        return len(self.items)

    def total(self):
        """Number, net, tax and gross of all items."""
        net = sum((price * quantity for _, price, quantity in self.items), Decimal(0))
        tax = _cents(vat(net, self.rate))
        return {"number": self.number, "net": float(net), "vat": float(tax),
                "gross": float(net + tax)}


if __name__ == "__main__":
    print("The VAT on 100 is", vat(100))
