from ..core import base
from . import helper
def deep(n: int): return helper.twice(base(n))
