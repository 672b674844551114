/* runtime/host.c — being written. */
