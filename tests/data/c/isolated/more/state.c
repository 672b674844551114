static int other = 1;
int touch(int at) { (void)at; return other++; }
int up(void);
int mixed(void) { return up() + other++; }
