/* SPDX-License-Identifier: Apache-2.0 */
/* The rules in words; see grade.h. */
#include "serve/grade.h"

static const struct {
	const char *name, *section, *text, *fault;
} rows[GRADE_RULES] = {
	[GRADE_SUBSCRIBE] = {"subscribe", "3.1",
			     "notifications of Control are enabled before START",
			     "client wrote START without notifications of Control"},
	[GRADE_REQUESTS] = {"requests", "3.2", "commands are write requests",
			    "client wrote Control without response"},
	[GRADE_OPCODE] = {"opcode", "4", "commands are those that the device offers",
			  "client wrote a command that the device does not offer"},
	[GRADE_LENGTH] = {"length", "4", "a command is at least as long as its definition",
			  "client wrote a command that is too short"},
	[GRADE_INFO] = {"info", "3.3", "Info is read in each connection and not cached",
			"client wrote START without reading Info in this connection"},
	[GRADE_VERSION] = {"version", "4.1", "START has a version and flags that the device offers",
			   "client wrote START with a version or flags that are not offered"},
	[GRADE_SIZE] = {"size", "4.1",
			"START has an image size of 1 to the slot's, and a stream size that is "
			"the same unless compressed",
			"client wrote START with a wrong size"},
	[GRADE_ONE_START] = {"one-start", "4.1", "no START before the last one was answered",
			     "client wrote START again before its answer"},
	[GRADE_READY] = {"ready", "4.1", "no value before READY", "client sent data before READY"},
	[GRADE_VALUE] = {"value", "3.2",
			 "a value is at most ATT MTU - 3 bytes, 512, and READY's largest value",
			 "client sent a value of a length that is not allowed"},
	[GRADE_SEQUENCE] = {"sequence", "8.2", "values are numbered one after the other",
			    "client sent a value with a wrong sequence number"},
	[GRADE_LIMIT] = {"limit", "8.1", "no payload beyond the limit of READY and ACK",
			 "client sent data beyond the limit"},
	[GRADE_END_OF_IMAGE] = {"end-of-image", "4.1", "no payload beyond START's size",
				"client sent more than it announced"},
	[GRADE_RESUME] = {"resume", "5.1", "the image goes on at READY's offset",
			  "client ignored the offset that READY told to resume at"},
	[GRADE_GAP] = {"gap", "8.2", "after GAP values go on from its offset",
		       "client ignored a GAP"},
	[GRADE_RESYNC] = {"resync", "4.10", "no RESYNC and no value before RESYNC's GAP",
			  "client did not wait for the GAP that answers RESYNC"},
	[GRADE_END] = {"end", "4.3", "END comes when all was sent, and no value after it",
		       "client wrote END before all was sent, or sent data after it"},
	[GRADE_HASH] = {"hash", "4.1", "the image is the one that START announced",
			"client sent an image with another SHA-256 than announced"},
	[GRADE_STATE] = {"state", "6.2", "commands are possible in the device's state",
			 "client wrote a command that is not possible in this state"},
	[GRADE_ALIVE] = {"alive", "6.3", "a session that pauses is kept alive with STATUS",
			 "client left a session idle"},
	[GRADE_LINK] = {"link", "4.8", "LINK's values are in range",
			"client wrote LINK with values out of range"},
	[GRADE_STAY] = {"stay", "6.4", "after END the client waits for DONE or ERROR",
			"client disconnected between END and DONE"},
	[GRADE_CONFIRM] = {"confirm", "9.4",
			   "after DONE the client comes back, reads Info and confirms the image",
			   "client did not confirm the image that it sent"},
};

const char *grade_rule_name(enum grade_rule rule)
{
	return rows[rule].name;
}

const char *grade_rule_section(enum grade_rule rule)
{
	return rows[rule].section;
}

const char *grade_rule_text(enum grade_rule rule)
{
	return rows[rule].text;
}

const char *grade_rule_fault(enum grade_rule rule)
{
	return rows[rule].fault;
}

const char *grade_mark_name(enum grade_mark mark)
{
	switch (mark) {
	case GRADE_UNSEEN:
		return "unseen";
	case GRADE_KEPT:
		return "kept";
	case GRADE_BROKEN:
		return "broken";
	}
	return "unseen";
}
