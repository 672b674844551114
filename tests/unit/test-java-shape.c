/* tests/unit/test-java-shape.c — the shapes that the Java scanner derives from types,
 * and what it refuses to give to the parser. */
#include <stdlib.h>

#include "base/buffer.h"
#include "scanner/java_load.h"
#include "scanner/scanner.h"
#include "tests/unit/tap.h"

extern const struct snafu_scanner snafu_scanner_java;

static const char source_text[] =
	"package p;\n"
	"import java.util.*;\n"
	"import other.Stream;\n"
	"class T<A extends Number, B> {\n"
	"  enum Colour { RED, GREEN { void x() { } }; }\n"
	"  record Point(int x, List<Double> ys) { }\n"
	"  static class Base { public Base self; public long id; private int no; }\n"
	"  static class Bean extends Base {\n"
	"    public String label; public static int NONE;\n"
	"    public int getCount() { return 1; } public void setName(String n) { }\n"
	"    public boolean isOpen() { return true; } int getHidden() { return 1; }\n"
	"  }\n"
	"  void f(int a, Integer b, char c, byte[] d, byte[][] e, String... g) { }\n"
	"  void f(Map<String, ? extends Set<Colour>> a, Optional<java.time.LocalDate> b, Point c) { }\n"
	"  void f(Bean a, A b, B c, Stream<String> d, java.util.stream.Stream<String> e, Object g) { "
	"}\n"
	"  <C extends C> C f(int[][][][][][][][][][][][] a, Map.Entry<A, B> b, List c, A[] d) { }\n"
	"}\n";

static void write(const struct snafu_shape *shape, struct snafu_buffer *into)
{
	static const char *const kinds[] = {"any",    "nothing", "boolean", "integer",
	                                    "number", "string",  "bytes",   "array",
	                                    "map",    "object",  "enum",    "handle"};

	snafu_buffer_format(into, "%s%s%s%s", kinds[shape->kind], shape->format ? ":" : "",
	                    shape->format ? shape->format : "", shape->nullable ? "?" : "");
	if (shape->items) {
		snafu_buffer_append_byte(into, '<');
		write(shape->items, into);
		snafu_buffer_append_byte(into, '>');
	}
	for (size_t i = 0; i < shape->n_fields; i++) {
		snafu_buffer_format(into, "%s%s=", i ? "," : "{", shape->fields[i].name);
		write(shape->fields[i].shape, into);
	}
	if (shape->n_fields)
		snafu_buffer_append_byte(into, '}');
	for (size_t i = 0; i < shape->n_values; i++)
		snafu_buffer_format(into, "|%s", shape->values[i]);
}

/* The shapes of the parameters and the result of each `f` in the text, one a line. */
static char *shapes(const char *text)
{
	struct snafu_source source = {
		.path = "T.java", .root = ".", .module = "T", .text = text, .size = strlen(text)};
	struct snafu_scan_options options = {0};
	struct snafu_functions functions = {0};
	struct snafu_buffer out = SNAFU_BUFFER(1 << 16);

	CHECK(snafu_scanner_java.scan(&source, 1, &options, &functions, NULL) == 0);
	for (size_t i = 0; i < functions.count; i++) {
		const struct snafu_function *function = &functions.functions[i];

		if (strcmp(function->name, "f") != 0)
			continue;
		for (size_t p = 0; p < function->n_parameters; p++) {
			write(function->parameters[p].shape, &out);
			snafu_buffer_append_byte(&out, ' ');
		}
		write(function->returns_shape, &out);
		snafu_buffer_append_byte(&out, '\n');
	}
	snafu_functions_done(&functions);
	return snafu_buffer_take(&out);
}

static void check_shapes(void)
{
	char *got = shapes(source_text);

	CHECK_STRING(got,
	             "integer:int32 integer:int32? string bytes array<bytes> array<string> nothing\n"
	             "map<array<enum|RED|GREEN>> string:date? "
	             "object{x=integer:int32,ys=array<number:double?>} nothing\n"
	             "object{self=object{self=any,id=integer:int64},id=integer:int64,label=string,"
	             "count=integer:int32,name=string,"
	             "open=boolean} number? any any array<string> any nothing\n"
	             "array<array<array<array<array<array<array<array<integer:int32>>>>>>>> any array "
	             "array<number?> any\n");
	free(got);
	/* A field whose name is missing; a type that does not end. */
	got = shapes("class T { public int ; T f(T a) { } public int x; }");
	CHECK_STRING(got, "object{x=integer:int32} object{x=integer:int32}\n");
	free(got);
}

static bool fits(const char *piece, size_t count)
{
	static struct snafu_java_load load;
	size_t size = strlen(piece);
	char *text = malloc(size * count + 1);

	if (!text)
		return false;
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * size, piece, size);
	text[size * count] = '\0';
	load = (struct snafu_java_load){0};
	bool good = snafu_java_load_fits(&load, (const unsigned char *)text,
	                                 (const unsigned char *)text + size * count);
	free(text);
	return good;
}

static void check_load(void)
{
	CHECK(fits("void a() { if (x) { y(1, \"{\", '{'); } /* { */ } ", 100000));
	CHECK(fits("f(a < b, c), ", 100000));
	CHECK(fits("int x = 1; ", 100000));
	CHECK(!fits("!", 100000));
	CHECK(!fits("a<", 1000));
	CHECK(!fits("List<A, ", 1000));
	CHECK(!fits("{", 1100));
	CHECK(!fits("!(", 900 * 100));
	CHECK(!fits("if (x) { } else ", 20000));
	CHECK(!fits("a ? b : ", 20000));
}

int main(void)
{
	check_shapes();
	check_load();
	return tap_done();
}
