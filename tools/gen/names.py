# SPDX-License-Identifier: MIT
"""Generates the names of values as listings show them: one group per enumeration or set of flags."""

import facts
import tables

# An observed name that the headers lack, and the reserved bit that stands for it here; and the flags
# of a callout's registration, which listings show among those of its object.
OBSERVED = {"FWPM_FILTER_FLAG_": [("FWPM_FILTER_FLAG_HAS_FILTER_ORIGIN", 0x1000)],
            "FWPM_CALLOUT_FLAG_": [("FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW", 1), ("FWP_CALLOUT_FLAG_ALLOW_OFFLOAD", 2)]}
# What becomes a group; of flags, the prefix that all its members have.
ENUMS = ["FWP_DATA_TYPE", "FWP_MATCH_TYPE", "FWP_ACTION_TYPE", "FWP_FILTER_ENUM_TYPE", "FWP_IP_VERSION",
         "FWP_DIRECTION", "FWP_AF", "FWP_CLASSIFY_OPTION_TYPE", "FWP_NETWORK_CONNECTION_POLICY_SETTING_TYPE",
         "FWPM_FIELD_TYPE", "FWPM_PROVIDER_CONTEXT_TYPE", "FWPM_NET_EVENT_TYPE", "FWPM_ENGINE_OPTION",
         "FWPM_SYSTEM_PORT_TYPE", "FWPM_CHANGE_TYPE", "IKEEXT_AUTHENTICATION_METHOD_TYPE",
         "IKEEXT_AUTHENTICATION_IMPERSONATION_TYPE", "IKEEXT_CIPHER_TYPE", "IKEEXT_INTEGRITY_TYPE", "IKEEXT_DH_GROUP",
         "IKEEXT_CERT_CONFIG_TYPE", "IKEEXT_CERT_CRITERIA_NAME_TYPE", "IKEEXT_KEY_MODULE_TYPE", "IPSEC_TRANSFORM_TYPE",
         "IPSEC_AUTH_TYPE", "IPSEC_CIPHER_TYPE", "IPSEC_PFS_GROUP", "IPSEC_TRAFFIC_TYPE"]
FLAGS = ["FWPM_SESSION_FLAG_", "FWPM_PROVIDER_FLAG_", "FWPM_PROVIDER_CONTEXT_FLAG_", "FWPM_SUBLAYER_FLAG_",
         "FWPM_LAYER_FLAG_", "FWPM_CALLOUT_FLAG_", "FWPM_FILTER_FLAG_", "FWPM_SUBSCRIPTION_FLAG_",
         "FWPM_NET_EVENT_FLAG_", "FWP_FILTER_ENUM_FLAG_", "FWP_ACTION_FLAG_", "IPSEC_POLICY_FLAG_",
         "IKEEXT_POLICY_FLAG_", "IKEEXT_CERT_FLAG_", "IKEEXT_CERT_AUTH_FLAG_", "IKEEXT_KERB_AUTH_",
         "IKEEXT_RESERVED_AUTH_", "IKEEXT_NTLM_V2_AUTH_", "IKEEXT_PSK_FLAG_", "IKEEXT_EAP_FLAG_",
         "IPSEC_AUTH_CONFIG_", "IPSEC_CIPHER_CONFIG_", "IPSEC_KEYING_POLICY_FLAG_", "IPSEC_DOSP_FLAG_"]


def group(name, rows):
    return [f"NAMES_BEGIN({name.rstrip('_')})"] + [f'NAME({value:#x}, "{text}")' for text, value in rows] + \
        [f"NAMES_END({name.rstrip('_')})"]


def names():
    out, constants = [], facts.constants()
    for e in ENUMS:
        out += group(e, [(n, v) for n, v, of, _ in constants if of == e and not n.endswith("_MAX")])
    for f in FLAGS:
        longer = [x for x in FLAGS if x != f and x.startswith(f)]
        rows = [(n, v) for n, v, _, _ in constants if n.startswith(f) and isinstance(v, int) and
                not any(n.startswith(x) for x in longer) and not n.endswith(("_ALL", "_NONE", "_MAX"))]
        seen, kept = set(), []
        for n, v in rows + OBSERVED.get(f, []):
            if v in seen:
                kept = [(m, w) if w != v else (n, v) for m, w in kept]
            else:
                kept.append((n, v))
            seen.add(v)
        if kept:
            out += group(f, sorted(kept, key=lambda r: r[1]))
    return tables.table([
        "NAMES_BEGIN(group) NAME(value, \"name\")... NAMES_END(group)",
        "",
        "Enumerations and flags by the name of their group; of flags it is what their names begin",
        "with. FWPM_FILTER_FLAG_HAS_FILTER_ORIGIN was observed, its value is not public: a reserved",
        "bit stands for it.",
    ], out)


def keys():
    rows = [f'KEY("{name}", ({facts.guid_initializer(guid)}))'
            for name, guid, kind in facts.guids() if kind in ("providerContext", "keyingModule")]
    return tables.table(["KEY(name, (guid))", "", "Keys that the model's own tables do not have."], rows)


OUTPUTS = {"src/import/tables/names.def": names, "src/import/tables/keys.def": keys}
