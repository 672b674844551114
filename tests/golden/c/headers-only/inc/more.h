#include <more/base.h>
base lib_more(base x);
