/* runtime/crew.c — being written. */
