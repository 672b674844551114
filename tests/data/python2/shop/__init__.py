"""A shop as it was written in 2009. Python 2 by its imports alone."""
import money
from catalogue import Catalogue

VERSION = (1, 4)
