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
