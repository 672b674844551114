def base(n: int = 1): return n + 1
