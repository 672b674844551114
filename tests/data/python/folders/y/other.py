import util
def g(): return util.f()
