/* runtime/containers/container.c — see container.h. */
#include "runtime/containers/container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "runtime/containers/engine.h"
#include "runtime/containers/image.h"
#include "runtime/executors/executor.h"
#include "runtime/settings/settings.h"

#define DESCRIPTION_CAP (4u << 20)
#define PATH_CAP        512 /* bytes of a path in the API */
#define LAST_WORDS      2000 /* bytes of what a container printed that are repeated */
#define KNOCK_MS        10 /* between two looks at whether it answers */
#define LOOK_MS         500 /* between two looks at whether it still runs */
#define REMOVE_MS       10000 /* that the engine gets to remove one */

/* ---- files on the host ----------------------------------------------------------- */

static int make_files(struct container *container, const struct snafu_executor_options *options,
                      const char *tenant, struct snafu_error *error)
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
	container->settings = snafu_path_join(folder, "snafu.ini");
	if (!container->settings)
		return snafu_fail(error, -ENOMEM, "no memory");
	return container_write_settings(container->settings, options, tenant, error);
}

/* Only what we know to be there, so that no mistake can remove more. */
static void remove_files(const char *folder)
{
	char *path = snafu_path_join(folder, "snafu.ini");

	if (path)
		unlink(path);
	free(path);
	rmdir(folder);
}

/* ---- its socket -------------------------------------------------------------------- */

/* PATH in the container whose first process is PID: no link leads out of there. */
static int open_inside(long pid, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
	                       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	char root[32];

	snprintf(root, sizeof root, "/proc/%ld/root", pid);
	int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	long file = syscall(SYS_openat2, folder, path, &how, sizeof how);
	int code = file < 0 ? -errno : (int)file;
	close(folder);
	return code;
}

/* Holds on to the socket's file, which cannot be exchanged for another from then on. */
static int hold_socket(struct container *container, long pid)
{
	struct stat status;
	int file = open_inside(pid, CONTAINER_FOLDER "/" CONTAINER_SOCKET);

	if (file < 0)
		return file;
	if (fstat(file, &status) || !S_ISSOCK(status.st_mode)) {
		close(file);
		return -ENOTSOCK;
	}
	container->socket = file;
	snprintf(container->address, sizeof container->address, "/proc/self/fd/%d", file);
	return 0;
}

static void let_socket_go(struct container *container)
{
	if (container->socket >= 0)
		close(container->socket);
	container->socket = -1;
}

static int connect_to(const struct container *container)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	/* It may be hung: a full backlog must not hang us, too. */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof name.sun_path, "%s", container->address);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- its life --------------------------------------------------------------------- */

static int create(const struct container *container, const struct snafu_executor_options *options,
                  const char *tenant, struct snafu_error *error)
{
	const char *wanted = options->settings->container_image;
	const char *image = *wanted ? wanted : IMAGE_NAME ":" IMAGE_TAG;
	struct snafu_buffer text = SNAFU_BUFFER(DESCRIPTION_CAP), path = SNAFU_BUFFER(PATH_CAP);
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP);

	int code = *wanted ? 0 : image_make(container->engine, error);
	if (!code)
		code = container_describe(container, options, image, tenant, &text, error);
	snafu_buffer_format(&path, "/containers/create?name=%s", container->name);
	if (!code)
		code = engine_do(container->engine,
		                 &(struct engine_request){.method = "POST",
		                                          .path = path.data ? path.data : "",
		                                          .body = text.data,
		                                          .size = text.size},
		                 "create a container", &body, error);
	snafu_buffer_done(&text);
	snafu_buffer_done(&path);
	snafu_buffer_done(&body);
	return code;
}

/* One request about this container, without a body: the status, or a negative errno. */
static int tell(const struct container *container, const struct engine_request *request,
                const char *what, struct snafu_buffer *body, struct snafu_error *error)
{
	struct snafu_buffer path = SNAFU_BUFFER(PATH_CAP);
	struct engine_request whole = *request;

	snafu_buffer_format(&path, "/containers/%s%s", container->name, request->path);
	whole.path = path.data ? path.data : "";
	int code = engine_ask(container->engine, &whole, what, body, error);
	snafu_buffer_done(&path);
	return code;
}

/* The end of what it printed: the log comes in frames of 8 bytes and text. */
static void last_words(const struct container *container, struct snafu_buffer *words)
{
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP);
	struct snafu_error error;

	if (tell(container,
	         &(struct engine_request){.method = "GET", .path = "/logs?stdout=1&stderr=1&tail=10"},
	         "read the log", &body, &error) == 200)
		for (size_t at = 0; at + 8 <= body.size;) {
			const unsigned char *head = (const unsigned char *)body.data + at;
			size_t size =
				(size_t)head[4] << 24 | (size_t)head[5] << 16 | (size_t)head[6] << 8 | head[7];

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

static enum container_state read_state(const struct container *container,
                                       const struct snafu_buffer *body, struct snafu_buffer *words,
                                       long *ret_pid)
{
	struct snafu_json_value state, value;
	int64_t pid;

	if (engine_member(body->data, body->size, "State", &state) ||
	    engine_member(state.text, state.size, "Running", &value))
		return CONTAINER_UNKNOWN;
	if (value.type == SNAFU_JSON_TRUE) {
		if (ret_pid && engine_member(state.text, state.size, "Pid", &value) == 0 &&
		    value.type == SNAFU_JSON_INTEGER && snafu_json_int64(&value, &pid) == 0 && pid > 0)
			*ret_pid = (long)pid;
		return CONTAINER_RUNS;
	}
	if (engine_member(state.text, state.size, "OOMKilled", &value) == 0 &&
	    value.type == SNAFU_JSON_TRUE)
		snafu_buffer_append_text(words, "it needed more than its memory ([container] memory)");
	else
		last_words(container, words);
	return CONTAINER_ENDED;
}

enum container_state container_look(const struct container *container, struct snafu_buffer *words,
                                    long *ret_pid)
{
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP);
	enum container_state state = CONTAINER_UNKNOWN;
	struct snafu_error error;

	int status = tell(container, &(struct engine_request){.method = "GET", .path = "/json"},
	                  "look at a container", &body, &error);
	if (status == 404) {
		snafu_buffer_append_text(words, "somebody has removed it");
		state = CONTAINER_ENDED;
	} else if (status == 200 && body.data) {
		state = read_state(container, &body, words, ret_pid);
	} else if (status < 0) {
		snafu_buffer_append_text(words, error.message);
	}
	snafu_buffer_done(&body);
	return state;
}

/* Whether Snafu in it answers GET /healthz. */
bool container_answers(const struct container *container)
{
	static const char request[] =
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char reply[16] = "";
	int fd = connect_to(container);

	if (fd < 0)
		return false;
	struct pollfd file = {.fd = fd, .events = POLLIN};
	bool good = send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1 &&
	            poll(&file, 1, LOOK_MS) == 1 && recv(fd, reply, sizeof reply - 1, 0) >= 12 &&
	            strncmp(reply, "HTTP/1.1 200", 12) == 0;
	close(fd);
	return good;
}

/* The socket is there, and Snafu has begun to listen. */
static bool can_be_reached(struct container *container, long pid)
{
	if (hold_socket(container, pid))
		return false;
	if (container_answers(container))
		return true;
	let_socket_go(container);
	return false;
}

static int find_pid(const struct container *container, long *ret_pid, struct snafu_error *error)
{
	struct snafu_buffer words = SNAFU_BUFFER(LAST_WORDS);
	long pid = 0;
	int code = 0;

	switch (container_look(container, &words, &pid)) {
	case CONTAINER_RUNS: break;
	case CONTAINER_ENDED:
		code = snafu_fail(error, -ECHILD, "the container has ended at once: %s",
		                  words.size ? words.data : "it printed nothing");
		break;
	case CONTAINER_UNKNOWN:
		code = snafu_fail(error, -ECONNREFUSED, "the container was lost: %s",
		                  words.size ? words.data : "the engine does not say whether it runs");
		break;
	}
	snafu_buffer_done(&words);
	if (code)
		return code;
	int folder = pid ? open_inside(pid, "/") : -ESRCH;
	if (folder == -EACCES || folder == -EPERM || folder == -ENOSYS)
		return snafu_fail_errno(error, folder,
		                        "cannot look into a container (/proc/%ld/root): Snafu and the "
		                        "engine must run on the same machine, without a container round "
		                        "Snafu",
		                        pid);
	if (folder >= 0)
		close(folder);
	*ret_pid = pid;
	return 0;
}

static int wait_until_it_answers(struct container *container, const atomic_bool *stop,
                                 struct snafu_error *error)
{
	uint64_t end = snafu_now_ms() + CONTAINER_START_MS, look = 0;
	long pid = 0;

	for (;;) {
		uint64_t now = snafu_now_ms();
		int code = 0;

		if (atomic_load(stop))
			code = snafu_fail(error, -ECANCELED, "the host is stopping");
		else if (now > end)
			code = snafu_fail(error, -EPROTO, "the container did not answer within %d s",
			                  CONTAINER_START_MS / 1000);
		else if (now >= look)
			code = find_pid(container, &pid, error);
		if (now >= look)
			look = now + LOOK_MS;
		if (code)
			return code;
		if (pid && can_be_reached(container, pid))
			return 0;
		poll(NULL, 0, KNOCK_MS);
	}
}

static int begin(const struct container *container, struct snafu_error *error)
{
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP), path = SNAFU_BUFFER(PATH_CAP);

	snafu_buffer_format(&path, "/containers/%s/start", container->name);
	int code =
		engine_do(container->engine,
	              &(struct engine_request){.method = "POST", .path = path.data ? path.data : ""},
	              "start a container", &body, error);
	snafu_buffer_done(&path);
	snafu_buffer_done(&body);
	return code;
}

int container_start(const struct engine *engine, const struct snafu_executor_options *options,
                    const char *tenant, const atomic_bool *stop, struct container *ret_container,
                    struct snafu_error *error)
{
	struct container container = {.engine = engine, .socket = -1};

	int code = make_files(&container, options, tenant, error);
	if (!code && !(container.name = strdup(snafu_path_base(container.folder))))
		code = snafu_fail(error, -ENOMEM, "no memory");
	if (!code)
		code = create(&container, options, tenant, error);
	if (!code)
		code = begin(&container, error);
	if (!code)
		code = wait_until_it_answers(&container, stop, error);
	if (!code)
		*ret_container = container;
	else if (container_remove(&container))
		container_forget(&container); /* by its label somebody finds it */
	return code;
}

void container_forget(struct container *container)
{
	if (container->folder)
		remove_files(container->folder);
	free(container->name);
	free(container->folder);
	free(container->settings);
	let_socket_go(container);
	*container = (struct container){.engine = container->engine, .socket = -1};
}

int container_end(const struct container *container)
{
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP);
	const struct engine_request request = {
		.method = "DELETE",
		.path = "?force=1&v=1",
		.patience_ms = REMOVE_MS,
		.last = true,
	};
	struct snafu_error error;

	int status =
		container->name ? tell(container, &request, "remove a container", &body, &error) : 404;
	snafu_buffer_done(&body);
	/* 404: it was not there; 409: somebody is removing it. */
	if (status < 0 || (status >= 300 && status != 404 && status != 409))
		return status < 0 ? status : -EPROTO;
	if (container->folder)
		remove_files(container->folder);
	return 0;
}

int container_remove(struct container *container)
{
	int code = container_end(container);

	if (!code)
		container_forget(container);
	return code;
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

/* 1: it was one; 0: it was none, or stays; a negative errno: the engine is away. */
static int remove_orphan(const struct engine *engine, const struct snafu_json_value *entry)
{
	struct snafu_json_value labels;
	int code = 0;

	if (engine_member(entry->text, entry->size, "Labels", &labels))
		return 0;
	char *id = text_of(entry, "Id"), *owner = text_of(&labels, CONTAINER_LABEL);
	char *folder = text_of(&labels, "snafu.folder");
	if (id && owner && container_owner_is_gone(owner)) {
		struct container container = {.engine = engine, .name = id, .socket = -1};

		if (folder && is_our_folder(folder)) {
			container.folder = folder;
			folder = NULL;
		}
		code = container_remove(&container);
		if (code)
			container_forget(&container);
		id = NULL;
		if (!engine_is_away(code))
			code = code == 0; /* what the engine cannot remove keeps nobody from starting */
	}
	free(id);
	free(owner);
	free(folder);
	return code;
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
			while (code >= 0 && snafu_json_next_element(&reader, &value, NULL) > 0 &&
			       snafu_json_skip(&reader, &value, NULL) == 0) {
				code = remove_orphan(engine, &value);
				count += code > 0;
			}
		if (code < 0)
			snafu_fail_errno(error, code, "cannot remove a container that a host has left");
	}
	snafu_buffer_done(&body);
	snafu_buffer_done(&path);
	return code < 0 ? code : count;
}
