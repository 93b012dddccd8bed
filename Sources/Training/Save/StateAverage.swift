import GlissadeFormats

extension ModelState {
  /// The mean of several models' parameters, computed in double precision: a soup (Wortsman et al. 2022). It is of use where the models began
  /// with the same weights, as fine-tunings do. Running statistics of batch norms are averaged like everything else.
  /// - Parameter states: at least one; all with the same paths and shapes.
  /// - Throws: `StateError` for models of different forms.
  public static func average(of states: [ModelState]) throws(StateError) -> ModelState {
    guard let first = states.first else { throw StateError(path: "the average", problems: ["there are no models to be averaged"]) }
    var result = ModelState(parameters: first.parameters)
    for (number, other) in states.enumerated().dropFirst() {
      let form = { (state: ModelState) in state.parameters.map { "\($0.path) \($0.shape)" } }
      let (wanted, found) = (form(first), form(other))
      guard wanted != found else { continue }
      let differing = found.first { !wanted.contains($0) } ?? wanted.first { !found.contains($0) } ?? "the order of parameters"
      throw StateError(path: "model \(number + 1)", problems: ["it differs from the first in \(differing)"])
    }
    for index in first.parameters.indices {
      let count = first.parameters[index].values.count
      var sums = [Double](repeating: 0, count: count)
      for state in states {
        for (place, value) in state.parameters[index].values.enumerated() { sums[place] += Double(value) }
      }
      result.parameters[index].values = sums.map { Float($0 / Double(states.count)) }
    }
    return result
  }
}
