/* tests/unit/test-c-pairs.c — real prototypes and the roles that their parameters
 * must get. */
#include "scanner/c_pairs.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "scanner/c_words.h"
#include "tests/unit/tap.h"

#define PARAMETERS_CAP 12
#define POINT          "s:point/16/8{x@0=f8;y@8=f8;}"
#define STREAM         "s:z_stream_s/16/8{next_in@0=*ku1;state@8=*o:internal_state;}"

/* The prototype, its parameters as "name notation", its result, and the roles:
 * `length(0)` is the length of parameter 0, `bytes[2]` has its length in 2. */
static const struct {
	const char *prototype, *parameters, *returns, *roles;
} table[] = {
	{"double pow(double x, double y)", "x f8 y f8", "f8", "value value"},
	{"uLong crc32(uLong crc, const Bytef *buf, uInt len)", "crc u8 buf *ku1 len u4", "u8",
     "value bytes[2] length(1)"},
	{"int compress(Bytef *dest, uLongf *destLen, const Bytef *source, uLong sourceLen)",
     "dest *u1 destLen *u8 source *ku1 sourceLen u8", "i4",
     "buffer[1] capacity(0) bytes[3] length(2)"},
	{"int uncompress2(Bytef *dest, uLongf *destLen, const Bytef *source, uLong *sourceLen)",
     "dest *u1 destLen *u8 source *ku1 sourceLen *u8", "i4",
     "buffer[1] capacity(0) bytes[3] length(2)"},
	{"int deflateInit_(z_streamp strm, int level, const char *version, int stream_size)",
     "strm *" STREAM " level i4 version *kc stream_size i4", "i4", "state value string value"},
	{"int gzread(gzFile file, voidp buf, unsigned len)", "file *o:gzFile_s buf *v len u4", "i4",
     "handle bytes-inout[2] length(1)"},
	{"char *gzgets(gzFile file, char *buf, int len)", "file *o:gzFile_s buf *c len i4", "*c",
     "handle buffer[2] capacity(1)"},
	{"size_t fread(void *ptr, size_t size, size_t n, FILE *s)", "ptr *v size u8 n u8 s *o:_IO_FILE",
     "u8", "handle value value handle"},
	{"int sqlite3_open(const char *filename, sqlite3 **ppDb)", "filename *kc ppDb **o:sqlite3",
     "i4", "string out"},
	{"int sqlite3_prepare_v2(db, const char *zSql, int nByte, stmt **ppStmt, const char **pzTail)",
     "db *o:sqlite3 zSql *kc nByte i4 ppStmt **o:sqlite3_stmt pzTail **kc", "i4",
     "handle string[2] length(1) out out"},
	{"double frexp(double x, int *exponent)", "x f8 exponent *i4", "f8", "value out"},
	{"void sincos(double x, double *sinx, double *cosx)", "x f8 sinx *f8 cosx *f8", "v",
     "value out out"},
	{"void swap(int *a, int *b)", "a *i4 b *i4", "v", "array-inout array-inout"},
	{"void split(int *result)", "result *i4", "v", "out"},
	{"double dot(const double *a, const double *b, size_t n)", "a *kf8 b *kf8 n u8", "f8",
     "array[2] array[2] length(0)"},
	{"void axpy(double a, const double *x, double *y, int n)", "a f8 x *kf8 y *f8 n i4", "v",
     "value array[3] array-inout[3] length(1)"},
	{"void *memcpy(void *dest, const void *src, size_t n)", "dest *v src *kv n u8", "*v",
     "buffer[2] bytes[2] length(0)"},
	{"int strncmp(const char *s1, const char *s2, size_t n)", "s1 *kc s2 *kc n u8", "i4",
     "string[2] string[2] length(0)"},
	{"size_t strftime(char *s, size_t max, const char *format, const struct tm *tm)",
     "s *c max u8 format *kc tm *k" POINT, "u8", "string-inout[1] length(0) string object"},
	{"int snprintf-like(char *buf, size_t size)", "buf *c size u8", "i4", "buffer[1] capacity(0)"},
	{"void sort(int *values, size_t count)", "values *i4 count u8", "v",
     "array-inout[1] length(0)"},
	{"int fill(int *out, int max)", "out *i4 max i4", "i4", "buffer[1] capacity(0)"},
	{"int range(const int *x, size_t n, int *min, int *max)", "x *ki4 n u8 min *i4 max *i4", "i4",
     "array[1] length(0) out out"},
	{"void stats(const double *x, int n, double *mean, int *count)",
     "x *kf8 n i4 mean *f8 count *i4", "v", "array[1] length(0) out out"},
	{"int check(int *error_codes, int *count)", "error_codes *i4 count *i4", "i4",
     "array-inout[1] length(0)"},
	{"void peaks(int id, double *min_value, double *max_value, int *len)",
     "id i4 min_value *f8 max_value *f8 len *i4", "v", "value out out out"},
	{"double mean(int n, const double *x)", "n i4 x *kf8", "f8", "length(1) array[0]"},
	{"double percentile(const double *xs, double p, int n)", "xs *kf8 p f8 n i4", "f8",
     "array[2] value length(0)"},
	{"double mix(const double *x, int nx, const double *y, int ny)", "x *kf8 nx i4 y *kf8 ny i4",
     "f8", "array[1] length(0) array[3] length(2)"},
	{"int run(int argc, char **argv)", "argc i4 argv **c", "i4", "length(1) array-inout[0]"},
	{"int join(const char *const *parts)", "parts *k*kc", "i4", "array"},
	{"void digest(const void *data, size_t data_len, unsigned char out[16])",
     "data *kv data_len u8 out [16]u1", "v", "bytes[1] length(0) buffer"},
	{"void rotate(double m[3][3])", "m [3][3]f8", "v", "array-inout"},
	{"double norm(const struct point *p)", "p *k" POINT, "f8", "object"},
	{"void move(struct point *p, double by)", "p *" POINT " by f8", "v", "object-inout value"},
	{"void origin(struct point *out)", "out *" POINT, "v", "out"},
	{"double area(const struct point *points, int n_points)", "points *k" POINT " n_points i4",
     "f8", "array[1] length(0)"},
	{"int connect(int fd, const struct sockaddr *addr, unsigned addrlen)",
     "fd i4 addr *k" POINT " addrlen u4", "i4", "value object value"},
	{"char *upper(char *text)", "text *c", "*c", "string-inout"},
	{"const char *find(const char *key, int *len)", "key *kc len *i4", "*kc", "string out"},
	{"void each(void (*fn)(int), void *ctx)", "fn *F ctx *v", "v", "handle handle"},
	{"int vlog(const char *f, va_list l)", "f *kc l L", "i4", "string !"},
	{"int by_value(union u u)", "u u:u/8/8", "i4", "!"},
	{"int bits(struct bits b)", "b s:bits/4/4{a@0^3=u4;}", "i4", "!"},
	{"double length(struct point p)", "p " POINT, "f8", "value"},
	{"__int128 huge(__int128 x)", "x i16", "i16", "!"},
	{"uLong adler32(uLong, const Bytef *, size_t)", "arg0 u8 arg1 *ku1 arg2 u8", "u8",
     "value bytes[2] length(1)"},
	{"time_t time(time_t *timer)", "timer *i8", "i8", "out"},
	{"int on(void *user_data, int n)", "user_data *v n i4", "i4", "handle value"},
};

static const char *const role_names[] = {
	[SNAFU_C_ROLE_VALUE] = "value",
	[SNAFU_C_ROLE_STRING] = "string",
	[SNAFU_C_ROLE_STRING_INOUT] = "string-inout",
	[SNAFU_C_ROLE_BYTES] = "bytes",
	[SNAFU_C_ROLE_BYTES_INOUT] = "bytes-inout",
	[SNAFU_C_ROLE_ARRAY] = "array",
	[SNAFU_C_ROLE_ARRAY_INOUT] = "array-inout",
	[SNAFU_C_ROLE_LENGTH] = "length",
	[SNAFU_C_ROLE_BUFFER_OUT] = "buffer",
	[SNAFU_C_ROLE_CAPACITY] = "capacity",
	[SNAFU_C_ROLE_OUT] = "out",
	[SNAFU_C_ROLE_HANDLE] = "handle",
	[SNAFU_C_ROLE_OBJECT_IN] = "object",
	[SNAFU_C_ROLE_OBJECT_INOUT] = "object-inout",
	[SNAFU_C_ROLE_OBJECT_STATE] = "state",
	[SNAFU_C_ROLE_UNSUPPORTED] = "!",
};

static void describe(const struct snafu_c_role *roles, size_t count, struct snafu_buffer *into)
{
	for (size_t i = 0; i < count; i++) {
		const struct snafu_c_role *role = &roles[i];

		snafu_buffer_format(into, "%s%s", i ? " " : "", role_names[role->kind]);
		if (role->kind == SNAFU_C_ROLE_LENGTH || role->kind == SNAFU_C_ROLE_CAPACITY)
			snafu_buffer_format(into, "(%d)", role->other);
		else if (role->other >= 0)
			snafu_buffer_format(into, "[%d]", role->other);
		CHECK((role->kind == SNAFU_C_ROLE_UNSUPPORTED) == (role->problem != NULL));
	}
}

static void check_table(void)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct snafu_arena arena = {0};
		struct snafu_c_parameter parameters[PARAMETERS_CAP];
		struct snafu_c_role roles[PARAMETERS_CAP];
		struct snafu_buffer text = SNAFU_BUFFER(1000);
		const struct snafu_c_type *returns;
		char *copy = strdup(table[i].parameters), *rest, *word;
		size_t count = 0;
		bool parsed = true;

		for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
			parameters[count].name = word;
			word = strtok_r(NULL, " ", &rest);
			parsed &= snafu_c_type_parse(word, &arena, &parameters[count++].type, NULL) == 0;
		}
		parsed &= snafu_c_type_parse(table[i].returns, &arena, &returns, NULL) == 0;
		if (CHECK(parsed)) {
			snafu_c_roles(parameters, count, returns, roles);
			describe(roles, count, &text);
			if (!CHECK_STRING(text.data, table[i].roles))
				printf("# %s\n", table[i].prototype);
		}
		free(copy);
		snafu_buffer_done(&text);
		snafu_arena_done(&arena);
	}
}

static void check_returns(void)
{
	static const struct {
		const char *notation;
		enum snafu_c_role_kind kind;
	} returns[] = {
		{"v", SNAFU_C_ROLE_VALUE},     {"i4", SNAFU_C_ROLE_VALUE},
		{POINT, SNAFU_C_ROLE_VALUE},   {"*kc", SNAFU_C_ROLE_STRING},
		{"*c", SNAFU_C_ROLE_STRING},   {"*ku1", SNAFU_C_ROLE_STRING},
		{"*u1", SNAFU_C_ROLE_HANDLE},  {"*v", SNAFU_C_ROLE_HANDLE},
		{"*o:x", SNAFU_C_ROLE_HANDLE}, {"*" POINT, SNAFU_C_ROLE_OBJECT_STATE},
		{"*f8", SNAFU_C_ROLE_HANDLE},  {"u:x/8/8", SNAFU_C_ROLE_UNSUPPORTED},
		{"*F", SNAFU_C_ROLE_HANDLE},   {"f16", SNAFU_C_ROLE_VALUE},
	};
	struct snafu_arena arena = {0};

	for (size_t i = 0; i < sizeof returns / sizeof *returns; i++) {
		const struct snafu_c_type *type = NULL;

		CHECK(snafu_c_type_parse(returns[i].notation, &arena, &type, NULL) == 0);
		if (!CHECK(snafu_c_return_role(type).kind == returns[i].kind))
			printf("# %s\n", returns[i].notation);
	}
	snafu_arena_done(&arena);
}

static void check_words(void)
{
	char stem[SNAFU_C_WORD_CAP], long_name[500];

	CHECK(snafu_c_length_word("n", stem) == SNAFU_C_LENGTH_WORD);
	CHECK(snafu_c_length_word("maxlen", NULL) == SNAFU_C_LENGTH_WORD);
	CHECK(snafu_c_length_word("sourceLen", stem) == SNAFU_C_LENGTH_OF);
	CHECK_STRING(stem, "source");
	CHECK(snafu_c_length_word("nBuf", stem) == SNAFU_C_LENGTH_WORD);
	CHECK_STRING(stem, "buf");
	CHECK(snafu_c_length_word("account", NULL) == SNAFU_C_NO_LENGTH);
	CHECK(snafu_c_length_word("", NULL) == SNAFU_C_NO_LENGTH);
	CHECK(snafu_c_length_word("___", NULL) == SNAFU_C_NO_LENGTH);
	CHECK(snafu_c_length_word("__n", NULL) == SNAFU_C_LENGTH_WORD);
	CHECK(snafu_c_word_match("zBuf", "nBuf") == SNAFU_C_MATCH_EXACT);
	CHECK(snafu_c_word_match("dictionary", "dictLength") == SNAFU_C_MATCH_CLOSE);
	CHECK(snafu_c_word_match("values", "num_value") == SNAFU_C_MATCH_EXACT);
	CHECK(snafu_c_word_match("version", "stream_size") == SNAFU_C_MATCH_NONE);
	CHECK(snafu_c_word_match("", "") == SNAFU_C_MATCH_NONE);
	memset(long_name, 'n', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	CHECK(snafu_c_length_word(long_name, NULL) == SNAFU_C_NO_LENGTH);
	CHECK(snafu_c_length_word("a_b_c_d_e_f_g_h_i_len", NULL) == SNAFU_C_NO_LENGTH);
	CHECK(snafu_c_word_counts("n_points") && !snafu_c_word_counts("addrlen"));
	CHECK(snafu_c_word_is_output("dest") && snafu_c_word_is_output("outValue") &&
	      !snafu_c_word_is_output("source"));
	CHECK(snafu_c_word_is_made_up("arg12") && !snafu_c_word_is_made_up("args"));
}

int main(void)
{
	check_table();
	check_returns();
	check_words();
	return tap_done();
}
