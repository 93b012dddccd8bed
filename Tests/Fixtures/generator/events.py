"""tensorboard.tfevents: an event file of a few scalars, by TensorBoard's own messages and record writer; tensorboard_values.tfevents: one of all
else that we write, a histogram, a picture, and the beginning and end of a session of the hparams plugin."""

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


def generate_values(path):
  from tensorboard.compat.proto import event_pb2, histogram_pb2, summary_pb2
  from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
  from tensorboard.summary.writer.record_writer import RecordWriter

  Value = summary_pb2.Summary.Value
  # Of -1, -0.5, 0.75, 1.5 and 2.
  histogram = histogram_pb2.HistogramProto(
    min=-1, max=2, num=5, sum=2.75, sum_squares=8.0625, bucket_limit=[-0.25, 0.5, 1.25, 2], bucket=[2, 0, 1, 2])
  image = summary_pb2.Summary.Image(height=1, width=2, colorspace=3, encoded_image_string=bytes(range(1, 40)))

  def session(tag, data):
    return Value(tag=tag, metadata=metadata.create_summary_metadata(data), tensor=metadata.NULL_TENSOR)

  def start(name, **value):
    info = plugin_data_pb2.SessionStartInfo(start_time_secs=1_700_000_000.5)
    for key, each in value.items():
      setattr(info.hparams[name], key, each)
    return session(metadata.SESSION_START_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_start_info=info))

  # A map has no order, so one entry each.
  starts = [start("lr", number_value=0.25), start("model", string_value="mlp"), start("exact", bool_value=True)]
  info = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=1_700_000_009.25)
  end = session(metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=info))
  values = [Value(tag="weights/fc.weight", histo=histogram), Value(tag="confusion_matrix/test", image=image)]
  with open(path, "wb") as file:
    writer = RecordWriter(file)
    writer.write(event_pb2.Event(wall_time=VERSION[1], file_version=VERSION[0]).SerializeToString())
    for step, found in enumerate([values, *[[each] for each in starts], [end]], start=1):
      event = event_pb2.Event(wall_time=1_700_000_001.0 + step, step=step, summary=summary_pb2.Summary(value=found))
      writer.write(event.SerializeToString())
    writer.flush()
  return [f"{2 + len(starts) + 1} values"]
