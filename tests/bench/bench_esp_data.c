/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data values through the firmware's own callback, for esp_data to count: 495
 * bytes in two mbufs, as they come from the link layer on an MTU of 517.
 */
#include "esphost.h"

#include <stdio.h>
#include <stdlib.h>

#define IMAGE 500016u

int main(void)
{
	struct esphost_image image;
	struct host host;

	esphost_power_on();
	image = esphost_image("otabench-sim", "1.1.0", IMAGE, 1, 2);
	if (!esphost_update(&host, &image) || fake_breach) {
		fprintf(stderr, "the update failed\n");
		return 1;
	}
	free(image.bytes);
	return 0;
}
