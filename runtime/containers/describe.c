/* runtime/containers/describe.c — a container as the engine's API wants it described. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parts.h"
#include "langs/language.h"
#include "runtime/containers/container.h"
#include "runtime/containers/engine.h"
#include "runtime/containers/image.h"
#include "runtime/executors/executor.h"
#include "runtime/settings/function_config.h"
#include "runtime/host_state.h"
#include "runtime/settings/book.h"

#define MOUNTS_CAP    128
#define OWN_FILES     128 /* descriptors of Snafu itself, where functions run in its process */
#define TEMPORARY     "rw,exec,nosuid,nodev,mode=1777,size=" /* C functions are loaded from there */
#define TEMPORARY_CAP (256u << 20) /* bytes */

struct mounts {
	char *sources[MOUNTS_CAP]; /* read-only, at the same path */
	size_t count;
	struct snafu_error *error;
	int code;
};

static bool is_inside(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* Takes PATH, absolute and without links, or NULL. */
static void add_mount(struct mounts *mounts, char *path)
{
	bool known = path && is_inside(path, "/usr");

	for (size_t i = 0; path && i < mounts->count; i++)
		known = known || is_inside(path, mounts->sources[i]);
	if (!path || known) {
		free(path);
	} else if (mounts->count == MOUNTS_CAP) {
		free(path);
		mounts->code =
			snafu_fail(mounts->error, -E2BIG,
		               "a container can be given %d files and folders: name folders", MOUNTS_CAP);
	} else {
		mounts->sources[mounts->count++] = path;
	}
}

static void add_pattern(struct mounts *mounts, const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			add_mount(mounts, strdup(found.gl_pathv[i]));
	globfree(&found);
}

/* Folders that hold more than what belongs to one program. */
static bool is_common(const char *folder)
{
	static const char *const common[] = {"/",      "/boot", "/dev", "/dev/shm", "/etc",    "/home",
	                                     "/media", "/mnt",  "/opt", "/proc",    "/root",   "/run",
	                                     "/srv",   "/sys",  "/tmp", "/var",     "/var/tmp"};
	const char *home = getenv("HOME");

	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (strcmp(folder, common[i]) == 0)
			return true;
	if (strncmp(folder, "/home/", 6) == 0 && !strchr(folder + 6, '/'))
		return true;
	return home && strcmp(folder, home) == 0;
}

/* A file comes with its folder, since it may import or include what is beside it; but not
 * with everything that a person or the machine has. */
static void add_source(struct mounts *mounts, const char *source)
{
	char *path = realpath(source, NULL), *folder = path ? snafu_path_folder(path) : NULL;
	char *config = path ? snafu_function_config_path(path) : NULL;
	struct stat status;

	bool is_folder = path && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
	if (path && !is_folder && folder && !is_common(folder)) {
		add_mount(mounts, folder);
		free(path);
	} else {
		add_mount(mounts, path);
		free(folder);
		if (config)
			add_mount(mounts, realpath(config, NULL));
	}
	free(config);
}

/* The program that is to run there: snafu, beside the one that runs here. */
static char *program(void)
{
	char *own = realpath("/proc/self/exe", NULL), *folder = own ? snafu_path_folder(own) : NULL;
	char *path = folder ? snafu_path_join(folder, "snafu") : NULL;

	free(own);
	free(folder);
	return path;
}

static void add_parts(struct mounts *mounts)
{
	const char *listed = getenv("SNAFU_PARTS");
	char *part = NULL;

	add_mount(mounts, program());
	if (snafu_part_find("connector-web.so", &part, NULL) == 0) {
		char *path = realpath(part, NULL);

		add_mount(mounts, path ? snafu_path_folder(path) : NULL);
		free(path);
	}
	free(part);
	while (listed && *listed) {
		const char *colon = strchrnul(listed, ':');
		char *folder = strndup(listed, (size_t)(colon - listed));

		if (folder && *folder)
			add_mount(mounts, realpath(folder, NULL));
		free(folder);
		listed = *colon ? colon + 1 : colon;
	}
}

static void gather_mounts(const struct snafu_executor_options *options, bool own_image,
                          struct mounts *mounts)
{
	const struct snafu_language_options *language = options->language_options;

	if (!own_image) {
		add_parts(mounts);
		add_pattern(mounts, "/etc/alternatives");
		add_pattern(mounts, "/etc/java-*");
		add_pattern(mounts, "/etc/ld.so.cache");
		add_pattern(mounts, "/etc/localtime");
	}
	for (size_t i = 0; i < language->n_paths; i++)
		add_source(mounts, language->paths[i]);
	for (size_t i = 0; i < language->n_include_paths; i++)
		add_mount(mounts, realpath(language->include_paths[i], NULL));
}

static void add_directory(struct mounts *mounts, const char *directory)
{
	if (*directory)
		add_mount(mounts, realpath(directory, NULL));
}

/* Where functions work. */
static void add_directories(const struct snafu_settings_book *book, const char *tenant,
                            struct mounts *mounts)
{
	add_directory(mounts, book->instance.values.directory);
	for (size_t i = 0; i < book->count; i++) {
		const struct snafu_book_section *section = book->sections[i];

		if (!section->tenant || strcmp(section->name, tenant) == 0)
			add_directory(mounts, section->layer.values.directory);
	}
}

/* Whoever reaches the engine can do anything on the machine, and a read-only mount does not
 * keep anybody from a socket. */
static void keep_engine_out(struct mounts *mounts, const struct engine *engine)
{
	char *socket = realpath(engine->path, NULL);

	for (size_t i = 0; socket && i < mounts->count; i++)
		if (is_inside(socket, mounts->sources[i]))
			mounts->code = snafu_fail(mounts->error, -EPERM,
			                          "functions in containers would reach the container engine: "
			                          "its socket %s is in %s, which they are given",
			                          socket, mounts->sources[i]);
	free(socket);
}

/* ---- JSON ---------------------------------------------------------------------- */

static void write_key(const char *key, struct snafu_buffer *into)
{
	if (into->size && !strchr("{[", into->data[into->size - 1]))
		snafu_buffer_append_byte(into, ',');
	snafu_json_write_text(into, key);
	snafu_buffer_append_byte(into, ':');
}

static void write_item(const char *text, struct snafu_buffer *into)
{
	if (into->size && into->data[into->size - 1] != '[')
		snafu_buffer_append_byte(into, ',');
	snafu_json_write_text(into, text);
}

static void write_mount(const char *source, const char *target, struct snafu_buffer *into)
{
	if (into->data[into->size - 1] != '[')
		snafu_buffer_append_byte(into, ',');
	snafu_buffer_append_text(into, "{\"Type\":\"bind\",\"Source\":");
	snafu_json_write_text(into, source);
	write_key("Target", into);
	snafu_json_write_text(into, target);
	snafu_buffer_append_text(into, ",\"ReadOnly\":true}");
}

static void write_ulimit(const char *name, uint64_t most, struct snafu_buffer *into)
{
	if (into->data[into->size - 1] != '[')
		snafu_buffer_append_byte(into, ',');
	snafu_buffer_format(into, "{\"Name\":\"%s\",\"Soft\":%llu,\"Hard\":%llu}", name,
	                    (unsigned long long)most, (unsigned long long)most);
}

static void write_host(const struct container *container, const struct snafu_settings *settings,
                       const struct mounts *mounts, bool own_image, struct snafu_buffer *into)
{
	write_key("HostConfig", into);
	snafu_buffer_append_text(into, "{\"NetworkMode\":\"none\",\"ReadonlyRootfs\":true,"
	                               "\"CapDrop\":[\"ALL\"],\"SecurityOpt\":[\"no-new-privileges\"],"
	                               "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":"
	                               "{\"max-size\":\"1m\",\"max-file\":\"1\"}},"
	                               "\"Init\":false,\"RestartPolicy\":{\"Name\":\"no\"}");
	if (settings->container_memory)
		snafu_buffer_format(into, ",\"Memory\":%llu,\"MemorySwap\":%llu",
		                    (unsigned long long)settings->container_memory,
		                    (unsigned long long)settings->container_memory);
	snafu_buffer_format(into, ",\"PidsLimit\":%llu",
	                    (unsigned long long)settings->container_processes);
	snafu_buffer_format(into, ",\"Tmpfs\":{\"/tmp\":\"" TEMPORARY "%u\"", TEMPORARY_CAP);
	snafu_buffer_format(into,
	                    ",\"" CONTAINER_FOLDER "\":\"rw,noexec,nosuid,nodev,mode=0700,size=64k,"
	                    "nr_inodes=8,uid=%u,gid=%u\"}",
	                    (unsigned)geteuid(), (unsigned)getegid());
	write_key("Ulimits", into);
	snafu_buffer_append_byte(into, '[');
	write_ulimit("core", 0, into);
	/* Processes of functions have their own limit. */
	if (strcmp(settings->container_executor, "inprocess") == 0 ||
	    strcmp(settings->container_executor, "isolated") == 0)
		write_ulimit("nofile", settings->open_files + OWN_FILES, into);
	snafu_buffer_append_text(into, "],\"Mounts\":[");
	if (!own_image)
		write_mount("/usr", "/usr", into);
	for (size_t i = 0; i < mounts->count; i++)
		write_mount(mounts->sources[i], mounts->sources[i], into);
	write_mount(container->settings, CONTAINER_SETTINGS, into);
	snafu_buffer_append_text(into, "]}");
}

static void write_command(const struct snafu_executor_options *options, bool own_image,
                          struct snafu_buffer *into)
{
	const struct snafu_language_options *language = options->language_options;
	const char *const fixed[] = {
		"-q",
		"-C",
		"web",
		"-L",
		"unix:" CONTAINER_FOLDER "/" CONTAINER_SOCKET,
		"-s",
		CONTAINER_SETTINGS,
		"-e",
		options->settings->container_executor,
	};
	char *path = own_image ? NULL : program();

	write_key("Cmd", into);
	snafu_buffer_append_byte(into, '[');
	write_item(path ? path : "snafu", into);
	free(path);
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		write_item(fixed[i], into);
	for (size_t i = 0; i < language->n_include_paths; i++) {
		write_item("-I", into);
		path = realpath(language->include_paths[i], NULL);
		write_item(path ? path : language->include_paths[i], into);
		free(path);
	}
	for (size_t i = 0; i < language->n_defines; i++) {
		write_item("-D", into);
		write_item(language->defines[i], into);
	}
	if (options->host->options.convention) {
		write_item("-c", into);
		write_item(options->host->options.convention, into);
	}
	if (options->host->options.python2) {
		write_item("--python2", into);
		write_item(options->host->options.python2, into);
	}
	write_item("--", into);
	for (size_t i = 0; i < language->n_paths; i++) {
		path = realpath(language->paths[i], NULL);
		write_item(path ? path : language->paths[i], into);
		free(path);
	}
	snafu_buffer_append_byte(into, ']');
}

static void write_variable(const char *name, const char *value, struct snafu_buffer *into)
{
	struct snafu_buffer line = SNAFU_BUFFER(1u << 20);

	if (value && *value) {
		snafu_buffer_format(&line, "%s=%s", name, value);
		write_item(line.data ? line.data : "", into);
	}
	snafu_buffer_done(&line);
}

/* Not what functions are to see: the engine shows this to whoever asks; theirs is in the
 * settings. */
static void write_environment(struct snafu_buffer *into)
{
	write_key("Env", into);
	snafu_buffer_append_byte(into, '[');
	write_variable("PATH", "/usr/local/bin:/usr/bin:/bin", into);
	write_variable("HOME", "/tmp", into);
	write_variable("LANG", "C.UTF-8", into);
	write_variable("JAVA_HOME", getenv("JAVA_HOME"), into);
	write_variable("SNAFU_PARTS", getenv("SNAFU_PARTS"), into);
	snafu_buffer_append_byte(into, ']');
}

static void write_labels(const struct container *container, const char *tenant,
                         struct snafu_buffer *into)
{
	struct snafu_buffer owner = SNAFU_BUFFER(256);

	container_owner(&owner);
	write_key("Labels", into);
	snafu_buffer_append_byte(into, '{');
	write_key(CONTAINER_LABEL, into);
	snafu_json_write_text(into, owner.data ? owner.data : "");
	write_key("snafu.folder", into);
	snafu_json_write_text(into, container->folder);
	write_key("snafu.tenant", into);
	snafu_json_write_text(into, tenant);
	snafu_buffer_append_byte(into, '}');
	snafu_buffer_done(&owner);
}

int container_describe(const struct container *container,
                       const struct snafu_executor_options *options, const char *image,
                       const char *tenant, struct snafu_buffer *into, struct snafu_error *error)
{
	struct mounts mounts = {.error = error};
	bool own_image = strcmp(image, IMAGE_NAME ":" IMAGE_TAG) != 0;

	gather_mounts(options, own_image, &mounts);
	add_directories(snafu_host_book(options->host), tenant, &mounts);
	keep_engine_out(&mounts, container->engine);
	snafu_buffer_append_byte(into, '{');
	write_key("Image", into);
	snafu_json_write_text(into, image);
	snafu_buffer_format(into, ",\"User\":\"%u:%u\",\"WorkingDir\":\"/tmp\",\"Hostname\":\"snafu\"",
	                    (unsigned)geteuid(), (unsigned)getegid());
	write_command(options, own_image, into);
	write_environment(into);
	write_labels(container, tenant, into);
	write_host(container, options->settings, &mounts, own_image, into);
	snafu_buffer_append_byte(into, '}');
	for (size_t i = 0; i < mounts.count; i++)
		free(mounts.sources[i]);
	if (mounts.code)
		return mounts.code;
	return snafu_buffer_failed(into) ? snafu_fail(error, -E2BIG, "too much for a container") : 0;
}
