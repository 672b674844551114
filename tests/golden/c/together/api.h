/* Defined in one.c. */
int one(void);
/* Defined in another library. */
int elsewhere(int x);
