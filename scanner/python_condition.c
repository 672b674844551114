/* scanner/python_condition.c — which `if` at module level holds when the module
 * is imported by the Python 3 that will run it. Only the few conditions that
 * people write around two versions of a function; anything else: maybe. */
#include <string.h>

#include "scanner/python_skim.h"

#define CONDITION_CAP 120 /* bytes without blanks; longer ones: maybe */

static const struct {
	const char *text; /* without blanks, single quotes */
	enum python_verdict verdict;
} known[] = {
	{"True", PYTHON_ALWAYS},
	{"1", PYTHON_ALWAYS},
	{"False", PYTHON_NEVER},
	{"0", PYTHON_NEVER},
	{"None", PYTHON_NEVER},
	{"TYPE_CHECKING", PYTHON_ONLY_FOR_CHECKER},
	{"typing.TYPE_CHECKING", PYTHON_ONLY_FOR_CHECKER},
	{"t.TYPE_CHECKING", PYTHON_ONLY_FOR_CHECKER},
	{"notTYPE_CHECKING", PYTHON_ALWAYS},
	{"nottyping.TYPE_CHECKING", PYTHON_ALWAYS},
	{"__name__=='__main__'", PYTHON_ONLY_AS_PROGRAM},
	{"'__main__'==__name__", PYTHON_ONLY_AS_PROGRAM},
	{"(__name__=='__main__')", PYTHON_ONLY_AS_PROGRAM},
	{"__name__!='__main__'", PYTHON_ALWAYS},
	{"PY2", PYTHON_NEVER},
	{"six.PY2", PYTHON_NEVER},
	{"notPY3", PYTHON_NEVER},
	{"notsix.PY3", PYTHON_NEVER},
	{"PY3", PYTHON_ALWAYS},
	{"six.PY3", PYTHON_ALWAYS},
	{"notPY2", PYTHON_ALWAYS},
	{"notsix.PY2", PYTHON_ALWAYS},
	{"os.name=='posix'", PYTHON_ALWAYS},
	{"os.name!='posix'", PYTHON_NEVER},
	{"os.name=='nt'", PYTHON_NEVER},
	{"os.name!='nt'", PYTHON_ALWAYS},
	{"sys.platform=='linux'", PYTHON_ALWAYS},
	{"sys.platform=='win32'", PYTHON_NEVER},
	{"sys.platform!='win32'", PYTHON_ALWAYS},
	{"sys.platform=='darwin'", PYTHON_NEVER},
	{"sys.platform.startswith('win')", PYTHON_NEVER},
	{"sys.platform.startswith('linux')", PYTHON_ALWAYS},
};

/* `sys.version_info >= (3, 8)`, `sys.version_info[0] == 2`: only against Python 2
 * or 3 as a whole, since the minor version that will run it is not known here. */
static enum python_verdict judge_version(const char *text)
{
	bool ordered = false, before = false;

	if (strncmp(text, "sys.", 4) == 0)
		text += 4;
	if (strncmp(text, "version_info", 12) != 0)
		return PYTHON_MAYBE;
	text += 12;
	if (strncmp(text, "[0]", 3) == 0)
		text += 3;
	else if (strncmp(text, ".major", 6) == 0)
		text += 6;
	char first = text[0];
	bool equal = text[1] == '=';
	if (first == '<' || first == '>') {
		ordered = true;
		before = first == '<';
		text += 1 + equal;
	} else if ((first == '=' || first == '!') && equal) {
		text += 2;
	} else {
		return PYTHON_MAYBE;
	}
	bool tuple = *text == '(';
	text += tuple;
	if (*text != '2' && *text != '3')
		return PYTHON_MAYBE;
	bool three = *text++ == '3';
	if (text[strspn(text, "0123456789,)")])
		return PYTHON_MAYBE;
	if (!ordered)
		return tuple ? PYTHON_MAYBE : (first == '=') == three ? PYTHON_ALWAYS : PYTHON_NEVER;
	if (three && tuple && strncmp(text, ",0)", 3) != 0 && strncmp(text, ",)", 2) != 0)
		return PYTHON_MAYBE; /* some Python 3 or a newer one */
	if (three && !tuple && (first == '>') != equal) /* > 3, <= 3 */
		return before ? PYTHON_ALWAYS : PYTHON_NEVER;
	return before ? PYTHON_NEVER : PYTHON_ALWAYS;
}

enum python_verdict snafu_python_judge(const char *condition, size_t size)
{
	char text[CONDITION_CAP + 1];
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		char c = condition[i] == '"' ? '\'' : condition[i];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\\')
			continue;
		if (n == CONDITION_CAP)
			return PYTHON_MAYBE;
		text[n++] = c;
	}
	text[n] = '\0';
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(text, known[i].text) == 0)
			return known[i].verdict;
	return judge_version(text);
}
