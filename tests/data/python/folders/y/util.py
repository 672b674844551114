def f(): return "y"
