"""What must differ between children of the same process."""

import os
import random
import ssl
import tempfile
import uuid

random.random()
next(tempfile._get_candidate_names())
ssl.RAND_bytes(4)


def roll():
    return [random.random(), next(tempfile._get_candidate_names()), ssl.RAND_bytes(8).hex(),
            str(uuid.uuid4()), os.getpid()]
