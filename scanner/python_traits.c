/* scanner/python_traits.c — the decorators and base classes whose names say
 * something about a definition. See python_signature.h. */
#include "scanner/python_signature.h"

#include <string.h>

/* The part of a dotted name behind its last dot, up to a bracket. */
static const char *last_part(const char *text, size_t *ret_size)
{
	size_t size = strcspn(text, "([ ");
	const char *part = text;

	for (size_t i = 0; i < size; i++)
		if (text[i] == '.')
			part = text + i + 1;
	*ret_size = size - (size_t)(part - text);
	return part;
}

struct trait_name {
	const char *name;
	unsigned traits;
};

static unsigned look_up(const struct trait_name *names, const char *part, size_t size)
{
	for (; names->name; names++)
		if (strlen(names->name) == size && memcmp(names->name, part, size) == 0)
			return names->traits;
	return 0;
}

unsigned snafu_python_decorator_traits(const char *text)
{
	static const struct trait_name names[] = {
		{"staticmethod", PYTHON_TRAIT_STATIC},
		{"classmethod", PYTHON_TRAIT_CLASS},
		{"property", PYTHON_TRAIT_PROPERTY},
		{"cached_property", PYTHON_TRAIT_PROPERTY},
		{"DynamicClassAttribute", PYTHON_TRAIT_PROPERTY},
		{"abstractmethod", PYTHON_TRAIT_ABSTRACT},
		{"abstractproperty", PYTHON_TRAIT_ABSTRACT | PYTHON_TRAIT_PROPERTY},
		{"abstractclassmethod", PYTHON_TRAIT_ABSTRACT | PYTHON_TRAIT_CLASS},
		{"abstractstaticmethod", PYTHON_TRAIT_ABSTRACT | PYTHON_TRAIT_STATIC},
		{"overload", PYTHON_TRAIT_OVERLOAD},
		{"dataclass", PYTHON_TRAIT_DATA},
		{NULL, 0},
	};
	static const struct trait_name accessors[] = {
		{"setter", PYTHON_TRAIT_PROPERTY | PYTHON_TRAIT_SETTER},
		{"getter", PYTHON_TRAIT_PROPERTY | PYTHON_TRAIT_SETTER},
		{"deleter", PYTHON_TRAIT_PROPERTY | PYTHON_TRAIT_SETTER},
		{NULL, 0},
	};
	size_t size;
	const char *part = last_part(text, &size);
	unsigned traits = look_up(names, part, size);

	if (!traits && part > text && part[size] == '\0')
		traits = look_up(accessors, part, size);
	return traits;
}

unsigned snafu_python_base_traits(const char *text)
{
	static const struct trait_name names[] = {
		{"Enum", PYTHON_TRAIT_ENUM},         {"IntEnum", PYTHON_TRAIT_ENUM},
		{"StrEnum", PYTHON_TRAIT_ENUM},      {"Flag", PYTHON_TRAIT_ENUM},
		{"IntFlag", PYTHON_TRAIT_ENUM},      {"ReprEnum", PYTHON_TRAIT_ENUM},
		{"NamedTuple", PYTHON_TRAIT_DATA},   {"TypedDict", PYTHON_TRAIT_DATA},
		{"Protocol", PYTHON_TRAIT_PROTOCOL}, {"ABC", PYTHON_TRAIT_ABC},
		{"ABCMeta", PYTHON_TRAIT_ABC},       {NULL, 0},
	};
	size_t size;
	const char *part = last_part(text, &size);

	return look_up(names, part, size);
}
