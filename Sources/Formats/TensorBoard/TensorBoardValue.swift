/// What an event can hold under a tag.
public enum TensorBoardValue: Sendable {
  /// A number of a curve.
  case scalar(Float)
  /// How numbers are spread.
  case histogram(Histogram)
  /// A picture.
  case image(PNG)
  /// The beginning of a session of the hparams plugin: what decides the training, by name. Its tag is the plugin's own.
  case sessionStart(hyperparameters: [(name: String, value: HyperparameterValue)], time: Double)
  /// The end of that session.
  case sessionEnd(isSuccess: Bool, time: Double)

  /// What a hyper-parameter can be.
  public enum HyperparameterValue: Hashable, Sendable {
    /// A number.
    case number(Double)
    /// A word, or anything else in words.
    case text(String)
    /// Yes or no.
    case flag(Bool)
  }

  /// The tags under which the plugin looks for them.
  public static let (sessionStartTag, sessionEndTag) = ("_hparams_/session_start_info", "_hparams_/session_end_info")

  /// Appends the fields of a `Summary.Value` (tensorflow's `core/framework/summary.proto`): tag = 1, simple_value = 2, image = 4, histo = 5,
  /// tensor = 8, metadata = 9.
  func write(_ tag: String, to value: inout ProtobufWriter) {
    value.text(1, tag)
    switch self {
    case .scalar(let number): value.float(2, number)
    case .histogram(let histogram):
      // min = 1, max = 2, num = 3, sum = 4, sum_squares = 5, bucket_limit = 6, bucket = 7.
      value.message(5) { histo in
        histo.double(1, histogram.minimum)
        histo.double(2, histogram.maximum)
        histo.double(3, Double(histogram.count))
        histo.double(4, histogram.sum)
        histo.double(5, histogram.sumOfSquares)
        histo.packed(6, histogram.limits)
        histo.packed(7, histogram.counts.map(Double.init))
      }
    case .image(let picture):
      // height = 1, width = 2, colorspace = 3 (RGB has three channels), encoded_image_string = 4.
      value.message(4) { image in
        image.integer(1, Int64(picture.height))
        image.integer(2, Int64(picture.width))
        image.integer(3, 3)
        image.data(4, picture.bytes)
      }
    case .sessionStart(let hyperparameters, let time):
      // session_start_info = 3 { hparams = 1 (a map), start_time_secs = 5 }.
      Self.plugin(&value) { data in
        data.message(3) { start in
          for each in hyperparameters {
            start.message(1) { entry in
              entry.text(1, each.name)
              entry.message(2) { each.value.write(to: &$0) }
            }
          }
          start.double(5, time)
        }
      }
    case .sessionEnd(let isSuccess, let time):
      // session_end_info = 4 { status = 1 (1 is success, 2 failure), end_time_secs = 2 }.
      Self.plugin(&value) { data in
        data.message(4) { end in
          end.integer(1, isSuccess ? 1 : 2)
          end.double(2, time)
        }
      }
    }
  }

  /// A value of the hparams plugin, all of which is in its metadata: metadata { plugin_data = 1 { plugin_name = 1, content = 2 } }. The tensor
  /// beside it is one of float without elements.
  private static func plugin(_ value: inout ProtobufWriter, _ content: (inout ProtobufWriter) -> Void) {
    value.message(8) { tensor in
      tensor.integer(1, 1)
      tensor.message(2) { $0.message(2) { _ in } }
    }
    value.message(9) { metadata in
      metadata.message(1) { data in
        data.text(1, "hparams")
        data.message(2, content)
      }
    }
  }
}

extension TensorBoardValue.HyperparameterValue {
  /// The fields of a `google.protobuf.Value`.
  fileprivate func write(to value: inout ProtobufWriter) {
    switch self {
    case .number(let number): value.double(2, number)
    case .text(let text): value.text(3, text)
    case .flag(let flag): value.integer(4, flag ? 1 : 0)
    }
  }
}
