/* This opens the file and belongs to no function. */

int first(void) { return 1; }

/* A block comment. */
int block(void) { return 1; }

// A line comment
// of two lines.
int lines(void) { return 1; }

/**
 * Documented.
 *
 *     indented = code;
 *
 * @param a    the first
 * @param[in,out] b the second, which
 *             goes on
 * \param c the third
 * @return nothing much
 */
int documented(int a, int *b, int c) { return a + *b + c; }

/// Triple slashes.
/// @param x not much
int slashes(int x) { return x; }

/*!
 * Qt style.
 */
int qt(void) { return 1; }

/*
** SQLite style, with a
** *pointer and an *emphasis*.
*/
int sqlite(void) { return 1; }

/******************************
 * Boxed                      *
 ******************************/
int boxed(void) { return 1; }

/* One by one, */
/* line by line. */
int one_by_one(void) { return 1; }

/* Set off by a blank line. */

int set_off(void) { return 1; }

int trailing(void) { return 1; } /* This is trailing's. */
int after_trailing(void) { return 1; }

/* Before a condition. */
#ifdef __STDC__
int conditional(void) { return 1; }
#endif

/* Before the attribute. */
__attribute__((noinline))
int attributed(void) { return 1; }

int beside(int width,  /* how wide */
           int height, /* how high */
           int depth   /* how deep */)
{
	return width + height + depth;
}

int beside_lines(
	int left,  // to the left
	int right) // to the right
{
	return left + right;
}

/* Declared here. */
int declared(void);

int declared(void) { return 1; }

const char *string = "/* not a comment */";
int after_string(void) { return 1; }
