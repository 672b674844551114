/* exporter/openapi_calls.h — pieces of the OpenAPI document that are about asynchronous
 * calls, where they belong into it: private to openapi.c. */
#ifndef SNAFU_EXPORTER_OPENAPI_CALLS_H
#define SNAFU_EXPORTER_OPENAPI_CALLS_H

struct snafu_buffer;

/* Members of each function's operation, and of its responses; with a comma before. */
void snafu_openapi_calls_operation(struct snafu_buffer *into);
void snafu_openapi_calls_response(struct snafu_buffer *into);

/* Paths, without a comma. */
void snafu_openapi_calls_paths(struct snafu_buffer *into);

/* Members of the components, with a comma before. */
void snafu_openapi_calls_schemas(struct snafu_buffer *into);
void snafu_openapi_calls_responses(struct snafu_buffer *into);
void snafu_openapi_calls_parameters(struct snafu_buffer *into);

#endif
