# SPDX-License-Identifier: MIT
"""Compares what the two ends saw with what the policy says: lost, duplicated, wrong verdicts."""
from plan import carries_pattern, other


def seen(ends, side, what, flow):
    return {int(s): n for s, n in ends[side][what].get(str(flow["id"]), {}).items()}


def must_arrive(flow, seq):
    """True, False, or None: it may, but need not."""
    if flow["expect"] == "either":
        return None
    if flow["expect"] == "block" or carries_pattern(flow, seq):
        return False
    if flow["expect"] == "pattern" and flow["proto"] == "tcp":
        return True if all(not carries_pattern(flow, s) for s in range(seq)) else None
    return True


def judge_flow(flow, ends, found):
    arrived = seen(ends, other(flow["from"]), "got", flow)
    echoes = seen(ends, flow["from"], "echoed", flow)
    sights = [echoes] if flow["proto"] == "icmp" else [arrived, echoes]
    if flow["id"] in ends[flow["from"]]["refused"] and flow["expect"] in ("permit", "pattern"):
        found["wrong_verdicts"].append(f"flow {flow['id']} ({flow['proto']}): refused")
        return
    for seq in range(flow["count"]):
        want = must_arrive(flow, seq)
        for where, sight in zip(("arrived", "echoed"), sights):
            times = sight.get(seq, 0)
            text = f"flow {flow['id']} ({flow['proto']} v{flow['family']} from {flow['from']}, " \
                   f"{flow['expect']}) message {seq}: {where} {times} times"
            if times > 1:
                found["duplicated"].append(text)
            if want is True and times == 0:
                found["lost"].append(text)
                break  # without the message there is no echo
            if want is False and times:
                found["wrong_verdicts"].append(text)


def judge(flows, ends):
    """{"lost": [...], "duplicated": [...], "wrong_verdicts": [...]}, each a list of sentences."""
    found = {"lost": [], "duplicated": [], "wrong_verdicts": []}
    for flow in flows:
        judge_flow(flow, ends, found)
    for side in ends:
        found["wrong_verdicts"] += [f"{side}: damaged message: {c}" for c in ends[side]["corrupt"]]
    return found
