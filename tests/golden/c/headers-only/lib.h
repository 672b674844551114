/* Of a library. */
int lib_version(void);
