/* SPDX-License-Identifier: MIT */
/*
 * netevent - names of net events, and keeping one; see netevent.h.
 */
#include "model/netevent.h"

static const char *const type_names[MODEL_NETEVENT_TYPES] = {
	[MODEL_NETEVENT_IKEEXT_MM_FAILURE] = "IKEEXT_MM_FAILURE",
	[MODEL_NETEVENT_IKEEXT_QM_FAILURE] = "IKEEXT_QM_FAILURE",
	[MODEL_NETEVENT_IKEEXT_EM_FAILURE] = "IKEEXT_EM_FAILURE",
	[MODEL_NETEVENT_CLASSIFY_DROP] = "CLASSIFY_DROP",
	[MODEL_NETEVENT_IPSEC_KERNEL_DROP] = "IPSEC_KERNEL_DROP",
	[MODEL_NETEVENT_IPSEC_DOSP_DROP] = "IPSEC_DOSP_DROP",
	[MODEL_NETEVENT_CLASSIFY_ALLOW] = "CLASSIFY_ALLOW",
	[MODEL_NETEVENT_CAPABILITY_DROP] = "CAPABILITY_DROP",
	[MODEL_NETEVENT_CAPABILITY_ALLOW] = "CAPABILITY_ALLOW",
	[MODEL_NETEVENT_CLASSIFY_DROP_MAC] = "CLASSIFY_DROP_MAC",
	[MODEL_NETEVENT_LPM_PACKET_ARRIVAL] = "LPM_PACKET_ARRIVAL",
};

void model_netevent_keep(const struct model_netevent *e)
{
	model_app_get(e->app);
}

void model_netevent_let_go(const struct model_netevent *e)
{
	model_app_put(e->app);
}

const char *model_netevent_type_name(uint32_t type)
{
	return type < MODEL_NETEVENT_TYPES ? type_names[type] : NULL;
}
