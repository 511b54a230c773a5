/* SPDX-License-Identifier: Apache-2.0 */
/* A client's table of a server, for whoever compares it, and made by hand: see attc.h. */
#include "air/attc.h"

#include <string.h>

static void export_one(struct gatt_table *ret, uint16_t handle, bool service, uint8_t properties,
		       const struct att_uuid *uuid)
{
	struct gatt_entry entry = {.handle = handle, .service = service, .properties = properties};

	gatt_uuid_text(uuid->bytes, uuid->len, entry.uuid);
	gatt_table_add(ret, &entry);
}

void attc_table_export(const struct attc_table *table, struct gatt_table *ret)
{
	*ret = (struct gatt_table){.hashed = table->known};
	memcpy(ret->hash, table->hash, sizeof(ret->hash));
	for (size_t i = 0; i < table->service_count; i++)
		export_one(ret, table->services[i].start, true, 0, &table->services[i].uuid);
	for (size_t i = 0; i < table->chr_count; i++)
		export_one(ret, table->chrs[i].handle, false, table->chrs[i].properties,
			   &table->chrs[i].uuid);
}

static void keep_service(struct attc_table *t, const struct att_attribute *a)
{
	if (t->service_count < ATTC_SERVICES_MAX)
		t->services[t->service_count++] = (struct attc_service){
			.start = a->handle, .end = a->group_end, .uuid = a->uuid};
}

/* The next declaration ends it, or the service does. */
static void keep_characteristic(struct attc_table *t, const struct att_attribute *a)
{
	const struct attc_service *service = &t->services[t->service_count - 1];

	if (t->chr_count > 0 && t->chrs[t->chr_count - 1].end_handle == service->end)
		t->chrs[t->chr_count - 1].end_handle = (uint16_t)(a->handle - 1u);
	if (t->chr_count < ATTC_CHRS_MAX)
		t->chrs[t->chr_count++] = (struct attc_chr){
			.service = service->uuid,
			.uuid = a->uuid,
			.handle = a->handle,
			.value_handle = (uint16_t)(a->handle + 1u),
			.end_handle = service->end,
			.properties = a->properties,
		};
}

void attc_table_keep(struct attc_table *table, enum att_table of)
{
	struct att_db db;

	att_db_init(&db, of);
	*table = (struct attc_table){.known = true, .kept = true};
	memcpy(table->hash, db.hash, sizeof(table->hash));
	for (size_t i = 0; i < db.count; i++) {
		const struct att_attribute *a = &db.attributes[i];

		switch (a->kind) {
		case ATT_KIND_SERVICE:
			keep_service(table, a);
			break;
		case ATT_KIND_CHARACTERISTIC:
			keep_characteristic(table, a);
			break;
		case ATT_KIND_CCC:
			table->chrs[table->chr_count - 1].ccc_handle = a->handle;
			break;
		case ATT_KIND_VALUE:
			break;
		}
	}
}
