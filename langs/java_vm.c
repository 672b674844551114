/* langs/java_vm.c — starts the JVM, with its options. See java.h. */
#include "langs/java.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "langs/java_locale.h"

#define OPTIONS_CAP    64 /* options of the JVM, with those of the user */
#define REST_MIB       24 /* for the JVM's own code and data, and the stacks of a few threads */
#define LEAST_HEAP_MIB 8
#define ARCHIVE_DIGITS 20 /* bytes at the end of the archive: see Makefile.am */

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

/* Adds NAME with a number of MiB. */
static int add_size(JavaVMInitArgs *args, const char *name, uint64_t mib)
{
	char *text;

	if (asprintf(&text, "%s%llum", name, (unsigned long long)mib) < 0)
		return -ENOMEM;
	return add_option(args, text);
}

static uint64_t within(uint64_t number, uint64_t least, uint64_t most)
{
	return number < least ? least : number > most ? most : number;
}

/* Shares MEMORY, in bytes, among the heap, classes, compiled code and the rest. The caps of
 * classes and code are rarely reached: half of each is set aside. */
static int add_memory(JavaVMInitArgs *args, uint64_t memory, bool brief)
{
	uint64_t all = memory >> 20, code = within(all / 8, 8, 48), classes = within(all / 4, 32, 256);
	uint64_t other = REST_MIB + code / 2 + classes / 2;
	uint64_t heap = all > other && all - other > all / 2 ? all - other : all / 2;
	int failed = add_size(args, "-Xmx", within(heap, LEAST_HEAP_MIB, heap + LEAST_HEAP_MIB));

	if (!failed)
		failed = add_size(args, "-XX:MaxMetaspaceSize=", classes);
	if (!failed)
		failed = add_size(args, "-XX:CompressedClassSpaceSize=", classes / 2);
	if (!failed)
		failed = add_size(args, "-XX:ReservedCodeCacheSize=", code);
	if (!failed && !brief)
		failed = add_option(args, strdup("-XX:CICompilerCount=2"));
	return failed;
}

/* Whether FILE is an archive as the build has made it, with its size in decimal digits behind
 * it: of one that was cut off, the JVM would not notice until it crashes. */
static bool is_whole(const char *file)
{
	char digits[ARCHIVE_DIGITS + 1] = "";
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, -(off_t)ARCHIVE_DIGITS, SEEK_END);
	bool good = size > 0 && read(fd, digits, ARCHIVE_DIGITS) == ARCHIVE_DIGITS &&
	            strtoll(digits, NULL, 10) == size;

	if (fd >= 0)
		close(fd);
	return good;
}

/* The archive of the bridge's classes (snafu.Train). The JVM looks whether it fits, and does
 * without if not. */
static int add_archive(JavaVMInitArgs *args, const char *bridge)
{
	char *file, *option;
	int code = 0;

	if (asprintf(&file, "%.*s.jsa", (int)(strlen(bridge) - strlen(".jar")), bridge) < 0)
		return -ENOMEM;
	if (is_whole(file))
		code = asprintf(&option, "-XX:SharedArchiveFile=%s", file) < 0 ? -ENOMEM
		                                                               : add_option(args, option);
	free(file);
	return code;
}

static int add_options(JavaVMInitArgs *args, const char *bridge, unsigned major)
{
	static const char *const plain[] = {
		"-Xrs", /* INT, TERM, HUP and QUIT stay the host's */
		"-XX:+UseSerialGC", /* quick to start, small */
		"-Xshare:auto", "-XX:-UsePerfData", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8",
		"-Dstderr.encoding=UTF-8", "-Djava.awt.headless=true",
		/* The JVM's own warnings go to stderr: stdout is for results. */
		"-Xlog:disable", "-Xlog:all=warning:stderr:level,tags", "-Xlog:jni+resolve=error:stderr",
		"-Xlog:cds*=off:stderr", /* an archive that does not fit */
	};
	char *class_path;
	int code = 0;

	for (size_t i = 0; i < sizeof plain / sizeof *plain && !code; i++)
		code = add_option(args, strdup(plain[i]));
	if (!code)
		code = add_option(args, asprintf(&class_path, "-Djava.class.path=%s", bridge) < 0
		                            ? NULL
		                            : class_path);
	if (!code)
		code = add_archive(args, bridge);
	if (!code && java.options->brief) /* the best compiler only pays off later */
		code = add_option(args, strdup("-XX:TieredStopAtLevel=1"));
	if (!code && java.options->memory)
		code = add_memory(args, java.options->memory, java.options->brief);
	/* A function's process that crashes again and again must not fill the disk with reports;
	 * what matters of them is printed, too. */
	if (!code && (java.options->memory || java.options->brief))
		code = add_option(args, strdup("-XX:ErrorFile=/dev/null"));
	/* 18 to 23 want to be asked; 24 and later refuse to start with it. */
	if (!code && major >= 18 && major < 24)
		code = add_option(args, strdup("-Djava.security.manager=allow"));
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
