from .core import base
from . import sub
