/* scanner/describe.c — being written. */
