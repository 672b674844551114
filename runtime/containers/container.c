/* runtime/containers/container.c — see container.h. */
#include "runtime/containers/container.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "runtime/containers/engine.h"
#include "runtime/containers/image.h"
#include "runtime/executors/executor.h"
#include "runtime/settings.h"

#define DESCRIPTION_CAP (4u << 20)
#define PATH_CAP        256 /* bytes of a path in the API */
#define LAST_WORDS      2000 /* bytes of what a container printed that are repeated */
#define KNOCK_MS        10 /* between two looks at whether it answers */
#define LOOK_MS         500 /* between two looks at whether it still runs */

/* ---- files on the host ----------------------------------------------------------- */

/* The settings that hold for calls here hold there, too. */
static int write_settings(const char *path, const struct snafu_settings *settings,
                          struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(1u << 20);

	for (const struct snafu_setting *at = snafu_setting_table; at->name; at++) {
		if (at->unit == SNAFU_UNIT_TEXT || !at->narrowable)
			continue;
		snafu_buffer_format(&text, "[%s]\n%s = ", at->section, at->name);
		snafu_setting_write(at, *(const uint64_t *)((const char *)settings + at->offset), &text);
		snafu_buffer_append_byte(&text, '\n');
	}
	int code = snafu_buffer_failed(&text);
	code = code ? snafu_fail_errno(error, code, "cannot write %s", path)
	            : snafu_file_write(path, text.data, text.size, error);
	snafu_buffer_done(&text);
	return code;
}

static int make_files(struct container *container, const struct snafu_settings *settings,
                      struct snafu_error *error)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *folder;

	if (asprintf(&folder, "%s/snafu-container-XXXXXX",
	             runtime && *runtime == '/' && access(runtime, W_OK) == 0 ? runtime : "/tmp") < 0)
		return snafu_fail(error, -ENOMEM, "no memory");
	if (!mkdtemp(folder)) {
		int code = snafu_fail_errno(error, -errno, "cannot make the folder %s", folder);

		free(folder);
		return code;
	}
	container->folder = folder;
	container->inside = snafu_path_join(folder, "inside");
	container->settings = snafu_path_join(folder, "snafu.ini");
	container->socket =
		container->inside ? snafu_path_join(container->inside, CONTAINER_SOCKET) : NULL;
	if (!container->socket || !container->settings)
		return snafu_fail(error, -ENOMEM, "no memory");
	if (mkdir(container->inside, 0700))
		return snafu_fail_errno(error, -errno, "cannot make the folder %s", container->inside);
	return write_settings(container->settings, settings, error);
}

/* Only what we know to be there, so that no mistake can remove more. What a function has
 * made beside the socket stays. */
static void remove_files(const char *folder)
{
	static const char *const names[] = {"inside/" CONTAINER_SOCKET, "snafu.ini"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = snafu_path_join(folder, names[i]);

		if (path)
			unlink(path);
		free(path);
	}
	char *inside = snafu_path_join(folder, "inside");
	if (inside)
		rmdir(inside);
	free(inside);
	rmdir(folder);
}

int container_connect(const struct container *container)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct stat status;

	/* By its file, which cannot be exchanged for a link meanwhile. */
	int file = open(container->socket, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return -errno;
	if (fstat(file, &status) || !S_ISSOCK(status.st_mode)) {
		close(file);
		return -ENOTSOCK;
	}
	snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d", file);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int code = fd < 0 ? -errno : 0;
	if (!code && connect(fd, (const struct sockaddr *)&name, sizeof name)) {
		code = -errno;
		close(fd);
	}
	close(file);
	return code ? code : fd;
}

/* ---- its life --------------------------------------------------------------------- */

static int create(struct container *container, const struct snafu_executor_options *options,
                  const char *tenant, struct snafu_error *error)
{
	const char *wanted = options->settings->container_image;
	const char *image = *wanted ? wanted : IMAGE_NAME ":" IMAGE_TAG;
	struct snafu_buffer text = SNAFU_BUFFER(DESCRIPTION_CAP), body = SNAFU_BUFFER(ENGINE_REPLY_CAP);
	struct snafu_json_value id;

	int code = *wanted ? 0 : image_make(container->engine, error);
	if (!code)
		code = container_describe(container, options, image, tenant, &text, error);
	if (!code)
		code = engine_do(container->engine,
		                 &(struct engine_request){.method = "POST",
		                                          .path = "/containers/create",
		                                          .body = text.data,
		                                          .size = text.size},
		                 "create a container", &body, error);
	if (!code && (engine_member(body.data, body.size, "Id", &id) || id.type != SNAFU_JSON_STRING))
		code = snafu_fail(error, -EPROTO, "the container engine gave the container no Id");
	if (!code) {
		container->id = strndup(id.text, id.size);
		code = container->id ? 0 : snafu_fail(error, -ENOMEM, "no memory");
	}
	snafu_buffer_done(&text);
	snafu_buffer_done(&body);
	return code;
}

/* One request about this container, without a body. */
static int tell(const struct container *container, const char *method, const char *format,
                const char *what, struct snafu_buffer *body, struct snafu_error *error)
{
	struct snafu_buffer path = SNAFU_BUFFER(PATH_CAP);

	snafu_buffer_format(&path, "/containers/%s%s", container->id, format);
	int code = engine_do(container->engine,
	                     &(struct engine_request){.method = method, .path = path.data}, what, body,
	                     error);
	snafu_buffer_done(&path);
	return code;
}

/* The end of what it printed: the log comes in frames of 8 bytes and text. */
static void last_words(const struct container *container, struct snafu_buffer *words)
{
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP);
	struct snafu_error error;

	if (tell(container, "GET", "/logs?stdout=1&stderr=1&tail=10", "read the log", &body, &error) ==
	    0)
		for (size_t at = 0; at + 8 <= body.size;) {
			const unsigned char *head = (const unsigned char *)body.data + at;
			size_t size = (size_t)head[4] << 24 | (size_t)head[5] << 16 | (size_t)head[6] << 8 | head[7];

			at += 8;
			if (size > body.size - at)
				size = body.size - at;
			if (words->size + size < LAST_WORDS)
				snafu_buffer_append(words, body.data + at, size);
			at += size;
		}
	while (words->size && words->data[words->size - 1] == '\n')
		words->data[--words->size] = '\0';
	snafu_buffer_done(&body);
}

bool container_runs(const struct container *container, struct snafu_buffer *words)
{
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP);
	struct snafu_json_value state, running, killed;
	struct snafu_error error;
	bool runs = false;

	if (tell(container, "GET", "/json", "look at a container", &body, &error)) {
		snafu_buffer_append_text(words, error.message);
	} else if (engine_member(body.data, body.size, "State", &state) == 0 &&
	           engine_member(state.text, state.size, "Running", &running) == 0) {
		runs = running.type == SNAFU_JSON_TRUE;
		if (!runs && engine_member(state.text, state.size, "OOMKilled", &killed) == 0 &&
		    killed.type == SNAFU_JSON_TRUE)
			snafu_buffer_append_text(words, "it needed more than its memory ([limits] memory)");
		else if (!runs)
			last_words(container, words);
	}
	snafu_buffer_done(&body);
	return runs;
}

/* Whether Snafu in it answers GET /healthz. */
static bool answers(const struct container *container)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char reply[16] = "";
	int fd = container_connect(container);

	if (fd < 0)
		return false;
	struct pollfd file = {.fd = fd, .events = POLLIN};
	bool good = send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1 &&
	            poll(&file, 1, LOOK_MS) == 1 && recv(fd, reply, sizeof reply - 1, 0) >= 12 &&
	            strncmp(reply, "HTTP/1.1 200", 12) == 0;
	close(fd);
	return good;
}

static int wait_until_it_answers(const struct container *container, const atomic_bool *stop,
                                 struct snafu_error *error)
{
	uint64_t end = snafu_now_ms() + CONTAINER_START_MS, look = snafu_now_ms() + LOOK_MS;
	struct snafu_buffer words = SNAFU_BUFFER(LAST_WORDS);
	int code = 0;

	while (!code && !answers(container)) {
		uint64_t now = snafu_now_ms();

		if (atomic_load(stop))
			code = snafu_fail(error, -ECANCELED, "the host is stopping");
		else if (now > end)
			code = snafu_fail(error, -ETIMEDOUT, "the container did not answer within %d s",
			                  CONTAINER_START_MS / 1000);
		else if (now > look && !container_runs(container, &words))
			code = snafu_fail(error, -ECHILD, "the container has ended at once: %s",
			                  words.size ? words.data : "it printed nothing");
		else
			poll(NULL, 0, KNOCK_MS);
		if (now > look)
			look = now + LOOK_MS;
	}
	snafu_buffer_done(&words);
	return code;
}

int container_start(const struct engine *engine, const struct snafu_executor_options *options,
                    const char *tenant, const atomic_bool *stop, struct container *ret_container,
                    struct snafu_error *error)
{
	struct container container = {.engine = engine};
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP);

	int code = make_files(&container, options->settings, error);
	if (!code)
		code = create(&container, options, tenant, error);
	if (!code)
		code = tell(&container, "POST", "/start", "start a container", &body, error);
	if (!code)
		code = wait_until_it_answers(&container, stop, error);
	if (code)
		container_remove(&container);
	else
		*ret_container = container;
	snafu_buffer_done(&body);
	return code;
}

void container_remove(struct container *container)
{
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP);
	struct snafu_error error;

	if (container->id)
		tell(container, "DELETE", "?force=1&v=1", "remove a container", &body, &error);
	if (container->folder)
		remove_files(container->folder);
	snafu_buffer_done(&body);
	free(container->id);
	free(container->folder);
	free(container->inside);
	free(container->socket);
	free(container->settings);
	*container = (struct container){.engine = container->engine};
}

/* ---- what others have left -------------------------------------------------------- */

static char *text_of(const struct snafu_json_value *object, const char *name)
{
	struct snafu_json_value value;
	struct snafu_buffer text = SNAFU_BUFFER(4096);

	if (engine_member(object->text, object->size, name, &value) || value.type != SNAFU_JSON_STRING)
		return NULL;
	snafu_json_unescape(&value, &text);
	return snafu_buffer_take(&text);
}

/* A label is what somebody wrote: only such a folder as make_files() makes is taken away. */
static bool is_our_folder(const char *folder)
{
	struct stat status;

	return strstr(folder, "/snafu-container-") && !strstr(folder, "..") &&
	       lstat(folder, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

static bool remove_orphan(const struct engine *engine, const struct snafu_json_value *entry)
{
	struct snafu_json_value labels;
	bool gone = false;

	if (engine_member(entry->text, entry->size, "Labels", &labels))
		return false;
	char *id = text_of(entry, "Id"), *owner = text_of(&labels, CONTAINER_LABEL);
	char *folder = text_of(&labels, "snafu.folder");
	if (id && owner && container_owner_is_gone(owner)) {
		struct container container = {.engine = engine, .id = id};

		if (folder && is_our_folder(folder)) {
			container.folder = folder;
			folder = NULL;
		}
		container_remove(&container);
		id = NULL;
		gone = true;
	}
	free(id);
	free(owner);
	free(folder);
	return gone;
}

int container_clean_up(const struct engine *engine, struct snafu_error *error)
{
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP), path = SNAFU_BUFFER(PATH_CAP);
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	int count = 0;

	snafu_buffer_append_text(&path, "/containers/json?all=1&filters=");
	engine_escape("{\"label\":[\"" CONTAINER_LABEL "\"]}", &path);
	int code = engine_do(engine, &(struct engine_request){.method = "GET", .path = path.data},
	                     "list containers", &body, error);
	if (!code) {
		snafu_json_begin(&reader, body.data, body.size);
		if (snafu_json_read(&reader, &value, NULL) == 0 && value.type == SNAFU_JSON_ARRAY)
			while (snafu_json_next_element(&reader, &value, NULL) > 0 &&
			       snafu_json_skip(&reader, &value, NULL) == 0)
				count += remove_orphan(engine, &value);
	}
	snafu_buffer_done(&body);
	snafu_buffer_done(&path);
	return code ? code : count;
}
