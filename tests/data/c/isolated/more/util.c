int up(void);
static int calls;
int up_twice(void) { calls++; up(); return up() * 10 + calls; }
