import GlissadeTensors

// Plans that no graph stands behind, and plans that do their work several times: for measuring.

extension Plan {
  /// A plan of launches made by hand.
  /// - Parameters:
  ///   - launches: in order; their buffers are activations, constants and zeros, or whatever the caller supplies.
  ///   - activationsSize: elements of the activation arena.
  package init(launches: [Launch], activationsSize: Int) {
    self.launches = launches
    activationSizes = [activationsSize]
    inputsSize = StepMemory.constantsSize(groups: 0)
    zerosSize = Slice.room(64)
  }

  /// The same launches `count` times over.
  package func repeated(_ count: Int) -> Plan {
    var plan = self
    plan.launches = (0..<max(count, 1)).flatMap { _ in launches }
    return plan
  }
}

extension Launch {
  /// A launch of a library kernel.
  /// - Parameters:
  ///   - kernel: its name.
  ///   - items: the index space.
  ///   - reads: what it reads; the first buffers it takes.
  ///   - writes: what it writes; the buffers after those.
  ///   - flops: its floating-point operations.
  ///   - parameters: its parameter struct.
  package init<Parameters>(
    _ kernel: String, items: Int, reads: [Slice] = [], writes: [Slice], flops: Int = 0, parameters: Parameters
  ) {
    self.init(
      kernel: .library(kernel), buffers: (reads + writes).map(\.buffer), parameters: withUnsafeBytes(of: parameters) { Array($0) },
      items: (items, 1, 1), note: Note(kernel, flops: flops), writes: writes, reads: reads)
  }
}
