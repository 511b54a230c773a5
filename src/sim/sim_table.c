/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated stack's memory of a device's services, and a look past that memory: a connection of
 * its own, of which the program hears nothing but the end.
 */
#include "sim/sim_priv.h"

int sim_table_look(struct sim *sim, const char *address)
{
	int rc;

	sim->looked_at = NULL;
	sim->look_status = -OTA_ENOTCONN;
	sim->looked = (struct attc_table){.known = false};
	sim->looking = true;
	rc = sim->base.ops->connect(&sim->base, address);
	if (rc < 0)
		sim->looking = false;
	return rc;
}

static void look_ended(struct sim *sim, enum gatt_reason reason)
{
	const struct transport_event event = {
		.kind = TRANSPORT_MAINTENANCE,
		.status = reason == GATT_NOT_FOUND ? -OTA_ETIMEDOUT : sim->look_status,
	};

	sim->looking = false;
	sim_emit(sim, &event);
}

void sim_table_event(struct sim *sim, const struct transport_event *event)
{
	if (event->kind == TRANSPORT_CONNECTED) {
		(void)attc_discover(&sim->client);
	} else if (event->kind == TRANSPORT_DISCOVERED) {
		sim->look_status = event->status;
		sim->looked_at = event->status == 0 ? sim->target : NULL;
		(void)link_terminate(sim->link, LINK_CENTRAL, LINK_REASON_REMOTE_USER);
	} else if (event->kind == TRANSPORT_DISCONNECTED) {
		look_ended(sim, event->reason);
	}
}

int sim_table(struct transport *t, const char *address, enum transport_table which,
	      struct gatt_table *ret)
{
	struct sim *sim = sim_of(t);
	const struct esp *esp = fleet_find(sim->fleet, address);
	const bool own = which == TRANSPORT_TABLE_DEVICE;
	const struct attc_table *table = own ? &sim->looked : &sim->table;

	if (!esp || esp != (own ? sim->looked_at : sim->table_of) || table->service_count == 0)
		return -OTA_ENOENT;
	attc_table_export(table, ret);
	return 0;
}

void sim_table_misremember(struct sim *sim)
{
	attc_table_keep(&sim->table, ATT_TABLE_SHUFFLED);
	sim->table_of = sim->target;
}

void sim_table_refused(struct sim *sim, bool ccc, int error)
{
	/* A descriptor is the stack's: what answers with an application's error is none. */
	const bool other = ccc && error >= ATT_ERR_APPLICATION && error <= ATT_ERR_APPLICATION_LAST;

	if (sim->table.kept &&
	    (other || error == ATT_ERR_HANDLE || error == ATT_ERR_NOT_FOUND ||
	     error == ATT_ERR_READ_NOT_PERMITTED || error == ATT_ERR_WRITE_NOT_PERMITTED))
		sim->misremembered = true;
}

void sim_table_forget(struct sim *sim, const struct esp *esp)
{
	if (sim->table_of != esp)
		return;
	sim->table = (struct attc_table){.known = false};
	sim->table_of = NULL;
	sim->misremembered = false;
}
