def f(): return "x"
