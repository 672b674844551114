/* scanner/pack.h — descriptors as bytes, for a process that did not scan. */
#ifndef SNAFU_SCANNER_PACK_H
#define SNAFU_SCANNER_PACK_H

struct snafu_buffer;
struct snafu_function;
struct snafu_functions;
struct snafu_unpacker;

/* Appends one function with all that hangs on it. */
void snafu_function_pack(const struct snafu_function *function, struct snafu_buffer *into);

/* Adds the function that comes next to FUNCTIONS, copied. 0, -EBADMSG or -ENOMEM. */
int snafu_function_unpack(struct snafu_unpacker *unpacker, struct snafu_functions *functions);

#endif
