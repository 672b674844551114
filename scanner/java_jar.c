/* scanner/java_jar.c — see java_class.h: the classes in a jar, through libzip, from
 * memory. What an entry says of its size is not believed: reading stops at caps of
 * its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "base/file.h"
#include "scanner/java_class.h"

#define READ_SIZE 65536 /* bytes unpacked at once */

struct jar {
	struct snafu_java_unit *unit;
	const char *path;
	zip_t *zip;
	char *bytes; /* of the class being read; SNAFU_JAR_CLASS_CAP + 1 at most */
	size_t capacity, total;
};

/* Base version only (JEP 238): META-INF/versions holds what other releases of Java
 * see in its place. */
static bool is_wanted(const char *name)
{
	const char *base = snafu_path_base(name);

	return snafu_path_has_suffix(name, ".class") && strncmp(name, "META-INF/", 9) != 0 &&
	       strcmp(base, "module-info.class") != 0 && strcmp(base, "package-info.class") != 0;
}

static void diagnose(struct jar *jar, const char *entry, const char *problem)
{
	snafu_functions_diagnose(jar->unit->functions, SNAFU_WARNING, jar->path, 0, "%s: %s", entry,
	                         problem);
}

/* Room for SIZE bytes. */
static bool make_room(struct jar *jar, size_t size)
{
	char *bigger;

	if (size <= jar->capacity)
		return true;
	bigger = realloc(jar->bytes, size);
	if (!bigger) {
		jar->unit->out_of_memory = true;
		return false;
	}
	jar->bytes = bigger;
	jar->capacity = size;
	return true;
}

/* All bytes of the entry; NULL or what is wrong. */
static const char *unpack(struct jar *jar, zip_uint64_t index, size_t *ret_size)
{
	zip_file_t *file = zip_fopen_index(jar->zip, index, 0);
	const char *problem = NULL;
	size_t size = 0;

	if (!file)
		return "it cannot be unpacked";
	for (;;) {
		if (size > SNAFU_JAR_CLASS_CAP) {
			problem = "a class of this size is not read";
			break;
		}
		if (jar->total + size > SNAFU_JAR_TOTAL_CAP) {
			problem = "the jar holds more than is read of one jar; the rest is left out";
			break;
		}
		if (!make_room(jar, size + READ_SIZE)) {
			problem = "out of memory";
			break;
		}
		zip_int64_t got = zip_fread(file, jar->bytes + size, READ_SIZE);
		if (got < 0) {
			problem = "it is damaged";
			break;
		}
		if (got == 0)
			break;
		size += (size_t)got;
	}
	zip_fclose(file);
	jar->total += size;
	*ret_size = size;
	return problem;
}

static const char *entry_path(struct jar *jar, const char *entry)
{
	struct snafu_java_unit *unit = jar->unit;
	size_t path_size = strlen(jar->path), entry_size = strlen(entry);
	char *joined = snafu_java_unit_alloc(unit, path_size + entry_size + 3);

	if (!joined)
		return "";
	memcpy(joined, jar->path, path_size);
	memcpy(joined + path_size, "!/", 2);
	memcpy(joined + path_size + 2, entry, entry_size);
	unit->budget += path_size + entry_size + 20;
	return joined;
}

static void read_entry(struct jar *jar, zip_uint64_t index)
{
	const char *name = zip_get_name(jar->zip, index, ZIP_FL_ENC_GUESS), *problem;
	size_t size = 0;

	if (!name || !is_wanted(name))
		return;
	problem = unpack(jar, index, &size);
	if (!problem)
		problem = snafu_java_class_read(jar->unit, jar->bytes, size, entry_path(jar, name));
	if (problem)
		diagnose(jar, name, problem);
}

static void read_entries(struct jar *jar)
{
	zip_int64_t count = zip_get_num_entries(jar->zip, 0);

	for (zip_int64_t i = 0; i < count; i++) {
		if (i == SNAFU_JAR_ENTRIES_CAP)
			diagnose(jar, "entries", "the jar has more than are read; the rest is left out");
		if (i == SNAFU_JAR_ENTRIES_CAP || jar->total > SNAFU_JAR_TOTAL_CAP ||
		    jar->unit->out_of_memory || jar->unit->over_budget)
			break;
		read_entry(jar, (zip_uint64_t)i);
	}
}

int snafu_java_jar_read(struct snafu_java_unit *unit, const char *bytes, size_t size,
                        const char *path)
{
	struct jar jar = {.unit = unit, .path = path};
	zip_error_t error;
	zip_source_t *source;

	zip_error_init(&error);
	source = zip_source_buffer_create(bytes, size, 0, &error);
	if (source) {
		jar.zip = zip_open_from_source(source, ZIP_RDONLY, &error);
		if (!jar.zip)
			zip_source_free(source);
	}
	if (jar.zip) {
		read_entries(&jar);
		zip_discard(jar.zip);
	} else {
		snafu_functions_diagnose(unit->functions, SNAFU_ERROR, path, 0, "not a usable jar: %s",
		                         zip_error_strerror(&error));
	}
	zip_error_fini(&error);
	free(jar.bytes);
	return unit->out_of_memory ? -ENOMEM : 0;
}
