/* programs/snafu-scan.c — being written. */
int main(void)
{
	return 1;
}
