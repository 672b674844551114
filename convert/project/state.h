/* convert/project/state.h — what the files of the conversion (convert/project/) share: see
 * project.h. All strings live in the project's arena. */
#ifndef SNAFU_CONVERT_PROJECT_STATE_H
#define SNAFU_CONVERT_PROJECT_STATE_H

#include "base/arena.h"
#include "convert/mirror.h"
#include "convert/project/project.h"
#include "scanner/function.h"

#define PROJECT_SOURCES  "src"
#define PROJECT_PATCHES  "diffs"
#define PROJECT_DATABASE "compile_commands.json"
#define PROJECT_STAGE    "stage" /* in the mirror's work folder */
#define PROJECT_REASON   400 /* bytes of a compiler's message that are kept */

enum project_fate {
	PROJECT_COPIED, /* as it was */
	PROJECT_UPGRADED, /* Python 2, now 3 */
	PROJECT_SAME, /* Python 2 that Python 3 takes as it is */
	PROJECT_PYTHON2, /* stays as it was, and is served by a Python 2 */
	PROJECT_BROKEN, /* neither Python takes it */
	PROJECT_EDITED, /* a person has changed the converted file, which stays */
	PROJECT_FAILED, /* C, Java: does not compile */
};

struct project_note {
	struct project_note *next;
	unsigned line; /* of the file in OUT; 0: none in particular */
	const char *kind, *words;
};

struct project_file {
	const char *path; /* below the code base */
	const char *to; /* below OUT: "src/..." */
	const char *place; /* where it is read from */
	const char *language; /* of its scanner: "python", "c", "java"; NULL: data */
	const char *needed; /* of a single source: why it comes along; NULL: it was named */
	const char *link; /* a link's target; NULL: it is a file */
	bool executable, compiles, upgraded; /* `upgraded`: there is one, and a patch, in the stage */
	enum project_fate fate;
	unsigned line; /* of `why` */
	const char *why; /* of PYTHON2, BROKEN and FAILED */
	struct project_note *notes, **last_note;
	const char *const *lost; /* ids that the upgraded file has not */
	size_t n_lost, n_renamed, functions;
};

struct project_left_out {
	const char *path, *why;
};

/* What the sources need and is not taken: headers elsewhere, what a single source imports. */
struct project_want {
	const char *name, *why;
};

struct project_library {
	const char *name; /* lib/libNAME.so */
	struct project_file **files;
	size_t count;
	bool built;
	const char *why; /* it is not */
};

struct project {
	const struct snafu_project_options *options;
	struct snafu_project_summary *summary;
	struct snafu_arena arena;
	struct snafu_mirror mirror;
	struct snafu_scan_options scan; /* the options', with real paths */
	const char *legacy; /* real path */
	const char *base; /* the folder that paths are below */
	const char *prefix; /* folders between src and the files: the package's name; "" */
	const char *name; /* of the project */
	bool is_file;
	struct project_file *files; /* sorted by path; malloc'ed */
	size_t count, capacity;
	struct project_left_out *left_out; /* malloc'ed */
	size_t n_left_out, left_out_capacity;
	struct project_want *wants; /* malloc'ed */
	size_t n_wants, wants_capacity;
	struct snafu_functions before; /* those of the code base */
	struct snafu_functions after; /* those of OUT/src */
	struct project_library *libraries; /* in the arena */
	size_t n_libraries;
	const char *java_encoding; /* of all Java sources */
	const char *class_path; /* of the Java sources: "src/lib/a.jar:..."; NULL: there are none */
};

/* ---- script.c ----------------------------------------------------------------- */

struct project_script {
	const char *name; /* of the part */
	const char *argument; /* NULL: none */
	unsigned timeout_ms;
	const char *failed; /* what could not be done then, for the error */
};

/* Gives it INPUT; OUTPUT gets what it prints. When it fails, the last line that it said is the
 * reason. */
int project_run_script(const struct project_script *script, const struct snafu_buffer *input,
                       struct snafu_buffer *output, struct snafu_error *error);

/* ---- inventory.c -------------------------------------------------------------- */

/* Lists the files, and scans those that are sources. */
int project_inventory(struct project *project, struct snafu_error *error);
/* The file at PATH below the code base, or NULL. */
struct project_file *project_find(const struct project *project, const char *path);
/* RELATIVE: below the base. LINK: its target, or NULL. */
struct stat;
int project_add_file(struct project *project, const char *place, const char *relative,
                     const struct stat *status, const char *link);
int project_leave_out(struct project *project, const char *path, const char *why);

/* ---- needs.c ------------------------------------------------------------------ */

/* Lists a single source with what it needs of its folder and of what is below that; sets the
 * base. */
int project_take_along(struct project *project, struct snafu_error *error);

/* Notes what is needed and is not taken. */
int project_want(struct project *project, const char *name, const char *why);

/* ---- flags.c ------------------------------------------------------------------ */

struct snafu_c_databases;

/* Takes the folders of headers that were given; wants those that are outside of the code base. */
int project_take_include_paths(struct project *project, struct snafu_error *error);
int project_want_include_paths(struct project *project);
/* The flags of a C source, with paths of the code base: scanner/c_flags.h. */
int project_flags_of(const struct project *project, const struct project_file *file,
                     struct snafu_c_databases *databases, const char *const **ret_flags,
                     size_t *ret_count);
/* FLAG with such paths below SOURCES, the name of OUT/src where it is used. */
void project_write_flag(const struct project *project, const char *flag, const char *sources,
                        struct snafu_buffer *into);
/* Puts compile_commands.json into OUT/src, when Snafu would not find the flags without it. */
int project_write_database(struct project *project, struct snafu_error *error);

/* ---- python.c ----------------------------------------------------------------- */

/* Upgrades all Python files into the stage, checks and reviews them. */
int project_upgrade(struct project *project, struct snafu_error *error);
int project_note(struct project *project, struct project_file *file, unsigned line,
                 const char *kind, const char *words);
/* Where the upgraded file is; where its patch is: malloc'ed. */
char *project_staged(const struct project *project, const struct project_file *file);
char *project_staged_patch(const struct project *project, const struct project_file *file);

/* ---- compare.c ---------------------------------------------------------------- */

/* Scans the stage: files that lost functions stay as they were. */
int project_compare(struct project *project, struct snafu_error *error);

/* ---- place.c ------------------------------------------------------------------ */

/* Puts all files, patches and configs into OUT, and scans what is there. */
int project_place(struct project *project, struct snafu_error *error);
int project_put_text(struct project *project, const char *path, struct snafu_buffer *text,
                     bool executable, struct snafu_error *error);

/* ---- c.c, java.c ------------------------------------------------------ */

/* Each builds what there is of its language; what does not compile is FAILED, and left out. */

int project_build_c(struct project *project, struct snafu_error *error);
int project_build_java(struct project *project, struct snafu_error *error);

/* ---- examples.c, words.c, report.c, report_json.c ------- */

int project_find_examples(struct project *project, struct snafu_error *error);
/* (container.c) */
int project_write_container(struct project *project, struct snafu_error *error);
int project_write_words(struct project *project, struct snafu_error *error);
int project_write_report(struct project *project, struct snafu_error *error);
int project_write_report_json(struct project *project, struct snafu_error *error);
const char *project_fate_name(enum project_fate fate);

void project_working(const struct project *project, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The files of LANGUAGE that do not compile. */
void project_tell_failed(const struct project *project, const char *language);
void project_tell(const struct project *project, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
