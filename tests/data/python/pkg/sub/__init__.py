def init_fn(): return __name__
