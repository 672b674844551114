/* tests/fuzz/fuzz-lang-c.c — any payload to C functions that use all of what their
 * parameters promise: each element that a length says, each byte of a buffer. The
 * sanitizers tell when the binder promised too much. What comes out must be JSON.
 *
 * fuzz-with: langs/c_answer.c langs/c_arguments.c base/base64.c langs/c_call.c langs/c_guard.c langs/c_handles.c langs/c_plan.c langs/c_read.c langs/c_read_data.c langs/c_read_struct.c langs/c_write.c -lffi -D_GNU_SOURCE -DSNAFU_C_CALL_MEMORY_CAP=1000000ul
 */
#include <complex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "langs/c_call.h"
#include "scanner/function.h"

struct stream {
	const unsigned char *next_in;
	unsigned avail_in;
	unsigned char *next_out;
	unsigned avail_out;
	char *msg;
	struct inner *state;
	unsigned low : 3;
	int high : 13;
};

struct plain {
	double x;
	char name[8];
	short list[3];
	const char *text;
};

static long add(int8_t a, uint64_t b, float c, _Bool d, char e)
{
	return a + (long)b + (long)c + d + e;
}

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static void fill(short *out, int n, int value)
{
	for (int i = 0; i < n; i++)
		out[i] = (short)value;
}

static int mirror(unsigned char *dest, unsigned long *destLen, const unsigned char *source,
                  unsigned long sourceLen)
{
	memset(dest, 0, *destLen);
	if (*destLen > sourceLen)
		*destLen = sourceLen;
	for (unsigned long i = 0; i < *destLen; i++)
		dest[i] = source[sourceLen - 1 - i];
	return 0;
}

static size_t copy(char *buf, size_t size, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (size > 0) {
		memset(buf, 0, size);
		memcpy(buf, text ? text : "", length < size ? length : size - 1);
	}
	return length;
}

static char *shout(char *text)
{
	memset(text + strlen(text), '!', 100);
	return text;
}

static int take(struct stream *stream, int flush)
{
	unsigned n = stream->avail_in < stream->avail_out ? stream->avail_in : stream->avail_out;

	if (!stream->next_in || !stream->next_out)
		return -2;
	memcpy(stream->next_out, stream->next_in, n);
	stream->next_in += n;
	stream->next_out += n;
	stream->avail_in -= n;
	stream->avail_out -= n;
	return flush + stream->low + stream->high;
}

static void streamEnd(struct stream *stream)
{
	(void)stream;
}

static struct plain twice(struct plain plain)
{
	plain.x *= 2;
	plain.text = NULL;
	return plain;
}

static size_t texts(const char *const *words, const struct plain *plain)
{
	size_t size = plain && plain->text ? strlen(plain->text) : 0;

	for (; words && *words; words++)
		size += strlen(*words);
	return size;
}

static double area(const struct plain *points, size_t n_points)
{
	double sum = 0;

	for (size_t i = 0; i < n_points; i++)
		sum += points[i].x + (points[i].text ? points[i].text[0] : 0);
	return sum;
}

static void turn(double m[2][2], double complex z, long double *out)
{
	m[1][1] = creal(z);
	*out = m[0][0];
}

static int open_it(struct inner **out)
{
	static int things[4];
	static unsigned next;

	*out = (struct inner *)&things[next++ % 4];
	return 0;
}

static int use_it(struct inner *it, void *context)
{
	return (it ? *(int *)it : 0) + (context != NULL);
}

#define STREAM                                                                    \
	"s:stream/56/8{next_in@0=*ku1;avail_in@8=u4;next_out@16=*u1;avail_out@24=u4;" \
	"msg@32=*c;state@40=*o:inner;low@48^3=u4;high@48.3^13=i4;}"
#define PLAIN "s:plain/32/8{x@0=f8;name@8=[8]c;list@16=[3]i2;text@24=*kc;}"

static const struct {
	const char *name, *signature;
	void (*address)(void);
} table[] = {
	{"add", "a:i1 b:u8 c:f4 d:b e:c -> i8", (void (*)(void))add},
	{"dot", "a:*kf8 b:*kf8 n:u8 -> f8", (void (*)(void))dot},
	{"fill", "out:*i2 n:i4 value:i4 -> v", (void (*)(void))fill},
	{"mirror", "dest:*u1 destLen:*u8 source:*ku1 sourceLen:u8 -> i4", (void (*)(void))mirror},
	{"copy", "buf:*c size:u8 text:*kc -> u8", (void (*)(void))copy},
	{"shout", "text:*c -> *c", (void (*)(void))shout},
	{"take", "stream:*" STREAM " flush:E4:mode{OFF=0,ON=1} -> i4", (void (*)(void))take},
	{"streamEnd", "stream:*" STREAM " -> v", (void (*)(void))streamEnd},
	{"twice", "plain:" PLAIN " -> " PLAIN, (void (*)(void))twice},
	{"texts", "words:*k*kc plain:*k" PLAIN " -> u8", (void (*)(void))texts},
	{"area", "points:*k" PLAIN " n_points:u8 -> f8", (void (*)(void))area},
	{"turn", "m:[2][2]f8 z:x16 out:*f16 -> v", (void (*)(void))turn},
	{"open_it", "out:**o:inner -> i4", (void (*)(void))open_it},
	{"use_it", "it:*o:inner context:*v -> i4", (void (*)(void))use_it},
};
#define COUNT (sizeof table / sizeof *table)

static struct snafu_bound *bound[COUNT];
static struct snafu_arena arena;

static void prepare(size_t index)
{
	struct snafu_function *function = snafu_arena_alloc(&arena, sizeof *function);
	struct snafu_parameter *parameters = snafu_arena_alloc(&arena, 8 * sizeof *parameters);
	const char *at = table[index].signature;
	struct snafu_error error;

	while (strncmp(at, "-> ", 3) != 0) {
		size_t name_size = strcspn(at, ":"), size = strcspn(at, " ");
		struct snafu_parameter *parameter = &parameters[function->n_parameters++];

		parameter->name = snafu_arena_copy(&arena, at, name_size);
		parameter->native = snafu_arena_copy(&arena, at + name_size + 1, size - name_size - 1);
		parameter->type = parameter->native;
		parameter->shape = snafu_shape_plain(SNAFU_SHAPE_ANY);
		at += size + 1;
	}
	function->id = function->name = table[index].name;
	function->language = "c";
	function->parameters = parameters;
	function->returns = function->returns_native = at + 3;
	if (snafu_c_plan_new(function, table[index].address, &bound[index], &error))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct snafu_c_handles handles;

	for (size_t i = 0; !bound[COUNT - 1] && i < COUNT; i++)
		prepare(i);
	snafu_c_handles_init(&handles);
	/* Several calls, so that handles of one come up in another: a line each, its first
	 * byte says which function. */
	while (size > 0) {
		const uint8_t *end = memchr(bytes, '\n', size);
		size_t length = end ? (size_t)(end - bytes) : size;

		if (length > 0) {
			struct snafu_result result = {.payload = SNAFU_BUFFER(1 << 20)};

			snafu_c_call(&handles, bound[bytes[0] % COUNT], bound[bytes[0] % COUNT]->address,
			             (const char *)bytes + 1, length - 1,
			             &result);
			if (!result.payload.data ||
			    snafu_json_validate(result.payload.data, result.payload.size, NULL))
				abort();
			snafu_buffer_done(&result.payload);
		}
		size -= length + (end != NULL);
		bytes += length + (end != NULL);
	}
	snafu_c_handles_done(&handles);
	return 0;
}
