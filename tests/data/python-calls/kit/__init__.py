started = []
from .tool import used
