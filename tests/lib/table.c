#include "table.h"

#include "point.h"
#include "register.h"
#include "trial.h"

void table_open(struct table *table, unsigned count, const char *what)
{
	struct iovec buffers[TABLE_SLOTS];

	ring_open(&table->ring, (struct ring_options){ .entries = 32 });
	table->count = count;
	for (unsigned i = 0; i < count; i++) {
		region_map(&table->regions[i], BUFFER_PAGES, what);
		buffers[i] = region_iovec(&table->regions[i]);
		table->tags[i] = ring_announce_optional(&table->ring, "the tag of a buffer");
	}
	register_or_leave(&table->ring, buffers, count, table->tags);
}

bool table_has_tag(struct table *table, unsigned slot)
{
	ring_reap(&table->ring);
	return ring_look(&table->ring, table->tags[slot]).order != 0;
}

void table_close(struct table *table)
{
	if (unregister_buffers(&table->ring) != 0)
		fail("to unregister at the end", "an error");
	ring_check(&table->ring);
	ring_close(&table->ring);
	for (unsigned i = 0; i < table->count; i++)
		region_unmap(&table->regions[i]);
}
