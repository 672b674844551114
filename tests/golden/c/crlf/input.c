/* CRLF
 * and Latin-1: grüßen
 */
int crlf(int x) /* länge */
{
	return x;
}
// two
// lines
int two(int a, /* one */
	int b /* other */)
{
	return a + b;
}
