# -*- coding: latin-1 -*-
x = "é"
def f(): return x
