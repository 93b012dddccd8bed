import GlissadeLayers

// What has neither windows nor parts.

extension LayerKinds {
  /// Dense layers.
  static let dense: [LayerKind] = [
    LayerKind(
      name: "dense",
      summary: "A fully connected layer of features; drop_connect drops that share of its weights in training (DropConnect).",
      numbers: [
        .count("features", "a number of features", to: LayerNumber.mostFeatures),
        .share("drop_connect", "the share of weights that is dropped", usual: 0),
      ], words: [LayerWord("bias", "yes", "no")], randomRate: "drop_connect"
    ) { (arguments, place) throws(LayerListError) in
      guard place.input.rank == 1 else {
        throw place.error("it takes features, and gets \(place.input); 'flatten' or 'global_average_pool' in front of it makes them")
      }
      let (inputs, outputs, start) = (place.channels, arguments.count("features"), place.initialization)
      let dense = Dense(
        inputs, outputs, bias: arguments.says("bias"), initializer: start.weight(fanIn: inputs, fanOut: outputs),
        biasInitializer: start.bias(fanIn: inputs))
      let rate = arguments.float("drop_connect")
      if rate == 0 { return dense }
      return DropConnect(dense, rate: rate)
    }
  ]

  /// What normalises.
  static let norms: [LayerKind] = [
    LayerKind(name: "batch_norm", summary: "Each channel over the batch, with running statistics for evaluation.") {
      (_, place) throws(LayerListError) in
      BatchNorm(place.channels)
    },
    LayerKind(name: "layer_norm", summary: "All of a sample's numbers; of pictures each channel has weight and bias.") {
      (_, place) throws(LayerListError) in
      if place.isOfPictures { return GroupNorm(groups: 1, place.channels) }
      return LayerNorm(place.input)
    },
    LayerKind(
      name: "group_norm", summary: "So many groups of a sample's channels, each by itself.",
      numbers: [.count("groups", "a number of groups", usual: 8)]
    ) { (arguments, place) throws(LayerListError) in GroupNorm(groups: arguments.count("groups"), place.channels) },
    LayerKind(name: "instance_norm", summary: "Each channel of each picture, with weight and bias.") { (_, place) throws(LayerListError) in
      try place.require([3], "pictures, [height, width, channels]")
      return InstanceNorm(place.channels, isAffine: true)
    },
    LayerKind(name: "softmax", summary: "Shares of 1, over the channels or features.") { (_, _) throws(LayerListError) in Softmax() },
    LayerKind(name: "log_softmax", summary: "Their logarithms.") { (_, _) throws(LayerListError) in LogSoftmax() },
    LayerKind(name: "rms_norm", summary: "The root of the mean square over the channels.") { (_, place) throws(LayerListError) in
      RMSNorm(place.channels)
    },
  ]

  /// What drops something in training.
  static let dropouts: [LayerKind] = [
    LayerKind(
      name: "dropout", summary: "Zeroes a share of all numbers in training.", numbers: [.share("rate", "the share", usual: 0.5)],
      randomRate: "rate"
    ) { (arguments, _) throws(LayerListError) in Dropout(arguments.float("rate")) },
    LayerKind(
      name: "spatial_dropout", summary: "Zeroes a share of all channels in training.", numbers: [.share("rate", "the share", usual: 0.5)],
      randomRate: "rate"
    ) { (arguments, place) throws(LayerListError) in
      try place.require([2, 3], "places with channels, as [height, width, channels]")
      return SpatialDropout(arguments.float("rate"))
    },
  ]

  /// What changes shapes alone.
  static let shapes: [LayerKind] = [
    LayerKind(name: "flatten", summary: "All of a sample's numbers in one row.") { (_, _) throws(LayerListError) in Flatten() },
    LayerKind(
      name: "reshape", summary: "The same numbers as [height, width, channels], or with two numbers as [length, channels].",
      numbers: [
        .count("height", "a height, or a length"), .count("width", "a width, or a number of channels"),
        .optional("channels", "a number of channels"),
      ]
    ) { (arguments, place) throws(LayerListError) in
      let shape = Shape(["height", "width", "channels"].compactMap { arguments.given($0).map { Int($0) } })
      guard shape.count == place.input.count else {
        throw place.error("\(shape) are \(shape.count) numbers, and it gets \(place.input), which are \(place.input.count)")
      }
      return Reshape(shape)
    },
    LayerKind(
      name: "pad", summary: "So many more pixels on each side.", numbers: [.count("amount", "a number of pixels", to: 1024)],
      words: [LayerWord("mode", "zeros", "reflect", "replicate", "circular")]
    ) { (arguments, place) throws(LayerListError) in
      try place.require([2, 3], "pictures, or lines of channels")
      let mode: PaddingMode =
        switch arguments.word("mode") {
        case "reflect": .reflect
        case "replicate": .replicate
        case "circular": .circular
        default: .constant(0)
        }
      let amount = arguments.count("amount")
      if place.isOfPictures { return Pad2D(amount, mode: mode) }
      return Pad1D(amount, mode: mode)
    },
    LayerKind(
      name: "upsample", summary: "Pictures so many times as high and wide.", numbers: [.count("factor", "a factor", usual: 2, to: 64)],
      words: [LayerWord("mode", "nearest", "bilinear")]
    ) { (arguments, place) throws(LayerListError) in
      try place.require([3], "pictures, [height, width, channels]")
      return Upsample(arguments.count("factor"), mode: arguments.word("mode") == "nearest" ? .nearest : .bilinear)
    },
  ]

  /// Every activation, with its numbers.
  static let activations: [LayerKind] = Activation.Name.allCases.map { name in
    LayerKind(
      name: name.rawValue, summary: "",
      numbers: name.numbers.map { .number($0.name, "a number", usual: Double($0.usual)) }
    ) { (arguments, place) throws(LayerListError) in
      let activation = Activation(name, name.numbers.map { arguments.float($0.name) })
      if let problem = activation.problem { throw place.error(problem) }
      return activation.makeLayer(channels: place.channels)
    }
  }
}
