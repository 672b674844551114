/* Every kind of function that C has. */
#include <stdio.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdnoreturn.h>

int declared_only(int x);

/* Adds. */
int add(int a, int b)
{
	return a + b;
}

static int hidden_by_static(int x)
{
	return x;
}

static inline int static_inline(int x) { return x; }
inline int inline_only(int x) { return x; }
extern inline int inline_extern(int x) { return x; }
inline int inline_declared(int x) { return x; }
extern int inline_declared(int x);

int kr(a, b, c)
	int a; /* the first */
	float b;
	char *c;
{
	return a + (int)b + (c != 0);
}

int no_parameters() { return 0; }
int void_parameters(void) { return 0; }

int print_all(const char *format, ...)
{
	(void)format;
	return 0;
}

#define DEFINE_GETTER(NAME, TYPE) TYPE get_##NAME(void) { return (TYPE)0; }
DEFINE_GETTER(width, int)
DEFINE_GETTER(ratio, double)

#define PUBLIC
#define API(TYPE) __attribute__((visibility("default"))) TYPE
PUBLIC API(long) with_macros(long x) { return x; }

__attribute__((visibility("hidden"))) int hidden_by_attribute(void) { return 1; }
__attribute__((const, nonnull(1))) int with_attributes(const int *p) { return *p; }
int attribute_behind(int x) __attribute__((pure));
int attribute_behind(int x) { return x; }

#define kind_of(X) _Generic((X), int: 1, double: 2, default: 0)
int generic(double x) { return kind_of(x); }

int atomic(_Atomic int value, atomic_long *counter) { return value + (int)*counter; }
_Static_assert(sizeof(int) == 4, "int has four bytes");

int gnu(int x)
{
	int nested(int y) { return y; }
	return ({ int z = x; z; }) ?: nested(1);
}

typeof(int) typed(__typeof__(0.5) x) { return (int)x; }
noreturn void stop(void) { for (;;) ; }
int (returned_in_parentheses)(int x) { return x; }
int (*returns_function(int x))(int) { (void)x; return 0; }
const char *const *names(void) { return 0; }
int restricted(int *restrict a, const volatile int *b) { return *a + *b; }

#if 0
int left_out(void) { return 0; }
#endif
#ifdef __STDC__
int put_in(void) { return 0; }
#else
int put_in(int other) { return 0; }
#endif

int dürfen(int größe) { return größe; }

int main(int argc, char **argv)
{
	(void)argv;
	return argc;
}
