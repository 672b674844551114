/* exporter/connectors/web/guard.c — see guard.h. */
#include "exporter/connectors/web/guard.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "exporter/connectors/web/listen.h"

#define HOST_NAME_CAP 255

/* Copies the name out of "name[:port]" or "[address][:port]". */
static bool split_host(const char *host, char name[HOST_NAME_CAP + 1])
{
	const char *end, *rest;

	if (*host == '[') {
		host++;
		end = strchr(host, ']');
		rest = end ? end + 1 : NULL;
	} else {
		end = rest = host + strcspn(host, ":");
	}
	if (!end || end == host || end - host > HOST_NAME_CAP)
		return false;
	memcpy(name, host, (size_t)(end - host));
	name[end - host] = '\0';
	if (*rest == '\0')
		return true;
	return *rest == ':' && strspn(rest + 1, "0123456789") == strlen(rest + 1);
}

static bool names_loopback(const char *name)
{
	struct in6_addr address;
	size_t size = strlen(name);

	if (size > 0 && name[size - 1] == '.')
		size--; /* the root label */
	if (size >= 9 && strncasecmp(name + size - 9, "localhost", 9) == 0 &&
	    (size == 9 || name[size - 10] == '.'))
		return true;
	if (inet_pton(AF_INET, name, &address) == 1)
		return strncmp(name, "127.", 4) == 0;
	return inet_pton(AF_INET6, name, &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
}

bool web_host_allowed(const char *host, const struct web_address *address)
{
	char name[HOST_NAME_CAP + 1];

	if (!split_host(host, name))
		return false;
	/* Elsewhere we cannot know by what names this machine goes. */
	if (!address->loopback)
		return true;
	return names_loopback(name) || strcasecmp(name, address->host) == 0;
}

/* Whether URL is "http://HOST" or lies below it; https where a proxy is in front. */
static bool at_host(const char *url, const char *host)
{
	size_t size = strlen(host);

	if (strncasecmp(url, "http", 4) != 0)
		return false;
	url += url[4] == 's' || url[4] == 'S' ? 5 : 4;
	if (strncmp(url, "://", 3) != 0 || strncasecmp(url + 3, host, size) != 0)
		return false;
	return url[3 + size] == '\0' || url[3 + size] == '/';
}

bool web_cross_site(const struct web_headers *headers)
{
	const char *host = headers->host ? headers->host : "";

	/* Sec-Fetch-Site cannot be set by scripts. "none" is a person at the address
	 * bar; "same-site" is another port of this machine. */
	if (headers->fetch_site && strcasecmp(headers->fetch_site, "same-origin") != 0 &&
	    strcasecmp(headers->fetch_site, "none") != 0)
		return true;
	if (headers->origin)
		return !at_host(headers->origin, host);
	return !headers->fetch_site && headers->referer && !at_host(headers->referer, host);
}
