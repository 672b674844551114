#include <config.h>
#ifdef WITH_EXTRA
int extra(number x) { return (int)x; }
#endif
#ifdef WITHOUT
int without(void) { return 0; }
#endif
#ifdef QUOTED
const char *quoted(void) { return QUOTED; }
#endif
enum small { ONE };
int main_size(enum small e) { return sizeof e; }
