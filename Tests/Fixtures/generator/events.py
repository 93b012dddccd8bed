"""tensorboard.tfevents: an event file of a few scalars, by TensorBoard's own messages and record writer."""

VERSION = ("brain.Event:2", 1_700_000_000.5)
EVENTS = [
  (422, 1_700_000_001.25, [("train/loss", 0.5), ("train/accuracy", 0.8125), ("learning_rate", 1e-3), ("zero", 0.0)]),
  (844, 1_700_000_002.75, [("train/loss", -2.5e-7), ("größe/π", float("inf"))]),
  (3_000_000_000, 1_700_000_003.0, [("train/loss", 1.0)]),
]


def generate(path):
  # Here, so that the other fixtures need no TensorBoard.
  from tensorboard.compat.proto import event_pb2, summary_pb2
  from tensorboard.summary.writer.record_writer import RecordWriter

  with open(path, "wb") as file:
    writer = RecordWriter(file)
    writer.write(event_pb2.Event(wall_time=VERSION[1], file_version=VERSION[0]).SerializeToString())
    for step, time, scalars in EVENTS:
      values = [summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in scalars]
      event = event_pb2.Event(wall_time=time, step=step, summary=summary_pb2.Summary(value=values))
      writer.write(event.SerializeToString())
    writer.flush()
  return [f"{len(EVENTS)} events"]
