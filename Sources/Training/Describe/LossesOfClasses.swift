import GlissadeTensors

// Losses of classes beside cross-entropy, and those of yes or no.

extension Loss {
  /// −x[y] of logarithms of probabilities x, as a model gives that ends in `LogSoftmax`.
  public static let negativeLogLikelihood = Loss.ofLabels("negativeLogLikelihood") { negativeLogLikelihoods($0, $1) }

  /// Cross-entropy against class numbers of which one is left out: the mean of a batch is that of all others, and 0 where there are none. An
  /// epoch's is that of its batches, weighted by their samples, whichever of these count.
  /// - Parameters:
  ///   - label: what is left out, −100 in PyTorch.
  ///   - labelSmoothing: ε; default 0.
  public static func crossEntropy(ignoring label: Int32, labelSmoothing: Float = 0) -> Loss {
    Loss.ofLabels(numbered("crossEntropy", ("ignoring", Float(label), .nan), ("labelSmoothing", labelSmoothing, 0))) { output, labels in
      let counts = labels .!= labels.graph.constant(integer: label)
      let values = softmaxCrossEntropies(output, labels, labelSmoothing: labelSmoothing).kept(where: counts, otherwise: 0)
      return values.sum() / maximum(counts.sum(), values.graph.constant(1))
    }
  }

  /// Cross-entropy of softmax(output) against a distribution for each sample.
  /// - Parameter labelSmoothing: ε; default 0.
  public static func crossEntropyOfDistributions(labelSmoothing: Float = 0) -> Loss {
    Loss.ofNumbers("crossEntropyOfDistributions") { softmaxCrossEntropies($0, distributions: $1, labelSmoothing: labelSmoothing) }
  }

  /// The mean over classes of max(0, margin − x[y] + x[j]), or of its square: see `multiMarginLosses`.
  /// - Parameters:
  ///   - margin: default 1.
  ///   - isSquared: default not.
  public static func multiMargin(margin: Float = 1, isSquared: Bool = false) -> Loss {
    Loss.ofLabels(numbered(isSquared ? "squared multiMargin" : "multiMargin", ("margin", margin, 1))) {
      multiMarginLosses($0, $1, margin: margin, isSquared: isSquared)
    }
  }

  /// −α·(1 − p)^γ·log p of the label's softmax probability p: see `focalLosses`.
  /// - Parameters:
  ///   - gamma: γ, at least 0; default 2.
  ///   - alpha: α; default 1.
  public static func focal(gamma: Float = 2, alpha: Float = 1) -> Loss {
    Loss.ofLabels(numbered("focal", ("gamma", gamma, 2), ("alpha", alpha, 1))) { focalLosses($0, $1, gamma: gamma, alpha: alpha) }
  }

  /// Binary cross-entropy of probabilities against values of 0 to 1, as a model gives that ends in `Sigmoid`.
  public static let binaryCrossEntropy = Loss.ofNumbers("binaryCrossEntropy", outputsAreValues: true) {
    binaryCrossEntropies($0, $1).meanOfEachSample()
  }

  /// Binary cross-entropy of sigmoid(output) against values of 0 to 1: of several labels for a sample, each yes or no.
  public static let binaryCrossEntropyWithLogits = Loss.binaryCrossEntropyWithLogits(positiveWeight: 1)

  /// The same where a yes counts more, or less, than a no: −(w·t·log p + (1 − t)·log(1 − p)), PyTorch's `pos_weight`.
  /// - Parameter positiveWeight: w, above 0.
  public static func binaryCrossEntropyWithLogits(positiveWeight: Float) -> Loss {
    Loss.ofNumbers(numbered("binaryCrossEntropyWithLogits", ("positiveWeight", positiveWeight, 1)), outputsAreLogits: true) {
      let weight = positiveWeight == 1 ? nil : $0.graph.constant(positiveWeight)
      return binaryCrossEntropies(logits: $0, $1, positiveWeights: weight).meanOfEachSample()
    }
  }

  /// max(0, margin − t·x), or its square, against values t of −1 and 1.
  /// - Parameters:
  ///   - margin: default 1.
  ///   - isSquared: default not.
  public static func hinge(margin: Float = 1, isSquared: Bool = false) -> Loss {
    Loss.ofNumbers(numbered(isSquared ? "squared hinge" : "hinge", ("margin", margin, 1))) {
      hingeErrors($0, $1, margin: margin, isSquared: isSquared).meanOfEachSample()
    }
  }

  /// max(0, margin − (2t − 1)·x), or its square, against values t of 0 and 1: the hinge of labels each of which a sample has or has not. Its
  /// form for classes (`ofClasses(ofLogits: true)`) sets each class against all others.
  /// - Parameters:
  ///   - margin: default 1.
  ///   - isSquared: default not.
  public static func binaryHinge(margin: Float = 1, isSquared: Bool = false) -> Loss {
    Loss.ofNumbers(numbered(isSquared ? "squared binaryHinge" : "binaryHinge", ("margin", margin, 1)), outputsAreLogits: true) {
      hingeErrors($0, $1 * 2 - 1, margin: margin, isSquared: isSquared).meanOfEachSample()
    }
  }

  /// Focal loss of sigmoid(output) against values of 0 or 1: see `binaryFocalErrors`.
  /// - Parameters:
  ///   - gamma: γ, at least 0; default 2.
  ///   - alpha: what a yes counts; default 0.25.
  public static func binaryFocal(gamma: Float = 2, alpha: Float = 0.25) -> Loss {
    Loss.ofNumbers(numbered("binaryFocal", ("gamma", gamma, 2), ("alpha", alpha, 0.25)), outputsAreLogits: true) {
      binaryFocalErrors($0, $1, gamma: gamma, alpha: alpha).meanOfEachSample()
    }
  }

  /// Kullback and Leibler's divergence of each sample's distribution from one whose logarithms the model gives.
  public static let divergence = Loss.ofNumbers("divergence") { logarithms, distributions in
    let each = divergences(logarithms, distributions)
    return each.shape.rank > 1 ? each.flattened().sum(axes: [1]) : each
  }

  /// Kullback and Leibler's divergence of (1 − ε)·onehot + ε / classes from softmax(output): cross-entropy without what no output can take from it,
  /// the entropy of the smoothed label, so that it is 0 where the output is right.
  /// - Parameter labelSmoothing: ε; default 0, with which it is cross-entropy.
  public static func divergenceOfClasses(labelSmoothing: Float = 0) -> Loss {
    Loss(numbered("divergence of classes", ("labelSmoothing", labelSmoothing, 0)), .classes) { arguments in
      let (logits, labels) = (arguments.outputs.only, arguments.targets.only)
      guard logits.isValid, labels.isValid else { return logits.isValid ? labels : logits }
      guard logits.shape.rank == 2 else {
        return logits.graph.reject("the loss", [logits], because: "the output has to be [batch, classes]")
      }
      let smoothed = labels.oneHot(logits.shape[1]) * (1 - labelSmoothing) + labelSmoothing / Float(max(logits.shape[1], 1))
      return divergences(logits.logSoftmax(), smoothed).sum(axes: [1])
    }
  }

  /// The same loss of values, for classes: what is compared are probabilities of classes, 1 for a sample's own and 0 for the others. The mean
  /// squared error of that is Brier's score.
  ///
  /// ```swift
  /// options.loss = .meanSquaredError.ofClasses()
  /// ```
  /// - Parameter ofLogits: whether the outputs are compared as they are, as by `binaryCrossEntropyWithLogits`; default as softmax(output).
  public func ofClasses(ofLogits: Bool = false) -> Loss {
    var loss = derived("\(name) of classes", .classes) { arguments in
      let (output, labels) = (arguments.outputs.only, arguments.targets.only)
      guard output.isValid, labels.isValid else { return }
      guard output.shape.rank == 2 else {
        arguments.outputs = NamedTensors(
          output.graph.reject("the loss", [output], because: "the output has to be [batch, classes]"))
        return
      }
      arguments.outputs = NamedTensors(ofLogits ? output : output.softmax())
      arguments.targets = NamedTensors(labels.oneHot(output.shape[1]))
    }
    loss.answersEachClass = ofLogits
    return loss
  }

  /// A name with the numbers that are not the usual ones, so that a training does not go on with others unnoticed.
  static func numbered(_ name: String, _ numbers: (name: String, value: Float, usual: Float)...) -> String {
    let others = numbers.filter { $0.value != $0.usual }.map { "\($0.name): \($0.value)" }
    return others.isEmpty ? name : "\(name)(\(others.joined(separator: ", ")))"
  }

  private static func ofLabels(_ name: String, _ values: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> Loss {
    Loss(name, .classes, { values($0.outputs.only, $0.targets.only) })
  }

  private static func ofNumbers(
    _ name: String, outputsAreValues: Bool = false, outputsAreLogits: Bool = false, _ values: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> Loss {
    Loss(
      name, .values,
      {
        let (output, targets) = $0.values
        return values(output, targets)
      }, outputsAreValues: outputsAreValues, outputsAreLogits: outputsAreLogits)
  }
}
