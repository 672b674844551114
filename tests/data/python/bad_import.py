import nosuchmodule
def f(): return 1
