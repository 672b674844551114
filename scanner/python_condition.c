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

/* Facts about the machine; Snafu itself is built for this one only. */
static const struct {
	const char *text, *value;
} facts[] = {
	{"os.name", "posix"},
	{"sys.platform", "linux"},
	{"platform", "linux"},
	{"platform.system()", "Linux"},
};

/* `sys.platform == 'win32'`, `sys.platform.startswith('win')`. */
static enum python_verdict judge_platform(const char *text)
{
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		size_t size = strlen(facts[i].text);
		const char *rest = text + size, *value = facts[i].value;
		bool negated = strncmp(rest, "!='", 3) == 0, equal = strncmp(rest, "=='", 3) == 0;

		if (strncmp(text, facts[i].text, size) != 0)
			continue;
		if (negated || equal) {
			rest += 3;
			size = strcspn(rest, "'");
			bool same = strlen(value) == size && memcmp(rest, value, size) == 0;
			if (strcmp(rest + size, "'") == 0)
				return same == equal ? PYTHON_ALWAYS : PYTHON_NEVER;
		} else if (strncmp(rest, ".startswith('", 13) == 0) {
			rest += 13;
			size = strcspn(rest, "'");
			if (strcmp(rest + size, "')") == 0)
				return strncmp(value, rest, size) == 0 ? PYTHON_ALWAYS : PYTHON_NEVER;
		}
	}
	return PYTHON_MAYBE;
}

/* A condition without `and` and `or`. */
static enum python_verdict judge_one(const char *condition, size_t size)
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
	enum python_verdict verdict = judge_version(text);
	return verdict == PYTHON_MAYBE ? judge_platform(text) : verdict;
}

/* Splits at WORD outside brackets. A part that settles the whole (for ALL: one that never
 * holds; else: one that always does) wins; otherwise all must agree. */
static enum python_verdict judge_parts(const char *at, const char *end, const char *word, bool all)
{
	size_t length = strlen(word);
	bool agree = true;
	int depth = 0;

	for (const char *part = at; part < end;) {
		const char *stop = part;

		for (; stop < end; stop++) {
			depth += (*stop == '(') - (*stop == ')');
			if (depth == 0 && (size_t)(end - stop) > length && memcmp(stop, word, length) == 0)
				break;
		}
		enum python_verdict verdict = judge_one(part, (size_t)(stop - part));
		if (all ? verdict >= PYTHON_NEVER : verdict == PYTHON_ALWAYS)
			return verdict;
		agree &= all ? verdict == PYTHON_ALWAYS : verdict == PYTHON_NEVER;
		part = stop < end ? stop + length : end;
	}
	return !agree ? PYTHON_MAYBE : all ? PYTHON_ALWAYS : PYTHON_NEVER;
}

enum python_verdict snafu_python_judge(const char *condition, size_t size)
{
	bool both = memmem(condition, size, " and ", 5), either = memmem(condition, size, " or ", 4);

	if (size > 4 * CONDITION_CAP || (both && either))
		return PYTHON_MAYBE;
	if (both || either)
		return judge_parts(condition, condition + size, both ? " and " : " or ", both);
	return judge_one(condition, size);
}
