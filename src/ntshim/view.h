/* SPDX-License-Identifier: MIT */
/*
 * view - how one indication of the engine looks to a callout: fields, metadata, filter and layer
 * data as the public structs.
 *
 * Built on the stack of one call, taken apart after it.  Fields are not copied: the engine's values
 * have the public layout, which view.c asserts.
 */
#pragma once

#include <fwpsk.h>

#include "engine/callout.h"
#include "ntshim/nbl.h"

#define VIEW_CONDITIONS 16u

struct view {
	FWPS_INCOMING_VALUES0 values;
	FWPS_INCOMING_METADATA_VALUES0 meta;
	FWPS_FILTER3 filter; /* all four versions have one layout */
	FWPS_FILTER_CONDITION0 conditions[VIEW_CONDITIONS];
	FWPS_FILTER_CONDITION0 *more; /* when the filter has more conditions than that */
	UINT64 weight;
	struct nt_nbl *nbl;
	FWPS_STREAM_DATA0 stream;
	FWPS_STREAM_CALLOUT_IO_PACKET0 stream_io;
	void *layer_data;
	bool is_stream;
};

/* ERR_NO_MEMORY: nothing to close. */
MUST_CHECK wfp_err view_open(struct view *v, const struct engine_call *call,
			     struct nt_driver *driver);
void view_close(struct view *v);

/* For notifyFn, which sees a filter without an indication. */
MUST_CHECK wfp_err view_open_filter(struct view *v, const struct model_filter *f,
				    uint32_t callout_id);
