/* A ring with a table of buffers, each of which has a tag. */
#ifndef RINGTRIAL_TABLE_H
#define RINGTRIAL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "ring.h"

#define TABLE_SLOTS 6

struct table {
	struct ring ring;
	struct region regions[TABLE_SLOTS];
	uint64_t tags[TABLE_SLOTS];
	unsigned count;
};

void table_open(struct table *table, unsigned count, const char *what);
/* Has the tag of the buffer that was registered first in this slot been posted? */
bool table_has_tag(struct table *table, unsigned slot);
/* Unregisters, checks the ring, and takes everything down. */
void table_close(struct table *table);

#endif
