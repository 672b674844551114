/* exporter/arguments.c — being written. */
