if __name__ == "__main__":
    raise SystemExit("ran")
def f(): return __name__
