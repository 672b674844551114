/* convert/model_settings.h — the parts of a model that are about settings, and how its JSON is
 * written: private to model*.c. */
#ifndef SNAFU_CONVERT_MODEL_SETTINGS_H
#define SNAFU_CONVERT_MODEL_SETTINGS_H

struct snafu_buffer;
struct snafu_settings;
struct snafu_settings_book;

/* "NAME": behind a comma when it is not the first of its object. */
void model_member(struct snafu_buffer *into, const char *name);
/* A comma, when it is not the first of its array. */
void model_element(struct snafu_buffer *into);

/* "environment": {...}, of NAME=VALUE lines. */
void model_write_environment(const char *environment, struct snafu_buffer *into);

/* "settings": {...}: those of functions that differ from the defaults. */
void model_write_settings(const struct snafu_settings *settings, struct snafu_buffer *into);

/* "settings": [...]: all that there are, with the instance's values. */
void model_write_table(const struct snafu_settings_book *book, struct snafu_buffer *into);

/* "tenants": {...}: what is set for each. */
void model_write_tenants(const struct snafu_settings_book *book, struct snafu_buffer *into);

#endif
