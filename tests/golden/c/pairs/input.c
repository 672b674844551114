#include <stddef.h>
#include <stdint.h>

uint32_t checksum(const uint8_t *data, size_t len) { (void)data; return (uint32_t)len; }
int pack(uint8_t *dest, size_t *destLen, const uint8_t *source, size_t sourceLen) { (void)dest; (void)destLen; (void)source; (void)sourceLen; return 0; }
double dot(const double *a, const double *b, size_t n) { (void)a; (void)b; return (double)n; }
double mean(int n, const double *x) { return n * x[0]; }
void sort(int *values, size_t count) { (void)values; (void)count; }
int fill(int *out, int max) { (void)out; return max; }
char *format(char *buf, size_t size, double value) { (void)size; (void)value; return buf; }
char *upper(char *text) { return text; }
void swap(int *a, int *b) { (void)a; (void)b; }
int divide(int a, int b, int *remainder) { *remainder = a % b; return a / b; }
int parse(const char *text, int nByte, const char **tail) { (void)text; (void)tail; return nByte; }
int join(const char *const *parts, int n_parts) { (void)parts; return n_parts; }
void digest(const void *data, size_t data_len, unsigned char out[16]) { (void)data; (void)data_len; (void)out; }
size_t read_some(void *context, void *buf, size_t size) { (void)context; (void)buf; return size; }
