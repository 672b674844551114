/* runtime/pool.c — being written. */
