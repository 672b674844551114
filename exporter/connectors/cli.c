/* exporter/connectors/cli.c — being written. */
#include "exporter/connector.h"

extern const struct snafu_connector snafu_connector;
const struct snafu_connector snafu_connector = {
	.version = SNAFU_CONNECTOR_VERSION,
	.name = "cli",
};
