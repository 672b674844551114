#include "api.h"

int one(void) { return 1; }
static int own(void) { return one(); }
