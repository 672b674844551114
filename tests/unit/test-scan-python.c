/* tests/unit/test-scan-python.c — what the Python scanner says of small sources:
 * the parts that snafu-scan's JSON does not show, and bad input.
 *
 * With arguments it checks nothing: it scans the files named and prints, for the
 * agreement test, `line id asynchronous generator` of each function. */
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "scanner/scanner.h"
#include "tests/unit/tap.h"

extern const struct snafu_scanner snafu_scanner_python;

static struct snafu_functions scan_bytes(const char *text, size_t size)
{
	struct snafu_source source = {
		.path = "m.py", .root = ".", .module = "m", .text = text, .size = size};
	struct snafu_functions functions = {0};
	struct snafu_error error = {0};

	if (snafu_scanner_python.scan(&source, 1, NULL, &functions, &error))
		printf("# %s\n", error.message);
	return functions;
}

static struct snafu_functions scan_text(const char *text)
{
	return scan_bytes(text, strlen(text));
}

/* The N-th function with that id, from 0. */
static const struct snafu_function *find(const struct snafu_functions *functions, const char *id,
                                         unsigned n)
{
	static const struct snafu_function none = {.id = "", .name = "", .kind = SNAFU_FUNCTION};

	for (size_t i = 0; i < functions->count; i++)
		if (strcmp(functions->functions[i].id, id) == 0 && n-- == 0)
			return &functions->functions[i];
	return &none;
}

static const struct snafu_parameter *parameter(const struct snafu_function *function,
                                               const char *name)
{
	static struct snafu_parameter none = {.name = ""};

	none.shape = snafu_shape_plain(SNAFU_SHAPE_HANDLE);
	for (size_t i = 0; i < function->n_parameters; i++)
		if (strcmp(function->parameters[i].name, name) == 0)
			return &function->parameters[i];
	return &none;
}

static const struct snafu_shape *shape_of(const struct snafu_functions *functions, const char *name)
{
	return parameter(find(functions, "m.f", 0), name)->shape;
}

static void test_parameters(void)
{
	struct snafu_functions got = scan_text(
		"def f(a, /, b: 'int', c=[1,\n      2], *rest: str, d, e: float = 1.5, **others) -> str:\n"
		"    pass\n"
		"def g(a, *, b): pass\n");
	const struct snafu_function *f = find(&got, "m.f", 0);

	CHECK(got.count == 2 && got.n_diagnostics == 0);
	CHECK(f->n_parameters == 7);
	CHECK(f->name > f->id && f->name < f->id + strlen(f->id));
	CHECK_STRING(f->returns, "str");
	CHECK(f->returns_shape->kind == SNAFU_SHAPE_STRING);
	CHECK(parameter(f, "a")->kind == SNAFU_PARAMETER_POSITIONAL_ONLY);
	CHECK(parameter(f, "b")->kind == SNAFU_PARAMETER_NORMAL);
	CHECK_STRING(parameter(f, "b")->type, "'int'");
	CHECK(parameter(f, "b")->shape->kind == SNAFU_SHAPE_INTEGER);
	CHECK_STRING(parameter(f, "c")->fallback, "[1, 2]");
	CHECK(parameter(f, "rest")->kind == SNAFU_PARAMETER_VARIADIC);
	CHECK_STRING(parameter(f, "rest")->type, "str");
	CHECK(parameter(f, "d")->kind == SNAFU_PARAMETER_KEYWORD_ONLY);
	CHECK(snafu_parameter_required(parameter(f, "d")));
	CHECK_STRING(parameter(f, "e")->fallback, "1.5");
	CHECK(parameter(f, "others")->kind == SNAFU_PARAMETER_KEYWORDS);
	CHECK(parameter(find(&got, "m.g", 0), "b")->kind == SNAFU_PARAMETER_KEYWORD_ONLY);
	snafu_functions_done(&got);
}

static void test_shapes(void)
{
	struct snafu_functions got = scan_text(
		"import enum, datetime\n"
		"from dataclasses import dataclass, field\n"
		"Number = Union[int, float]\n"
		"class Color(enum.Enum):\n    RED = 1\n    GREEN = 2\n    _hidden = 3\n"
		"@dataclass\nclass Point:\n    x: int\n    y: 'float' = 0\n    z: ClassVar[int] = 1\n"
		"    next: Optional['Point'] = None\n"
		"@dataclass(frozen=True)\nclass Named(Point):\n    name: str = field(default='')\n"
		"class Movie(TypedDict, total=False):\n    title: str\n"
		"def f(a: Optional[int], b: list[dict[str, bytes]], c: Literal['x', 'y'],\n"
		"      d: datetime.datetime, e: Color, g: Named | None, h: Number, i: 'list[Movie]',\n"
		"      j: tuple[int, ...], k: Callable[[int], str], l=1, m=-2.5, n='s', o=True, p=b'',\n"
		"      q=(), r={}, s=None, t: Union[int, str] = 1, u: Annotated[UUID, 'id'] = 0,\n"
		"      v=3+x, w: Mapping[str, int] = None): pass\n");

	CHECK(got.n_diagnostics == 0);
	CHECK(shape_of(&got, "a")->kind == SNAFU_SHAPE_INTEGER && shape_of(&got, "a")->nullable);
	const struct snafu_shape *b = shape_of(&got, "b");
	CHECK(b->kind == SNAFU_SHAPE_ARRAY && b->items && b->items->kind == SNAFU_SHAPE_MAP &&
	      b->items->items && b->items->items->kind == SNAFU_SHAPE_BYTES);
	const struct snafu_shape *c = shape_of(&got, "c");
	CHECK(c->kind == SNAFU_SHAPE_ENUM && c->n_values == 2 && strcmp(c->values[1], "y") == 0);
	CHECK_STRING(shape_of(&got, "d")->format, "date-time");
	const struct snafu_shape *e = shape_of(&got, "e");
	CHECK(e->kind == SNAFU_SHAPE_ENUM && e->n_values == 2 && strcmp(e->values[0], "RED") == 0);
	const struct snafu_shape *g = shape_of(&got, "g");
	CHECK(g->kind == SNAFU_SHAPE_OBJECT && g->nullable && g->n_fields == 4);
	if (g->n_fields == 4) {
		CHECK_STRING(g->fields[0].name, "x");
		CHECK(g->fields[1].shape->kind == SNAFU_SHAPE_NUMBER);
		CHECK_STRING(g->fields[3].name, "name");
	}
	CHECK(shape_of(&got, "h")->kind == SNAFU_SHAPE_NUMBER);
	const struct snafu_shape *i = shape_of(&got, "i");
	CHECK(i->kind == SNAFU_SHAPE_ARRAY && i->items && i->items->n_fields == 1);
	const struct snafu_shape *j = shape_of(&got, "j");
	CHECK(j->kind == SNAFU_SHAPE_ARRAY && j->items && j->items->kind == SNAFU_SHAPE_INTEGER);
	CHECK(shape_of(&got, "k")->kind == SNAFU_SHAPE_ANY);
	CHECK(shape_of(&got, "l")->kind == SNAFU_SHAPE_INTEGER);
	CHECK(shape_of(&got, "m")->kind == SNAFU_SHAPE_NUMBER);
	CHECK(shape_of(&got, "n")->kind == SNAFU_SHAPE_STRING);
	CHECK(shape_of(&got, "o")->kind == SNAFU_SHAPE_BOOLEAN);
	CHECK(shape_of(&got, "p")->kind == SNAFU_SHAPE_BYTES);
	CHECK(shape_of(&got, "q")->kind == SNAFU_SHAPE_ARRAY);
	CHECK(shape_of(&got, "r")->kind == SNAFU_SHAPE_MAP);
	CHECK(shape_of(&got, "s")->kind == SNAFU_SHAPE_ANY);
	CHECK(shape_of(&got, "t")->kind == SNAFU_SHAPE_ANY);
	CHECK_STRING(shape_of(&got, "u")->format, "uuid");
	CHECK(shape_of(&got, "v")->kind == SNAFU_SHAPE_ANY);
	CHECK(shape_of(&got, "w")->kind == SNAFU_SHAPE_MAP);
	snafu_functions_done(&got);
}

static void test_flags(void)
{
	struct snafu_functions got = scan_text("async def a(): yield 1\n"
	                                       "def b():\n    def inner(): yield\n    return inner\n"
	                                       "def c():\n    f = lambda: (yield)\n"
	                                       "def d():\n    x = yield from e()\n"
	                                       "def e(x=[i for i in ()]): return f'{(yield)}'\n");

	CHECK(find(&got, "m.a", 0)->asynchronous && find(&got, "m.a", 0)->generator);
	CHECK(!find(&got, "m.b", 0)->generator && !find(&got, "m.b", 0)->asynchronous);
	CHECK(find(&got, "m.b.inner", 0)->generator);
	CHECK(!find(&got, "m.c", 0)->generator);
	CHECK(find(&got, "m.d", 0)->generator);
	CHECK(find(&got, "m.e", 0)->generator);
	CHECK(find(&got, "m.d", 0)->returns_shape->kind == SNAFU_SHAPE_ARRAY);
	snafu_functions_done(&got);
}

static void test_docs(void)
{
	struct snafu_functions got = scan_text(
		"def f(n, sep='', *rest):\n"
		"    u'''Say\\x41 \\u00e9\\n\n\tmore\n\n    :param int n: how many,\n        at most\n"
		"    :param sep: between\n    ''' \"!\"\n"
		"def g(n, m):\n    r\"\"\"Args:\n        n (int): one \\d\n        m: two\n\n"
		"    Returns:\n        n: no\n    \"\"\"\n"
		"def h(x, y, *args):\n    '''H.\n\n    Parameters\n    ----------\n    x, y : float\n"
		"        both\n    *args\n        rest\n\n    Returns\n    -------\n    x\n        no\n    "
		"'''\n"
		"def i():\n    b'no doc'\n"
		"def j():\n    'no' + 'doc'\n"
		"def k(): 'doc'; return 1\n");
	const struct snafu_function *f = find(&got, "m.f", 0), *h = find(&got, "m.h", 0);

	CHECK_STRING(f->doc, "SayA \xc3\xa9\n\n    more\n\n:param int n: how many,\n    at most\n"
	                     ":param sep: between\n!");
	CHECK_STRING(parameter(f, "n")->doc, "how many, at most");
	CHECK_STRING(parameter(f, "sep")->doc, "between");
	CHECK_STRING(parameter(f, "rest")->doc, NULL);
	CHECK_STRING(parameter(find(&got, "m.g", 0), "n")->doc, "one \\d");
	CHECK_STRING(parameter(find(&got, "m.g", 0), "m")->doc, "two");
	CHECK_STRING(parameter(h, "x")->doc, "both");
	CHECK_STRING(parameter(h, "y")->doc, "both");
	CHECK_STRING(parameter(h, "args")->doc, "rest");
	CHECK_STRING(find(&got, "m.i", 0)->doc, NULL);
	CHECK_STRING(find(&got, "m.j", 0)->doc, NULL);
	CHECK_STRING(find(&got, "m.k", 0)->doc, "doc");
	snafu_functions_done(&got);
}

static const char *language_of(const char *text)
{
	struct snafu_functions got = scan_text(text);
	const char *language = got.count ? got.functions[0].language : "none";

	if (got.n_diagnostics)
		language = "told wrong";
	snafu_functions_done(&got);
	return language;
}

static void test_python2(void)
{
	CHECK_STRING(language_of("def f():\n    print 'x'\n"), "python2");
	CHECK_STRING(language_of("def f():\n    print('x')\n"), "python");
	CHECK_STRING(language_of("def f():\n    print\n"), "python");
	CHECK_STRING(language_of("def f(): pass\nexec 'x' in {}\n"), "python2");
	CHECK_STRING(language_of("def f():\n  try: pass\n  except A, e: pass\n"), "python2");
	CHECK_STRING(language_of("def f():\n  try: pass\n  except (A, B): pass\n"), "python");
	CHECK_STRING(language_of("def f(): raise A, 'b'\n"), "python2");
	CHECK_STRING(language_of("def f(): return `x`\n"), "python2");
	CHECK_STRING(language_of("def f(): return a <> b\n"), "python2");
	CHECK_STRING(language_of("def f(mode=0777): pass\n"), "python2");
	CHECK_STRING(language_of("def f(mode=00, x=0.5, y=0_0, z=007.5): pass\n"), "python");
	CHECK_STRING(language_of("def f(): return 10L\n"), "python2");
	CHECK_STRING(language_of("def f(): return ur'x'\n"), "python2");
	CHECK_STRING(language_of("def f(a, (b, c)): pass\n"), "python2");
	CHECK_STRING(language_of("def f(a=(1, 2)): pass\n"), "python");
	CHECK_STRING(language_of("def f(a=`x`): pass\n"), "python2");
	CHECK_STRING(language_of("#!/usr/bin/python2.7\ndef f(): pass\n"), "python2");
	CHECK_STRING(language_of("def f(): pass\nmatch x:\n    case [1, *_]: pass\n"), "python");
	CHECK_STRING(language_of("def f(): pass\nmatch = type = case = print = exec = 1\n"), "python");

	struct snafu_functions got = scan_text("def f((a, b), c): print a\n");
	CHECK(!find(&got, "m.f", 0)->reason);
	CHECK(find(&got, "m.f", 0)->n_parameters == 2);
	CHECK_STRING(find(&got, "m.f", 0)->parameters[0].name, "a_b");
	snafu_functions_done(&got);
}

static void test_encodings(void)
{
	CHECK_STRING(language_of("# -*- coding: latin-1 -*-\ndef f(): 'caf\xe9'\n"), "python");
	CHECK_STRING(language_of("\xef\xbb\xbf"
	                         "def f(): 'caf\xc3\xa9'\n"),
	             "python");
	CHECK_STRING(language_of("def f(): 'caf\xe9'\n"), "told wrong");
	CHECK_STRING(language_of("# coding: nonesuch\ndef f(): pass\n"), "told wrong");

	struct snafu_functions got = scan_text(
		"#!x\r\n# vim: set fileencoding=iso-8859-15 :\r\n\f\r\ndef f():\r\n\t'''a \xa4\r\n"
		"\tb'''\r\n\treturn 1\r\n");
	CHECK_STRING(find(&got, "m.f", 0)->doc, "a \xe2\x82\xac\nb");
	CHECK(find(&got, "m.f", 0)->line == 4);
	snafu_functions_done(&got);
}

static void test_reasons(void)
{
	struct snafu_functions got = scan_text(
		"try:\n    def a(): pass\nexcept E:\n    def a(): pass\n" /* 2, 4 */
		"def b(): pass\ndef b(): pass\n" /* 5, 6 */
		"if sys.version_info[0] < 3:\n    def c(): pass\nelse:\n    def c(): pass\n"
		"if __name__ == '__main__':\n    def d(): pass\n"
		"def e(): pass\nif fast:\n    def e(): pass\n"
		"class P:\n    @property\n    def x(self): pass\n    @x.setter\n    def x(self, v): pass\n"
		"    def s(): pass\n    s = staticmethod(s)\n"
		"class Q(abc.ABC):\n    @abc.abstractmethod\n    def x(self): pass\n    def y(self): pass\n"
		"    @staticmethod\n    def z(): pass\n"
		"@overload\ndef o(x: int): ...\n@overload\ndef o(x: str): ...\ndef o(x): pass\n"
		"if TYPE_CHECKING:\n    def t(): pass\n");

	CHECK(!find(&got, "m.a", 0)->reason && find(&got, "m.a", 1)->reason);
	CHECK(find(&got, "m.b", 0)->reason && !find(&got, "m.b", 1)->reason);
	CHECK(find(&got, "m.c", 0)->reason && !find(&got, "m.c", 1)->reason);
	CHECK(find(&got, "m.d", 0)->reason);
	CHECK(!find(&got, "m.e", 0)->reason && find(&got, "m.e", 1)->reason);
	CHECK(find(&got, "m.P.x", 0)->kind == SNAFU_PROPERTY && find(&got, "m.P.x", 0)->reason);
	CHECK(find(&got, "m.P.x", 1)->kind == SNAFU_PROPERTY);
	CHECK(find(&got, "m.P.s", 0)->kind == SNAFU_STATIC_METHOD);
	CHECK(find(&got, "m.Q.x", 0)->reason && find(&got, "m.Q.y", 0)->reason);
	CHECK(!find(&got, "m.Q.z", 0)->reason);
	CHECK(find(&got, "m.o", 0)->reason && find(&got, "m.o", 1)->reason &&
	      !find(&got, "m.o", 2)->reason);
	CHECK(find(&got, "m.t", 0)->reason);
	snafu_functions_done(&got);
}

static void test_syntax_errors(void)
{
	struct snafu_functions got =
		scan_text("def a():\n    return 1 +\n"
	              "def b(x):\n    pass\n"
	              "def c(y:\n    return 1\n"
	              "def d(z): pass\n"
	              "class K:\n    def e(self): return [1, 2\n    def f(self): pass\n"
	              "def g():\npass\n"
	              "def h(): return a b\n");

	CHECK_STRING(find(&got, "m.a", 0)->reason, "does not parse: syntax error in line 2");
	CHECK(!find(&got, "m.b", 0)->reason && find(&got, "m.b", 0)->n_parameters == 1);
	CHECK_STRING(find(&got, "m.c", 0)->reason, "does not parse: syntax error in line 5");
	CHECK(!find(&got, "m.d", 0)->reason && find(&got, "m.d", 0)->n_parameters == 1);
	CHECK_STRING(find(&got, "m.K.e", 0)->reason, "does not parse: syntax error in line 9");
	CHECK(!find(&got, "m.K.f", 0)->reason);
	CHECK(find(&got, "m.g", 0)->reason && find(&got, "m.h", 0)->reason);
	CHECK(got.n_diagnostics == 5 && got.diagnostics[0].line == 2);
	snafu_functions_done(&got);
}

/* SIZE bytes of UNIT over and over. */
static void scan_repeated(const char *unit, size_t size)
{
	size_t n = strlen(unit);
	char *text = malloc(size + 1);

	for (size_t i = 0; text && i < size; i++)
		text[i] = unit[i % n];
	if (!CHECK(text != NULL))
		return;
	text[size] = '\0';
	struct snafu_functions got = scan_bytes(text, size);
	CHECK(got.count <= SNAFU_SCAN_FUNCTIONS_CAP);
	snafu_functions_done(&got);
	free(text);
}

static void test_hostile(void)
{
	struct snafu_functions got = scan_bytes("def f(): pass\n\0", 15);

	CHECK(got.count == 0 && got.n_diagnostics == 1);
	snafu_functions_done(&got);
	got = scan_text("");
	CHECK(got.count == 0 && got.n_diagnostics == 0);
	snafu_functions_done(&got);
	scan_repeated("(", 4u << 20);
	scan_repeated("def f(", 1u << 20);
	scan_repeated("def f(a=(", 1u << 20);
	scan_repeated("\"\"\"\\", 1u << 20);
	scan_repeated("class A(A): x: 'A'\n", 1u << 20);
	scan_repeated("lambda:", 1u << 20);
	scan_repeated("def f(): pass\n", 1u << 20);
	scan_repeated("if x:\n def f(): 'd'\nelse:\n def f(): pass\n", 1u << 18);
	scan_repeated("@", 1u << 20);
	scan_repeated("@a\n", 1u << 20);
	scan_repeated("a b\n", 1u << 18);
	scan_repeated("\xff\xfe", 1u << 18);
}

static int print_flags(int count, char **paths)
{
	for (int i = 0; i < count; i++) {
		char *text;
		size_t size;

		if (snafu_file_read(paths[i], SNAFU_SCAN_FILE_CAP, &text, &size, NULL))
			return 1;
		struct snafu_functions got = scan_bytes(text, size);
		printf("= %s\n", paths[i]);
		for (size_t k = 0; k < got.count; k++)
			printf("%u %s %d %d\n", got.functions[k].line, got.functions[k].id,
			       got.functions[k].asynchronous, got.functions[k].generator);
		snafu_functions_done(&got);
		free(text);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return print_flags(argc - 1, argv + 1);
	test_parameters();
	test_shapes();
	test_flags();
	test_docs();
	test_python2();
	test_encodings();
	test_reasons();
	test_syntax_errors();
	test_hostile();
	return tap_done();
}
