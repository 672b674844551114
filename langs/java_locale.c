/* langs/java_locale.c — see java_locale.h. */
#include "langs/java_locale.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

bool snafu_java_locale_is_utf8(void)
{
	locale_t named = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

	if (!named) /* a locale that is not installed counts as "C" */
		return false;
	bool utf8 = strcmp(nl_langinfo_l(CODESET, named), "UTF-8") == 0;
	freelocale(named);
	return utf8;
}

void snafu_java_locale_begin(struct snafu_java_locale *ret_before)
{
	const char *locale = setlocale(LC_ALL, NULL), *environment = getenv("LC_ALL");

	*ret_before = (struct snafu_java_locale){.locale = locale ? strdup(locale) : NULL};
	if (snafu_java_locale_is_utf8())
		return;
	ret_before->environment = environment ? strdup(environment) : NULL;
	ret_before->changed = setenv("LC_ALL", SNAFU_JAVA_LOCALE, 1) == 0;
}

void snafu_java_locale_end(struct snafu_java_locale *before)
{
	if (before->changed && before->environment)
		setenv("LC_ALL", before->environment, 1);
	else if (before->changed)
		unsetenv("LC_ALL");
	if (before->locale)
		setlocale(LC_ALL, before->locale);
	free(before->environment);
	free(before->locale);
}
