/* exporter/ask.h — asking a person for the arguments of a call, one question a
 * parameter with its type, default and doc line. */
#ifndef SNAFU_EXPORTER_ASK_H
#define SNAFU_EXPORTER_ASK_H

struct snafu_error;
struct snafu_given;
struct snafu_overloads;

struct snafu_asker {
	/* Shows PROMPT and reads a line: malloc'ed, without its newline, the caller
	 * frees. -ECANCELED when the person gave up. */
	int (*read_line)(void *state, const char *prompt, char **ret_line);
	/* Shows a line. */
	void (*say)(void *state, const char *line);
	void *state;
};

/* Asks for every parameter that GIVEN does not have yet and adds the answers; an
 * empty answer takes the default. Bad values are asked for again. Of several
 * overloads the person chooses one first, which alone is left in OVERLOADS then.
 * -ECANCELED, or whatever read_line() returned. */
int snafu_ask(const struct snafu_asker *asker, struct snafu_overloads *overloads,
              struct snafu_given *given, struct snafu_error *error);

#endif
