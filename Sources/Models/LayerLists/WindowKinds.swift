import GlissadeLayers

// What looks at windows of pictures, or of lines of channels: convolutions and poolings.

extension LayerKinds {
  private static let (kernel, stride, padding, dilation) = (
    LayerNumber.count("kernel", "the windows' height and width", usual: 3, to: 1024),
    LayerNumber.count("stride", "from window to window", usual: 1, to: 1024),
    LayerNumber.count("padding", "zeros on every side", usual: 0, from: 0, to: 1024),
    LayerNumber.count("dilation", "from tap to tap", usual: 1, to: 1024)
  )
  private static let channels = LayerNumber.count("channels", "a number of channels")
  private static let bias = LayerWord("bias", "yes", "no")
  private static let windows = "pictures, [height, width, channels], or lines of channels, [length, channels]"

  /// Convolutions.
  static let convolutions: [LayerKind] = [
    LayerKind(
      name: "conv", summary: "A convolution, in one dimension of lines.",
      numbers: [channels, kernel, stride, padding, dilation, .count("groups", "groups of channels", usual: 1)], words: [bias]
    ) { (arguments, place) throws(LayerListError) in
      try convolution(arguments, place, outputs: arguments.count("channels"), groups: arguments.count("groups"))
    },
    LayerKind(
      name: "depthwise_conv", summary: "A convolution with a filter for each channel.", numbers: [kernel, stride, padding, dilation],
      words: [bias]
    ) { (arguments, place) throws(LayerListError) in try convolution(arguments, place, outputs: place.channels, groups: place.channels) },
    LayerKind(
      name: "separable_conv", summary: "A filter for each channel, and mixtures of the channels behind it.",
      numbers: [channels, kernel, stride, padding], words: [bias]
    ) { (arguments, place) throws(LayerListError) in
      try place.require([3], "pictures, [height, width, channels]")
      return SeparableConv2D(
        place.channels, arguments.count("channels"), kernel: arguments.count("kernel"), stride: arguments.count("stride"),
        padding: arguments.count("padding"), bias: arguments.says("bias"), initialization: place.initialization)
    },
    LayerKind(
      name: "conv_transpose", summary: "A transposed convolution, which enlarges pictures.",
      numbers: [channels, kernel, stride, padding, .count("output_padding", "more on one side", usual: 0, from: 0, to: 1024)], words: [bias]
    ) { (arguments, place) throws(LayerListError) in
      try place.require([2, 3], windows)
      let (outputs, kernel, stride) = (arguments.count("channels"), arguments.count("kernel"), arguments.count("stride"))
      let (padding, more, bias) = (arguments.count("padding"), arguments.count("output_padding"), arguments.says("bias"))
      // PyTorch counts what goes out as what goes in here.
      let (taps, start) = (place.isOfPictures ? kernel * kernel : kernel, place.initialization)
      let (weight, first) = (start.weight(fanIn: outputs * taps, fanOut: place.channels * taps), start.bias(fanIn: outputs * taps))
      if place.isOfPictures {
        return ConvTranspose2D(
          place.channels, outputs, kernel: kernel, stride: stride, padding: padding, outputPadding: more, bias: bias, initializer: weight,
          biasInitializer: first)
      }
      return ConvTranspose1D(
        place.channels, outputs, kernel: kernel, stride: stride, padding: padding, outputPadding: more, bias: bias, initializer: weight,
        biasInitializer: first)
    },
  ]

  private static func convolution(
    _ arguments: LayerArguments, _ place: LayerPlace, outputs: Int, groups: Int
  ) throws(LayerListError) -> any Layer {
    try place.require([2, 3], windows)
    guard place.channels % groups == 0, outputs % groups == 0 else {
      throw place.error("\(groups) groups have to divide the \(place.channels) channels that go in and the \(outputs) that come out")
    }
    let (kernel, stride, padding) = (arguments.count("kernel"), arguments.count("stride"), arguments.count("padding"))
    let (dilation, bias, start) = (arguments.count("dilation"), arguments.says("bias"), place.initialization)
    let taps = place.isOfPictures ? kernel * kernel : kernel
    let fanIn = place.channels / groups * taps
    let weight = start.weight(fanIn: fanIn, fanOut: outputs / groups * taps)
    guard place.isOfPictures else {
      return Conv1D(
        place.channels, outputs, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: bias,
        initializer: weight, biasInitializer: start.bias(fanIn: fanIn))
    }
    return Conv2D(
      place.channels, outputs, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: bias,
      initializer: weight, biasInitializer: start.bias(fanIn: fanIn))
  }

  private static let size = LayerNumber.count("size", "the windows' height and width", usual: 2, to: 1024)
  private static let step = LayerNumber.optional("stride", "from window to window; the size unless it is given")

  /// A pooling of windows, by its layers for pictures and for lines.
  private static func pooling(
    _ name: String, _ summary: String, ofPictures: @escaping @Sendable (Int, Int?, Int) -> any Layer,
    ofLines: @escaping @Sendable (Int, Int?, Int) -> any Layer
  ) -> LayerKind {
    LayerKind(name: name, summary: "\(summary); stride is the size unless it is given.", numbers: [size, step, padding]) {
      (arguments, place) throws(LayerListError) in
      try place.require([2, 3], windows)
      let stride = arguments.given("stride").map { Int($0) }
      return (place.isOfPictures ? ofPictures : ofLines)(arguments.count("size"), stride, arguments.count("padding"))
    }
  }

  /// The same of as many windows as somebody wants.
  private static func adaptive(
    _ name: String, _ summary: String, ofPictures: @escaping @Sendable (Int) -> any Layer, ofLines: @escaping @Sendable (Int) -> any Layer
  ) -> LayerKind {
    LayerKind(name: name, summary: summary, numbers: [.count("side", "a number of windows")]) { (arguments, place) throws(LayerListError) in
      try place.require([2, 3], windows)
      return (place.isOfPictures ? ofPictures : ofLines)(arguments.count("side"))
    }
  }

  /// Poolings.
  static let poolings: [LayerKind] = [
    pooling("max_pool", "The largest number of each window") {
      MaxPool2D($0, stride: $1, padding: $2)
    } ofLines: {
      MaxPool1D($0, stride: $1, padding: $2)
    },
    pooling("average_pool", "The mean of each window") {
      AveragePool2D($0, stride: $1, padding: $2)
    } ofLines: {
      AveragePool1D($0, stride: $1, padding: $2)
    },
    LayerKind(
      name: "fractional_max_pool",
      summary: "The largest number of each of some random regions, which leave that share of each side (Graham 2014).",
      numbers: [size, .share("ratio", "what is left of each side", usual: 0.5.squareRoot())], randomRate: ""
    ) { (arguments, place) throws(LayerListError) in
      try place.require([3], "pictures, [height, width, channels]")
      return FractionalMaxPool2D(arguments.count("size"), ratio: arguments.number("ratio"))
    },
    adaptive("adaptive_average_pool", "The means of as many windows in each direction.") {
      AdaptiveAveragePool2D($0, $0)
    } ofLines: {
      AdaptiveAveragePool1D($0)
    },
    adaptive("adaptive_max_pool", "The largest numbers of as many windows in each direction.") {
      AdaptiveMaxPool2D($0, $0)
    } ofLines: {
      AdaptiveMaxPool1D($0)
    },
    LayerKind(name: "global_average_pool", summary: "The mean of each channel.") { (_, place) throws(LayerListError) in
      try place.require([3], "pictures, [height, width, channels]")
      return GlobalAveragePool()
    },
  ]
}
