/* runtime/instances/frame.h — what the host and the processes of functions say to each
 * other, over a stream socket (socketpair, AF_UNIX) for each process.
 *
 * A frame is a header and a body of `size` bytes, packed with base/pack.h. The process
 * runs somebody's code, so the host believes nothing: sizes are capped, numbers that it
 * does not know and frames that do not fit the moment end the process.
 *
 * Processes. The host executes the helper program parts/snafu-instance with the socket as
 * descriptor 3, /dev/null as stdin, and a pipe as stdout and stderr. The first frame is
 * SETUP. What then comes is
 *   - START in this process: it becomes an instance (or, `once`, serves one call and
 *     ends), and reads CALL frames; or
 *   - START with descriptors: it is a zygote (its language is forkable), opens the
 *     language, forks, and the child goes on with the socket and the pipe that came along
 *     (SCM_RIGHTS, in this order), as an instance or, `zygote`, as a zygote that has
 *     already loaded the function. The zygote reports STARTED and later EXITED.
 * Frames may be written ahead: SETUP, START and CALL at once.
 *
 * Ends. When the socket is closed a process ends, killing every process below it. An
 * instance is given SNAFU_BELOW_GRACE_MS (below.h) for what its function registered for the
 * end, then it is killed. A zygote kills what an instance left behind when it has ended, and
 * an instance executed for itself (START here) runs below a guardian that does the same: it
 * is the guardian's pid that the host knows, and it ends as the instance does. So a host that
 * wants an instance to end at once kills it where it has forked it by a zygote (by the
 * pidfd), but closes the socket of one that it has executed, or sends SIGTERM.
 *
 * A language that brings a program of its own (struct snafu_language's `command`) is
 * executed with the socket as stdin and stdout and the pipe as stderr, and gets the same
 * frames. */
#ifndef SNAFU_RUNTIME_INSTANCES_FRAME_H
#define SNAFU_RUNTIME_INSTANCES_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "langs/request.h"
#include "langs/result.h"

struct snafu_functions;

#define SNAFU_FRAME_SOCKET 3 /* descriptor of the helper's socket */
#define SNAFU_FRAME_SLACK  (256u << 10) /* bytes of a body besides payload and log */

enum snafu_frame_kind {
	/* Host to process. */
	SNAFU_FRAME_SETUP = 1, /* struct snafu_setup */
	SNAFU_FRAME_START, /* struct snafu_start; number: the instance's */
	SNAFU_FRAME_CALL, /* snafu_pack_call(); number: the call's */
	SNAFU_FRAME_ANSWER, /* snafu_pack_result(), to INVOKE; number: as there */
	SNAFU_FRAME_BOARD, /* nothing; a board.h that is used from now on comes along: calls that were
	                    * written ahead may be taken back, and are then passed over */

	/* Process to host. */
	SNAFU_FRAME_READY = 16, /* snafu_pack_result() with init_ns: the function is loaded. Status
	                         * OK, or why it could not be, and the process ends; number: START's */
	SNAFU_FRAME_RESULT, /* snafu_pack_result(); number: CALL's */
	SNAFU_FRAME_INVOKE, /* snafu_pack_invocation(): the function calls another one; number: any
	                     * that the process has not in use, since it may have threads */
	SNAFU_FRAME_STARTED, /* a zygote has forked: u32 pid, and a pidfd (SCM_RIGHTS); number:
	                      * START's */
	SNAFU_FRAME_EXITED, /* its child has ended: u32 wait status, u64 peak memory in bytes, u64 user
	                     * and u64 system time in µs; number: START's */
};

struct snafu_frame {
	uint32_t size; /* of the body */
	uint32_t kind;
	uint64_t number;
};

/* What a process must know before it can load anything. */
struct snafu_setup {
	const char *language; /* name of the module */
	const char *const *paths; /* as struct snafu_language_options */
	size_t n_paths;
	const char *const *include_paths;
	size_t n_include_paths;
	const char *const *defines;
	size_t n_defines;
	const char *parts; /* SNAFU_PARTS of the host, or NULL */
	uint32_t zygote; /* 1: it is going to fork, so the language is opened at once */
	const struct snafu_functions *functions; /* those that the process must know */
};

enum snafu_start_role {
	SNAFU_START_INSTANCE,
	SNAFU_START_ONCE, /* ends after one call; one that was started ahead, when it is let go */
	SNAFU_START_ZYGOTE, /* loads the function, then forks */
};

struct snafu_start {
	enum snafu_start_role role;
	uint32_t here; /* 1: in this process; 0: fork, descriptors come along */
	uint32_t ahead; /* 1: the child is to get ready for its call at once (pages touched) */
	uint32_t function; /* index in the setup's functions */
	uint64_t memory, open_files, processes, file_size; /* limits; 0: none */
	uint64_t result_size, log_size; /* caps of results and of what a call prints */
	const char *environment; /* NAME=VALUE lines, or "" */
	const char *directory; /* or "" */
	const char *control_groups; /* files that the process writes its pid to before anything
	                             * else, one a line, or "" */
};

/* Each appends a body to INTO (whose cap is the caller's). */
void snafu_pack_setup(struct snafu_buffer *into, const struct snafu_setup *setup);
void snafu_pack_start(struct snafu_buffer *into, const struct snafu_start *start);
/* The payload comes last, so that it can be written from where it is: only its size is
 * packed here. */
void snafu_pack_call(struct snafu_buffer *into, const struct snafu_context *context,
                     size_t payload_size);
/* As above: first everything but the payload's bytes, which follow. */
void snafu_pack_result(struct snafu_buffer *into, const struct snafu_result *result);
void snafu_pack_invocation(struct snafu_buffer *into, const struct snafu_context *caller,
                           const struct snafu_invocation *invocation);

/* Each reads a body that is BODY to BODY + SIZE; 0, -EBADMSG or -ENOMEM. What comes back
 * points into the body, but for lists, which the caller frees: setup's three path lists,
 * and FUNCTIONS (snafu_functions_done()). */
int snafu_unpack_setup(const char *body, size_t size, struct snafu_setup *ret_setup,
                       struct snafu_functions *ret_functions);
int snafu_unpack_start(const char *body, size_t size, struct snafu_start *ret_start);
int snafu_unpack_call(const char *body, size_t size, struct snafu_context *ret_context,
                      struct snafu_request *ret_request);
/* Appends to what RESULT holds, within its caps (-EMSGSIZE); an error may take up to
 * SNAFU_RESULT_ERROR_CAP. */
int snafu_unpack_result(const char *body, size_t size, struct snafu_result *result);
int snafu_unpack_invocation(const char *body, size_t size, struct snafu_context *ret_caller,
                            struct snafu_invocation *ret_invocation);

#endif
