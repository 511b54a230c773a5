/* SPDX-License-Identifier: Apache-2.0 */
/* See signals.h. */
#include "config.h" /* system extensions: sigprocmask() */

#include "cli/signals.h"

#include <signal.h>
#include <stddef.h>

int cli_catch_signals(sd_event *event, sd_event_signal_handler_t handler, void *userdata)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaddset(&set, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		const int rc = sd_event_add_signal(event, NULL, signals[i], handler, userdata);

		if (rc < 0)
			return rc;
	}
	return 0;
}
