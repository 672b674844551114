/* scanner/c_types.c — being written. */
