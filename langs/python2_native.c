/* langs/python2_native.c — which program serves Python 2 functions as they are. See python2.h. */
#include "langs/python2.h"

int python2_command(const struct snafu_function *function, const char *variant, char ***ret_argv,
                    struct snafu_error *error)
{
	(void)function, (void)variant, (void)ret_argv, (void)error;
	return 0;
}
