/* SPDX-License-Identifier: Apache-2.0 */
/* The profile that a sweep found for a device and an adapter, where the user has named none. */
#include "cli/run_priv.h"

#include "cli/open.h"
#include "history/history.h"
#include "host/sweep_files.h"

#include <string.h>

int run_take_swept(struct run *r, const char *device, struct profile *profile)
{
	char reach[HISTORY_OPTIONS_MAX], name[PROFILE_NAME_MAX];
	struct sweep_pair pair = {
		.simulated = r->cli->sim_given ? cli_reach(r->cli, reach, sizeof(reach)) : NULL,
	};
	struct transport_link link;
	int code;

	if (r->cli->profile)
		return CLI_OK;
	r->transport->ops->link_state(r->transport, &link);
	(void)snprintf(pair.adapter, sizeof(pair.adapter), "%s", link.adapter);
	if (!sweep_profile_of(&pair, device, name))
		return CLI_OK;
	code = cli_load_profile(r->cli, name, profile, NULL);
	if (code == CLI_OK)
		log_write(&r->cli->log, LOG_LEVEL_WARNING,
			  "using profile %s, which 'otabench sweep' found for this device%s; "
			  "-p default does without",
			  name, pair.simulated ? " in this simulation" : " and adapter");
	return code;
}
