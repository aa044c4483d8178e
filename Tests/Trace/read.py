"""Reads a trace with Perfetto's own schema, and checks what every trace must keep.

    read.py FILE START END

START and END are the first and the last nanosecond that may occur; both 0 if they are not known. Prints JSON: the tracks
with their events, and the arrows.
"""
import json
import sys

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import BUILTIN_CLOCK_MONOTONIC, Trace, TrackEvent


def fail(text):
    sys.exit(f"{sys.argv[1]}: {text}")


trace = Trace()
with open(sys.argv[1], "rb") as file:
    content = file.read()
if trace.ParseFromString(content) != len(content):
    fail("it is not read to its end")
if trace.SerializeToString() != content:
    fail("it has fields that Perfetto's schema does not have, or has elsewhere")
first, last = int(sys.argv[2]), int(sys.argv[3])

snapshot = trace.packet[0].clock_snapshot
if snapshot.primary_trace_clock != BUILTIN_CLOCK_MONOTONIC or [c.clock_id for c in snapshot.clocks] != [3]:
    fail("the clock is not CLOCK_MONOTONIC")
if {p.trusted_packet_sequence_id for p in trace.packet} != {1} or trace.packet[0].sequence_flags != 1:
    fail("it is not one sequence")

tracks = {}
for packet in trace.packet:
    if packet.HasField("track_descriptor"):
        track = packet.track_descriptor
        if track.uuid in tracks or track.uuid == 0:
            fail(f"track {track.uuid} is described twice")
        if track.parent_uuid and track.parent_uuid not in tracks:
            fail(f"track {track.uuid} has an unknown parent")
        tracks[track.uuid] = {
            "name": track.name,
            "pid": track.process.pid,
            "parent": tracks[track.parent_uuid]["name"] if track.parent_uuid else "",
            "slices": [],
            "instants": [],
        }

time = 0
opened = {uuid: [] for uuid in tracks}
begins, ends = {}, {}
for packet in trace.packet:
    if not packet.HasField("track_event"):
        continue
    event = packet.track_event
    if event.track_uuid not in tracks:
        fail(f"an event is on the unknown track {event.track_uuid}")
    if packet.timestamp_clock_id != BUILTIN_CLOCK_MONOTONIC or packet.timestamp < time:
        fail("events are not in the order of CLOCK_MONOTONIC")
    time = packet.timestamp
    if last and not first <= time <= last:
        fail(f"{time} is not within {first} to {last}")
    track, stack = tracks[event.track_uuid], opened[event.track_uuid]
    made = {
        "track": track["name"],
        "name": event.name,
        "at": time,
        "category": "".join(event.categories),
        "details": {a.name: a.string_value for a in event.debug_annotations},
    }
    if event.type == TrackEvent.TYPE_SLICE_END:
        if not stack:
            fail(f"on {track['name']} a slice ends that did not begin")
        stack.pop()["end"] = time
    elif event.type == TrackEvent.TYPE_SLICE_BEGIN:
        made["depth"] = len(stack)
        stack.append(made)
        track["slices"].append(made)
    else:
        track["instants"].append(made)
    for flow in event.flow_ids:
        if flow in begins or flow in ends:
            fail(f"flow {flow} begins twice, or after its end")
        begins[flow] = made
    for flow in event.terminating_flow_ids:
        if flow in ends or flow not in begins:
            fail(f"flow {flow} ends twice, or without a beginning")
        ends[flow] = made
for uuid, stack in opened.items():
    if stack:
        fail(f"on {tracks[uuid]['name']} a slice does not end")
if begins.keys() != ends.keys():
    fail("a flow does not end")
names = [(track["parent"], track["name"], track["pid"]) for track in tracks.values()]
for name in names:
    if names.count(name) > 1:
        fail(f"two tracks are {name}")
arrows = [{"from": begins[flow], "to": ends[flow]} for flow in sorted(begins)]
print(json.dumps({"tracks": list(tracks.values()), "arrows": arrows}))
