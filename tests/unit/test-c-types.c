/* tests/unit/test-c-types.c — the notation of C types reads back as it was
 * written, and no text, however broken, is taken for a type that it is not. */
#include "scanner/c_types.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "tests/unit/tap.h"

static const char *const good[] = {
	"v",
	"b",
	"c",
	"i1",
	"i2",
	"i4",
	"i8",
	"i16",
	"u1",
	"u16",
	"f2",
	"f4",
	"f8",
	"f16",
	"x8",
	"x16",
	"x32",
	"*v",
	"*kc",
	"**kc",
	"*k*c",
	"*F",
	"L",
	"[8]f8",
	"[0]c",
	"k[3]f8",
	"*k[3]f8",
	"[2][3]i4",
	"e4:color{RED=0,BLUE=2}",
	"e4:{A=-1,B=-2147483648}",
	"E8:big{TOP=18446744073709551615}",
	"e8:big{LOW=-9223372036854775808,HIGH=9223372036854775807}",
	"e4:forward{}",
	"s:empty/0/1{}",
	"s:point/16/8{x@0=f8;y@8=f8;bits@12^3=u4;}",
	"s:/8/4{@0=u:/4/4;b@4=i4;}",
	"u:name/16/8",
	"o:gzFile_s",
	"*o:",
	"*s:node/16/8{value@0=i4;next@8=*o:node;}",
	"s:a/24/8{in@0=s:b/16/8{x@0=[2]i8;};e@16=e4:c{X=1,Y=2};p@20=[4]c;}",
	"o:na\xC3\xAFve",
	"s:$dollar/1/1{_f@0=b;}",
	"s:tail/4/4{n@0=i4;rest@4=[0]f4;}",
	"s:q/8/4{b@4^3=u8;}",
};

static const char *const bad[] = {
	"",
	" ",
	"z",
	"i",
	"i3",
	"i32",
	"i0",
	"ii4",
	"i4 ",
	"i99999999999999999999999",
	"f1",
	"f32",
	"x2",
	"*",
	"*k",
	"k",
	"ki4",
	"k*c",
	"[",
	"[]c",
	"[-1]c",
	"[8",
	"[8]",
	"[8]v",
	"[2]o:x",
	"[2]F",
	"[9223372036854775807]i4",
	"[4611686018427387904][2]f8",
	"e4",
	"e4:",
	"e4:x",
	"e4:x{",
	"e4:x{A}",
	"e4:x{A=}",
	"e4:x{A=1",
	"e4:x{A=1,",
	"e4:x{A=1;B=2}",
	"e16:x{}",
	"E4:x{A=-1}",
	"e8:x{A=9223372036854775808}",
	"e8:x{A=-9223372036854775809}",
	"E8:x{A=18446744073709551616}",
	"s",
	"s:",
	"s:x",
	"s:x/",
	"s:x/8",
	"s:x/8/",
	"s:x/8/3{}",
	"s:x/8/0{}",
	"s:x/8/8",
	"s:x/8/8{",
	"s:x/8/8{a}",
	"s:x/8/8{a@0}",
	"s:x/8/8{a@0=}",
	"s:x/8/8{a@0=i4}",
	"s:x/8/8{a@0=i4;",
	"s:x/8/8{a@8=i4;}",
	"s:x/8/8{a@5=i4;}",
	"s:x/8/8{a@0=v;}",
	"s:x/8/8{a@0=o:y;}",
	"s:x/8/8{a@18446744073709551615=i4;}",
	"s:x/8/8{a@0^0=i4;}",
	"s:x/8/8{a@7^9=u8;}",
	"s:x/8/8{1a@0=i4;}",
	"s:1/8/8{}",
	"u:x/8/8{}",
	"u:x/8",
	"o",
	"o:a b",
	"L4",
	"F()",
	"}",
	"\xFF",
};

static void check_round_trip(void)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct snafu_arena arena = {0};
		struct snafu_buffer text = SNAFU_BUFFER(1000);
		const struct snafu_c_type *type;
		struct snafu_error error;

		if (CHECK(snafu_c_type_parse(good[i], &arena, &type, &error) == 0)) {
			snafu_c_type_write(type, &text);
			CHECK_STRING(text.data, good[i]);
		} else {
			printf("# %s: %s\n", good[i], error.message);
		}
		snafu_buffer_done(&text);
		snafu_arena_done(&arena);
	}
}

static void check_refusals(void)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct snafu_arena arena = {0};
		const struct snafu_c_type *type = NULL;
		struct snafu_error error = {0};

		if (!CHECK(snafu_c_type_parse(bad[i], &arena, &type, &error) == -EINVAL && !type))
			printf("# taken: %s\n", bad[i]);
		snafu_arena_done(&arena);
	}
}

/* Every beginning of a good text, and every good text with one byte changed, is
 * either refused or says a type that can be written and read again. */
static void check_damage(void)
{
	static const char bytes[] = "\x01 09{};:@=^/,[]*kivsuoeEFL\xFF";
	size_t taken = 0, refused = 0, unsound = 0;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		size_t size = strlen(good[i]);

		for (size_t at = 0; at < size; at++)
			for (size_t b = 0; b < sizeof bytes; b++) {
				struct snafu_arena arena = {0};
				struct snafu_buffer text = SNAFU_BUFFER(1000);
				const struct snafu_c_type *type;
				char *damaged = strdup(good[i]);

				damaged[at] = bytes[b];
				if (snafu_c_type_parse(damaged, &arena, &type, NULL)) {
					refused++;
				} else {
					taken++;
					snafu_c_type_write(type, &text);
					unsound += snafu_c_type_parse(text.data, &arena, &type, NULL) != 0;
				}
				free(damaged);
				snafu_buffer_done(&text);
				snafu_arena_done(&arena);
			}
	}
	CHECK(taken > 100 && refused > 1000);
	CHECK(unsound == 0);
}

static void check_depth(void)
{
	char deep[100000];
	struct snafu_arena arena = {0};
	const struct snafu_c_type *type;

	memset(deep, '*', sizeof deep);
	deep[sizeof deep - 1] = '\0';
	CHECK(snafu_c_type_parse(deep, &arena, &type, NULL) == -E2BIG);
	deep[SNAFU_C_TYPE_DEPTH_CAP - 1] = 'c';
	deep[SNAFU_C_TYPE_DEPTH_CAP] = '\0';
	CHECK(snafu_c_type_parse(deep, &arena, &type, NULL) == 0);
	snafu_arena_done(&arena);
}

static void check_meaning(void)
{
	struct snafu_arena arena = {0};
	const struct snafu_c_type *type;

	CHECK(!snafu_c_type_parse("*ks:point/16/8{x@0=f8;y@8=f8;}", &arena, &type, NULL));
	CHECK(type->kind == SNAFU_C_POINTER && type->constant && type->size == sizeof(void *));
	CHECK(type->target->kind == SNAFU_C_STRUCT && type->target->n_fields == 2);
	CHECK(type->target->size == 16 && type->target->alignment == 8);
	CHECK_STRING(type->target->fields[1].name, "y");
	CHECK(type->target->fields[1].offset == 8 && !type->target->fields[1].bits);
	CHECK(!snafu_c_type_parse("k[3]f8", &arena, &type, NULL));
	CHECK(type->constant && type->length == 3 && type->size == 24 && type->alignment == 8);
	CHECK(!snafu_c_type_parse("e4:color{RED=-1,BLUE=2}", &arena, &type, NULL));
	CHECK(type->n_enumerators == 2 && type->enumerators[0].value == -1 && !type->is_unsigned);
	CHECK_STRING(type->name, "color");
	snafu_arena_done(&arena);
}

int main(void)
{
	check_round_trip();
	check_refusals();
	check_damage();
	check_depth();
	check_meaning();
	return tap_done();
}
