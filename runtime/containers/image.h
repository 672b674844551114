/* runtime/containers/image.h — the image that containers are made of when none is set: empty
 * but for folders to mount the machine's own files at. */
#ifndef SNAFU_RUNTIME_CONTAINERS_IMAGE_H
#define SNAFU_RUNTIME_CONTAINERS_IMAGE_H

struct engine;
struct snafu_error;

/* The name carries a number: another content, another number. */
#define IMAGE_NAME "snafu-base"
#define IMAGE_TAG  "1"

/* Makes it in the engine unless it is there. */
int image_make(const struct engine *engine, struct snafu_error *error);

#endif
