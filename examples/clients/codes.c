/* SPDX-License-Identifier: MIT */
/*
 * codes - the codes of the platform, their names, and what the user of a management program can do
 * about each. Called by the main thread of each example.
 */
#include "common.h"

#include <stdio.h>

#define CODE(name, advice)                                                                         \
	{                                                                                          \
		(DWORD)(name), #name, advice                                                       \
	}
#define A_BUG	   "the program asked for what cannot be: this is a bug in it"
#define IPSEC_ONLY "this is about IPsec policy: check the proposal that was passed"

static const struct {
	DWORD code;
	const char *name, *advice;
} codes[] = {
	CODE(FWP_E_CALLOUT_NOT_FOUND, "add the callout before the filter that calls it"),
	CODE(FWP_E_CONDITION_NOT_FOUND,
	     "the layer has no such field: `wfp show layers` lists them"),
	CODE(FWP_E_FILTER_NOT_FOUND, "somebody deleted it meanwhile: look again"),
	CODE(FWP_E_LAYER_NOT_FOUND, "no such layer: `wfp show layers` lists them"),
	CODE(FWP_E_PROVIDER_NOT_FOUND, "add the provider before what belongs to it"),
	CODE(FWP_E_PROVIDER_CONTEXT_NOT_FOUND, "add the provider context before its filter"),
	CODE(FWP_E_SUBLAYER_NOT_FOUND, "add the sublayer before its filters"),
	CODE(FWP_E_NOT_FOUND, "there is no such object"),
	CODE(FWP_E_ALREADY_EXISTS, "an object has this key already: remove the old one first"),
	CODE(FWP_E_IN_USE, "other objects refer to it: delete those first"),
	CODE(FWP_E_DYNAMIC_SESSION_IN_PROGRESS,
	     "a dynamic session cannot add what is to stay: leave out --dynamic"),
	CODE(FWP_E_WRONG_SESSION,
	     "it belongs to a session that is still running: end that program"),
	CODE(FWP_E_NO_TXN_IN_PROGRESS, A_BUG),
	CODE(FWP_E_TXN_IN_PROGRESS, "commit or abort the transaction first"),
	CODE(FWP_E_TXN_ABORTED, "the transaction took too long: try again"),
	CODE(FWP_E_SESSION_ABORTED, "the engine ended this session: start again"),
	CODE(FWP_E_INCOMPATIBLE_TXN, "the transaction is read-only"),
	CODE(FWP_E_TIMEOUT, "another program keeps the engine locked: `wfp show sessions`, then "
			    "try again"),
	CODE(FWP_E_NET_EVENTS_DISABLED, "switch the option FWPM_ENGINE_COLLECT_NET_EVENTS on"),
	CODE(FWP_E_INCOMPATIBLE_LAYER, "this layer cannot have that (boot-time filters: only at "
				       "kernel layers)"),
	CODE(FWP_E_KM_CLIENTS_ONLY, "only drivers may do that"),
	CODE(FWP_E_LIFETIME_MISMATCH, "what is to stay refers to what goes: make the provider and "
				      "the sublayer persistent, too"),
	CODE(FWP_E_BUILTIN_OBJECT, "built-in objects stay as they are"),
	CODE(FWP_E_TOO_MANY_CALLOUTS, "delete callouts that nobody needs"),
	CODE(FWP_E_NOTIFICATION_DROPPED, "the program was too slow for the changes: read all anew"),
	CODE(FWP_E_TRAFFIC_MISMATCH, IPSEC_ONLY),
	CODE(FWP_E_INCOMPATIBLE_SA_STATE, IPSEC_ONLY),
	CODE(FWP_E_NULL_POINTER, A_BUG),
	CODE(FWP_E_INVALID_ENUMERATOR, A_BUG),
	CODE(FWP_E_INVALID_FLAGS, "these flags do not go together"),
	CODE(FWP_E_INVALID_NET_MASK, "the bits of a mask have no holes"),
	CODE(FWP_E_INVALID_RANGE, "the low end of a range comes first"),
	CODE(FWP_E_INVALID_INTERVAL, "the interval ends before it begins"),
	CODE(FWP_E_ZERO_LENGTH_ARRAY, A_BUG),
	CODE(FWP_E_NULL_DISPLAY_NAME, "every object needs a name"),
	CODE(FWP_E_INVALID_ACTION_TYPE, "no such action"),
	CODE(FWP_E_INVALID_WEIGHT, "a weight is empty, 0 to 15, or 64 bits"),
	CODE(FWP_E_MATCH_TYPE_MISMATCH, "this field cannot be compared that way"),
	CODE(FWP_E_TYPE_MISMATCH, "the value has not the type of the field"),
	CODE(FWP_E_OUT_OF_BOUNDS, "a number is too large"),
	CODE(FWP_E_RESERVED, "a reserved member is not zero"),
	CODE(FWP_E_DUPLICATE_CONDITION, "a template asks for one field twice"),
	CODE(FWP_E_DUPLICATE_KEYMOD, IPSEC_ONLY),
	CODE(FWP_E_ACTION_INCOMPATIBLE_WITH_LAYER, "this layer does not know the action"),
	CODE(FWP_E_ACTION_INCOMPATIBLE_WITH_SUBLAYER, "this sublayer does not know the action"),
	CODE(FWP_E_CONTEXT_INCOMPATIBLE_WITH_LAYER, "the provider context is for other layers"),
	CODE(FWP_E_CONTEXT_INCOMPATIBLE_WITH_CALLOUT, "the callout takes no provider context"),
	CODE(FWP_E_INCOMPATIBLE_AUTH_METHOD, IPSEC_ONLY),
	CODE(FWP_E_INCOMPATIBLE_DH_GROUP, IPSEC_ONLY),
	CODE(FWP_E_EM_NOT_SUPPORTED, IPSEC_ONLY),
	CODE(FWP_E_NEVER_MATCH, "the conditions contradict each other"),
	CODE(FWP_E_PROVIDER_CONTEXT_MISMATCH, "the provider context is of another type"),
	CODE(FWP_E_INVALID_PARAMETER, A_BUG),
	CODE(FWP_E_TOO_MANY_SUBLAYERS, "delete sublayers that nobody needs"),
	CODE(FWP_E_CALLOUT_NOTIFICATION_FAILED, "the callout's driver refused: see its own log"),
	CODE(FWP_E_INVALID_AUTH_TRANSFORM, IPSEC_ONLY),
	CODE(FWP_E_INVALID_CIPHER_TRANSFORM, IPSEC_ONLY),
	CODE(ERROR_FILE_NOT_FOUND, "there is no such file or interface"),
	CODE(ERROR_PATH_NOT_FOUND, "there is no such folder"),
	CODE(ERROR_ACCESS_DENIED, "run it as an administrator (root)"),
	CODE(ERROR_INVALID_NAME, "this is no name"),
	CODE(ERROR_NOT_ENOUGH_MEMORY, "no memory is left"),
	CODE(ERROR_NOT_SUPPORTED, "the engine keeps nothing: start wfpd with --store"),
	CODE(ERROR_INVALID_PARAMETER, "there is no such interface or object"),
	CODE(RPC_S_SERVER_UNAVAILABLE, "the engine cannot be reached: is wfpd running, and may you "
				       "use its socket?"),
	CODE(RPC_S_CALL_FAILED, "the engine went away in the middle: is wfpd still running? What "
				"was not committed was not done"),
	CODE(EPT_S_NOT_REGISTERED, "the engine is not running: start wfpd"),
};

const char *code_name(DWORD code, const char **advice)
{
	for (size_t i = 0; i < _countof(codes); i++) {
		if (codes[i].code != code)
			continue;
		if (advice)
			*advice = codes[i].advice;
		return codes[i].name;
	}
	if (advice)
		*advice = "see winerror.h";
	return "unknown";
}

DWORD check(const char *what, DWORD code)
{
	const char *advice, *name;

	if (code == ERROR_SUCCESS)
		return code;
	name = code_name(code, &advice);
	fprintf(stderr, "%s: %s (0x%08lX): %s\n", what, name, (unsigned long)code, advice);
	return code;
}
