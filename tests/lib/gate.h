/*
 * A plain read of an empty pipe that heads a link: what is linked behind it is submitted, and issued
 * only when the gate is opened.
 */
#ifndef RINGTRIAL_GATE_H
#define RINGTRIAL_GATE_H

#include "hold.h"
#include "ring.h"

struct gate {
	struct hold pipe;
};

/* Fills an SQE, linked to the next one. */
void gate_prepare(struct gate *gate, struct ring *ring);
void gate_open(struct gate *gate);
void gate_close(struct gate *gate);

#endif
