"""What a month of calls costs, and the paper's utility index (its section 6.3 and Table 4):

    cpm = 365/12 * 24 * 3600 * cps        calls a month
    ppm = 365/12 * 24 * pph               price a month, of a machine by the hour; or
    ppm = cpm / 1e6 * ppmc                of a provider by the million calls
    utility = cpm / (ppm * 1e6)

Prices come from a file of `name = pph PRICE` or `name = ppmc PRICE` lines below the heading
[prices], with `currency = ...` below [general]."""

import configparser

MONTH_H = 365 / 12 * 24


def read_prices(path):
    """(currency, {name: (kind, price)}); ValueError names what is wrong."""
    parser = configparser.ConfigParser()
    parser.optionxform = str
    with open(path, encoding="utf-8") as file:
        parser.read_file(file, path)
    prices = {}
    for name, text in parser["prices"].items():
        kind, _, price = text.partition(" ")
        try:
            amount = float(price)
        except ValueError:
            amount = -1
        if kind not in ("pph", "ppmc") or amount <= 0:
            raise ValueError(f"{path}: {name} = {text}: want 'pph PRICE' or 'ppmc PRICE'")
        prices[name] = (kind, amount)
    return parser.get("general", "currency", fallback=""), prices


def month(cps, kind, price):
    """Calls a month, price a month, utility."""
    cpm = MONTH_H * 3600 * cps
    ppm = MONTH_H * price if kind == "pph" else cpm / 1e6 * price
    return cpm, ppm, cpm / (ppm * 1e6)


def table(rates, prices):
    """A row for each configuration's calls a second and each price."""
    rows = []
    for configuration, cps in rates.items():
        for name, (kind, price) in prices.items():
            cpm, ppm, utility = month(cps, kind, price)
            rows.append({"configuration": configuration, "prices": name, "cps": cps, "cpm": cpm,
                         "base": f"{kind}: {price:g}", "ppm": ppm, "utility": utility})
    return rows
