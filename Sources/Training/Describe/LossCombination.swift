import GlissadeTensors

// Losses of several outputs, and of inputs, made of others.

extension Loss {
  /// The same loss of one of several outputs, compared with one of several targets.
  ///
  /// ```swift
  /// let loss = Loss.crossEntropy.of(output: "class", target: "labels") + 0.5 * Loss.meanSquaredError.of(output: "box", target: "box")
  /// ```
  /// - Parameters:
  ///   - output: the output's name; default the only one.
  ///   - target: the target's name; default the only one. `labels` are class numbers, `values` numbers to be predicted.
  public func of(output: String? = nil, target: String? = nil) -> Loss {
    let places = [output.map { "output '\($0)'" }, target.map { "target '\($0)'" }].compactMap { $0 }
    let name = places.isEmpty ? name : "\(name) of \(places.joined(separator: " and "))"
    return derived(name, comparison == .inputs ? .inputs : .anything) { arguments in
      if let output { arguments.outputs = arguments.outputs.selecting([output]) }
      if let target {
        arguments.targets = arguments.targets.selecting([target])
        arguments.inputs = comparison == .inputs ? arguments.inputs.selecting([target]) : arguments.inputs
      }
    }
  }

  /// The same loss, compared with what the model was given in place of what the data are labelled with, as an autoencoder's is. Of several
  /// inputs, `input` says which.
  ///
  /// ```swift
  /// options.loss = .meanSquaredError.ofInputs()
  /// ```
  public func ofInputs(_ input: String? = nil) -> Loss {
    derived("\(name) of \(input.map { "the input '\($0)'" } ?? "the inputs")", .inputs) { arguments in
      arguments.targets = input.map { arguments.inputs.selecting([$0]) } ?? arguments.inputs
    }
  }

  /// The same loss with class weights of its own: a batch's mean is Σ wᵢ·ℓᵢ / Σ wᵢ, where wᵢ is the weight of sample i's class (its sum Σ wᵢ·ℓᵢ);
  /// 0 where all weigh nothing. For data whose targets have names, which `TrainingOptions.classWeights` is not for. They weigh validation's loss as
  /// well.
  ///
  /// ```swift
  /// let loss = Loss.crossEntropy.weighing(classes: [1, 5]).of(output: "ill", target: "ill") + Loss.meanSquaredError.of(output: "age", target: "age")
  /// ```
  /// - Parameter weights: one for each class, in label order, in any unit: finite numbers, none below 0 and one above 0.
  ///   `ClassWeights.balanced.values(labels:classCount:)` has those that make all classes count alike.
  public func weighing(classes weights: [Float]) -> Loss {
    let values = values
    var loss = Loss(
      "\(name) with class weights \(weights)", comparison,
      { arguments in
        let each = values(arguments)
        let labels = arguments.targets.only
        guard each.isValid, labels.isValid else { return each.isValid ? labels : each }
        func refuse(_ problem: String) -> Tensor { each.graph.reject("class weights", [each, labels], because: problem) }
        guard labels.dtype == .int32, labels.shape.rank == 1, each.shape == labels.shape else {
          return refuse("they are for class numbers, [batch] of int32, and for a loss that gives a value for each sample")
        }
        guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.contains(where: { $0 > 0 }) else {
          return refuse("they are \(weights), and have to be finite numbers, none below 0 and one above 0")
        }
        if arguments.outputs.count == 1, let output = arguments.outputs.tensors.first, output.shape.rank == 2,
          output.shape[1] != weights.count
        {
          return refuse("there are \(weights.count) of them, and \(output.shape[1]) outputs")
        }
        let own = each.graph.constant(weights).taken(labels)
        guard arguments.isMean else { return each * own }
        let scale = Float(labels.shape[0]) / maximum(own.sum(), own.graph.constant(1e-30))
        return each * (own * scale)
      }, outputsAreValues: outputsAreValues, outputsAreLogits: outputsAreLogits
    ).reducing(by: reduction)
    loss.answersEachClass = answersEachClass
    return loss
  }

  /// Both, added up sample by sample; reduced as the first is.
  public static func + (first: Loss, second: Loss) -> Loss {
    let (one, other) = (first.values, second.values)
    return Loss(
      "\(first.name) + \(second.name)", first.comparison == second.comparison ? first.comparison : .anything, { one($0) + other($0) },
      outputsAreValues: first.outputsAreValues && second.outputsAreValues,
      outputsAreLogits: first.outputsAreLogits && second.outputsAreLogits
    ).reducing(by: first.reduction)
  }

  /// A loss that counts so many times.
  public static func * (factor: Float, loss: Loss) -> Loss {
    let values = loss.values
    return Loss(
      "\(factor) \(loss.name)", loss.comparison, { values($0) * factor }, outputsAreValues: loss.outputsAreValues,
      outputsAreLogits: loss.outputsAreLogits
    ).reducing(by: loss.reduction)
  }

  func derived(_ name: String, _ comparison: Comparison, _ change: @escaping @Sendable (inout Arguments) -> Void) -> Loss {
    let values = values
    return Loss(
      name, comparison,
      { arguments in
        var arguments = arguments
        change(&arguments)
        return values(arguments)
      }, outputsAreValues: outputsAreValues, outputsAreLogits: outputsAreLogits && comparison == .values
    ).reducing(by: reduction)
  }
}
