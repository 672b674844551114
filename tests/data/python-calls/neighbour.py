"""Another module of the same folder."""
import state  # a circle

n = 0


def up():
    global n
    n += 1
    return n


def of_state():
    return state.up()
