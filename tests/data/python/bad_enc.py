x = "ÿş"
def f(): return 1
