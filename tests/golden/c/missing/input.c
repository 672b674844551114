#include "nowhere.h"

int known(int x) { return x; }
int unknown_parameter(widget w) { return 0; }
widget unknown_result(int x) { return x; }
int unknown_pointer(widget *w, int x) { return x; }
struct half { int a; gadget b; };
int unknown_field(struct half *h) { return h->a; }
int unknown_field_by_value(struct half h) { return h.a; }
int broken(int x { return x; }
int after(int y) { return y; }
int undeclared_in_body(void) { return not_there(nothing); }
