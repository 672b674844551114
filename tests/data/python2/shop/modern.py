"""Python 3 in the middle of it: taken as it is."""


def shout(*words: str, mark: str = "!") -> str:
    print("shouting", *words)
    return f"{' '.join(words).upper()}{mark}"
