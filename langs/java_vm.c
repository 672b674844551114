/* langs/java_vm.c — starts the JVM, with its options. See java.h. */
#include "langs/java.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "langs/java_locale.h"

#define OPTIONS_CAP 64 /* options of the JVM, with those of the user */
#define LEAST_HEAP  (16u << 20) /* bytes, however little memory is given */

static int add_option(JavaVMInitArgs *args, char *option)
{
	if (!option || args->nOptions == OPTIONS_CAP) {
		free(option);
		return option ? -E2BIG : -ENOMEM;
	}
	args->options[args->nOptions++].optionString = option;
	return 0;
}

/* The words of SNAFU_JAVA_OPTIONS; the JVM itself reads JAVA_TOOL_OPTIONS. */
static int add_user_options(JavaVMInitArgs *args)
{
	const char *at = getenv("SNAFU_JAVA_OPTIONS");
	int code = 0;

	while (!code && at && *(at += strspn(at, " \t\n"))) {
		size_t size = strcspn(at, " \t\n");

		code = add_option(args, strndup(at, size));
		at += size;
	}
	return code;
}

/* The kernel's limits hit a JVM wrongly, which reserves much more than it uses; so it is
 * told. The rest is for classes, code and stacks. */
static int add_memory(JavaVMInitArgs *args, uint64_t memory)
{
	char *option;

	if (!memory)
		return 0;
	uint64_t heap = memory / 4 * 3;
	if (heap < LEAST_HEAP)
		heap = LEAST_HEAP;
	return add_option(args, asprintf(&option, "-Xmx%lluk", (unsigned long long)heap >> 10) < 0
	                            ? NULL
	                            : option);
}

static int add_options(JavaVMInitArgs *args, const char *bridge, unsigned major)
{
	static const char *const plain[] = {
		"-Xrs", /* INT, TERM, HUP and QUIT stay the host's */
		"-XX:+UseSerialGC", /* quick to start, small */
		"-Xshare:auto",
		"-XX:-UsePerfData",
		"-Dfile.encoding=UTF-8",
		"-Dstdout.encoding=UTF-8",
		"-Dstderr.encoding=UTF-8",
		"-Djava.awt.headless=true",
		/* The JVM's own warnings go to stderr: stdout is for results. */
		"-Xlog:disable",
		"-Xlog:all=warning:stderr:level,tags",
		"-Xlog:jni+resolve=error:stderr",
	};
	char *class_path;
	int code = 0;

	for (size_t i = 0; i < sizeof plain / sizeof *plain && !code; i++)
		code = add_option(args, strdup(plain[i]));
	if (!code)
		code = add_option(args, asprintf(&class_path, "-Djava.class.path=%s", bridge) < 0
		                            ? NULL
		                            : class_path);
	/* 18 to 23 want to be asked; 24 and later refuse to start with it. */
	if (!code && major >= 18 && major < 24)
		code = add_option(args, strdup("-Djava.security.manager=allow"));
	if (!code)
		code = add_memory(args, java.options->memory);
	return code ? code : add_user_options(args);
}

static int create(const char *library, JavaVMInitArgs *args, JNIEnv **ret_env,
                  struct snafu_error *error)
{
	jint(JNICALL * create_vm)(JavaVM **, void **, void *);
	struct snafu_java_locale before;
	struct sigaction pipe_action, size_action;
	void *handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL);

	if (handle)
		*(void **)&create_vm = dlsym(handle, "JNI_CreateJavaVM");
	if (!handle || !create_vm)
		return snafu_fail(error, -ELIBACC, "cannot open %s: %s", library, dlerror());
	sigaction(SIGPIPE, NULL, &pipe_action);
	sigaction(SIGXFSZ, NULL, &size_action);
	snafu_java_locale_begin(&before);
	jint code = create_vm(&java.vm, (void **)ret_env, args);
	snafu_java_locale_end(&before);
	if (code != JNI_OK)
		return snafu_fail(error, -EINVAL,
		                  "the JVM in %s does not start (code %d): look at SNAFU_JAVA_OPTIONS and "
		                  "JAVA_TOOL_OPTIONS, or at its words on stderr",
		                  library, (int)code);
	/* The JVM ignores these two by a handler of its own. What the host had said
	 * stays, but for the default, by which a broken pipe would end the host. */
	if (pipe_action.sa_handler != SIG_DFL)
		sigaction(SIGPIPE, &pipe_action, NULL);
	if (size_action.sa_handler != SIG_DFL)
		sigaction(SIGXFSZ, &size_action, NULL);
	return 0;
}

int java_vm_create(const struct snafu_java_home *home, const char *bridge, JNIEnv **ret_env,
                   struct snafu_error *error)
{
	JavaVMOption options[OPTIONS_CAP] = {0};
	JavaVMInitArgs args = {.version = JNI_VERSION_10, .options = options};
	int code = add_options(&args, bridge, home->major);

	if (code)
		snafu_fail_errno(error, code, "too many options for the JVM (cap %d)", OPTIONS_CAP);
	else
		code = create(home->library, &args, ret_env, error);
	for (jint i = 0; i < args.nOptions; i++)
		free(options[i].optionString);
	return code;
}
