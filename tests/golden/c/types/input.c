#include <complex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum color { RED, GREEN = 5, BLUE };
typedef enum { LEFT = -1, RIGHT = 1 } side;

typedef struct {
	double x, y;
} point;

struct box {
	point corner;
	point size;
	const char *label;
	int tags[4];
	struct { int red, green; };
};

struct node {
	int value;
	struct node *next;
};

union number {
	int i;
	double d;
};

struct bits {
	unsigned a : 3, b : 5;
};

struct callbacks {
	void (*done)(int);
	void *state;
};

struct opaque;

signed char integers(signed char a, unsigned short b, int c, unsigned long d, int64_t e, uint8_t f);
double reals(float a, double b, long double c) { return a + b + (double)c; }
bool booleans(bool a, _Bool b) { return a && b; }
char characters(char c) { return c; }
double complex complexes(double complex z, float _Complex w) { return z + w; }
enum color enums(enum color c, side s) { (void)s; return c; }
point by_value(point p) { return p; }
double box_area(const struct box *b) { return b->size.x * b->size.y; }
void move(point *p, double by) { p->x += by; }
void origin(point *out) { out->x = out->y = 0; }
int length(const struct node *list) { return list ? 1 + length(list->next) : 0; }
point *make_point(void) { return 0; }
struct opaque *open_it(const char *name) { (void)name; return 0; }
int use_it(struct opaque *it, void *context) { return it == context; }
void close_it(struct opaque **it) { *it = 0; }
int use_file(FILE *file) { return file != 0; }
time_t use_time(const struct tm *when, time_t *now) { (void)when; return *now; }
int arrays(int plain[], const double fixed[3], double matrix[3][3], char name[16]) { (void)fixed; (void)matrix; (void)name; return plain[0]; }
int variable(int n, double a[n]) { return n + (int)a[0]; }
int square(int n, double a[n][n]) { return n + (int)a[0][0]; }
int callback(int (*compare)(const void *, const void *), void *context) { return compare(context, context); }
int function_type(int apply(int), int x) { return apply(x); }
int forward(const char *format, va_list arguments) { (void)format; (void)arguments; return 0; }
int union_by_value(union number n) { return n.i; }
int union_pointer(union number *n) { return n->i; }
int bits_by_value(struct bits b) { return (int)b.a; }
int bits_pointer(struct bits *b) { return (int)b->a; }
int callbacks_pointer(struct callbacks *c) { return c->state != 0; }
union number returns_union(void) { union number n = {0}; return n; }
int wide(__int128 x) { return (int)x; }
typedef float vector __attribute__((vector_size(16)));
int vectors(vector v) { return (int)v[0]; }
const unsigned char *returns_bytes(void) { return 0; }
int qualified(const int a, volatile int b, const char *const c) { (void)c; return a + b; }
