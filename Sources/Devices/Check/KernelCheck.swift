import GlissadeKernels
import GlissadePlanning
import GlissadeTensors

/// What a step does, for those who check the kernels that it is made of.
package struct CheckedStep {
  /// The step in several sizes, the smallest first; the last is the step itself. Asked for only where there is something to check.
  package var requests: () throws(ShapeError) -> [StepRequest]
  /// Labels are below this.
  package var classes: Int

  package init(classes: Int, requests: @escaping () throws(ShapeError) -> [StepRequest]) {
    self.classes = classes
    self.requests = requests
  }
}

/// Compares what kernels compute on a device with what the processor computes, each kernel once for a device, its driver and the kernel's
/// program.
///
/// A kernel is run for the smallest of the fused operations of a step that it is a part of, alone, on random operands, so that a driver that
/// computes wrongly in one of them is found out and the kernel named, and nothing needs to be built that the step does not need anyway.
package struct KernelCheck {
  private let device: OpenCLDevice
  private let witness: CPUDevice

  init(_ device: OpenCLDevice) throws(DeviceError) {
    self.device = device
    witness = try CPUDevice()
    let memory = Int(clamping: device.information.memoryBytes)
    mostBytes = min(1 << 28, memory > 0 ? memory / 32 : .max)
  }

  /// An operation whose operands or results take more bytes than this is not checked: kernels that come in such sizes only are rare, and a
  /// device must not be short of memory because it is checked.
  private let mostBytes: Int

  /// Checks a plan's kernels as far as nobody has done so.
  /// - Returns: whether plans are to be made anew, because the device's profile has changed: a kernel with local memory is avoided.
  /// - Throws: `DeviceError` with the kernel that computes wrongly, or what failed.
  static func verify(_ plan: Plan, _ step: CheckedStep, on device: OpenCLDevice) throws(DeviceError) -> Bool {
    let keys = Set(plan.launches.map { device.programs.verdictKey(of: $0, tile: plan.tile) })
    let unknown = device.verdicts.unknown(of: keys)
    if unknown.isEmpty || device.verdicts.unknown(of: [uncheckable(unknown, of: plan, on: device)]).isEmpty { return false }
    let before = device.profile
    let checked: Set<String>
    do throws(WrongResult) {
      let check = try wrapping { () throws(DeviceError) in
        // A driver that takes long to begin a program builds one for the plan, which its pieces share.
        try device.build(plan)
        return try KernelCheck(device)
      }
      checked = try check.run(unknown, plan, step)
    } catch {
      for launch in error.launches { _ = device.avoid(launch.kernel, because: error.error.failure) }
      if device.profile != before { return true }
      throw error.error
    }
    let left = unknown.subtracting(checked)
    device.verdicts.add(left.isEmpty ? checked : checked.union([uncheckable(left, of: plan, on: device)]))
    return false
  }

  /// What is remembered in place of verdicts where some kernels of a plan could not be checked, because of what they are run on: that it was
  /// tried, so that no start tries it again. In another plan they may be checked.
  private static func uncheckable(_ keys: Set<String>, of plan: Plan, on device: OpenCLDevice) -> String {
    let launches = plan.launches.compactMap { launch in
      let key = device.programs.verdictKey(of: launch, tile: plan.tile)
      return keys.contains(key) ? "\(key) \(launch.byteCount)" : nil
    }
    return KernelVerdicts.hash("not checked\n" + Set(launches).sorted().joined(separator: "\n"))
  }

  /// The first kernel of a step that computes wrongly or fails; `nil` where none does by itself.
  func wrong(in request: StepRequest, classes: Int) throws(ShapeError) -> DeviceError? {
    let plan = try Planner(profile: device.profile).plan(request)
    do throws(WrongResult) {
      _ = try run(keys(of: plan.launches, plan), plan, CheckedStep(classes: classes) { [request] })
      return nil
    } catch { return error.error }
  }

  /// What was wrong, and with which launches.
  private struct WrongResult: Error {
    var error: DeviceError
    var launches: [Launch] = []
  }

  private static func wrapping<Result>(_ body: () throws(DeviceError) -> Result) throws(WrongResult) -> Result {
    do throws(DeviceError) { return try body() } catch { throw WrongResult(error: error) }
  }

  /// - Returns: those of the kernels that were run and computed what the processor computes.
  private func run(_ unknown: Set<String>, _ plan: Plan, _ step: CheckedStep) throws(WrongResult) -> Set<String> {
    var left = unknown
    let requests: [StepRequest]
    do throws(ShapeError) { requests = try step.requests() } catch { throw WrongResult(error: invalid(error)) }
    var profile = device.profile
    // What is cut out has to be compiled as the whole is.
    if let tile = plan.tile { (profile.tile, profile.wideTile) = (tile, nil) }
    for request in requests {
      if left.isEmpty { break }
      let pieces: PlanPieces
      do throws(ShapeError) { pieces = try Planner(profile: profile).pieces(of: request) } catch {
        throw WrongResult(error: invalid(error))
      }
      var chosen: [PlanPiece] = []
      for piece in pieces.pieces.sorted(by: { $0.cost < $1.cost }) {
        let keys = keys(of: piece.launches, plan)
        guard !keys.isDisjoint(with: left), piece.launches.allSatisfy({ $0.byteCount <= mostBytes }) else { continue }
        left.subtract(keys)
        chosen.append(piece)
      }
      for group in pieces.independent(chosen) {
        try compare(group, of: pieces, request, profile, step.classes, suspects: unknown, plan)
      }
    }
    for check in requests.last.map(UpdateCheck.checks) ?? [] where !left.isEmpty {
      left.subtract(try compareUpdates(check, profile, left, plan))
    }
    return unknown.subtracting(left)
  }

  private func keys(of launches: [Launch], _ plan: Plan) -> Set<String> {
    Set(launches.map { device.programs.verdictKey(of: $0, tile: plan.tile) })
  }

  private func invalid(_ error: ShapeError) -> DeviceError {
    DeviceError(device: device.information.identifier, call: "self-test", error: "an invalid step", detail: error.description)
  }

  // MARK: Fused operations

  private func compare(
    _ pieces: [PlanPiece], of step: PlanPieces, _ whole: StepRequest, _ profile: DeviceProfile, _ classes: Int, suspects: Set<String>,
    _ plan: Plan
  ) throws(WrongResult) {
    let (right, found) = try compute(pieces, of: step, whole, profile, classes)
    var index = 0
    for piece in pieces {
      for result in piece.results {
        let (right, found) = index < right.count && index < found.count ? (right[index], found[index]) : ([0], [])
        index += 1
        guard
          let difference = Self.difference(
            right, found, result.dtype, isRounded: device.roundsProducts, isDecided: piece.launches.contains(where: \.decides))
        else { continue }
        let note = piece.launches.last { $0.note.shape == result.shape }?.note ?? piece.launches.last?.note ?? Launch.Note("")
        let place = note.path.isEmpty ? "" : " in \(note.path)"
        throw WrongResult(
          error: DeviceError(
            device: device.information.identifier, call: "self-test", error: "a wrong result",
            kernel: culprits(of: piece, in: step, whole, profile, classes, suspects, plan),
            detail: "\(note.operation)\(place) \(result.shape) is \(difference)"), launches: piece.launches)
      }
    }
  }

  /// The kernels that may be the reason for a piece's wrong result: those that no other piece of the step has shown to be right.
  private func culprits(
    of piece: PlanPiece, in step: PlanPieces, _ whole: StepRequest, _ profile: DeviceProfile, _ classes: Int, _ suspects: Set<String>,
    _ plan: Plan
  ) -> String {
    // In the step others may have done a part of it already: packed weights, say.
    let launches = alone(piece, of: step, whole, profile)
    let all = keys(of: launches, plan)
    var left = all.isDisjoint(with: suspects) ? all : all.intersection(suspects)
    if left.count > 1 {
      for other in step.pieces where left.count > 1 && other.launches.allSatisfy({ $0.byteCount <= mostBytes >> 4 }) {
        let keys = keys(of: alone(other, of: step, whole, profile), plan)
        guard !keys.isDisjoint(with: left), !left.isSubset(of: keys) else { continue }
        let shows: Bool
        do throws(WrongResult) {
          shows = try isRight(other, of: step, whole, profile, classes)
        } catch _ { continue }
        if shows { left.subtract(keys) }
      }
    }
    let guilty = launches.filter { left.contains(device.programs.verdictKey(of: $0, tile: plan.tile)) }
    return guilty.map(\.kernelName).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined(separator: " or ")
  }

  private func isRight(
    _ piece: PlanPiece, of step: PlanPieces, _ whole: StepRequest, _ profile: DeviceProfile, _ classes: Int
  ) throws(WrongResult) -> Bool {
    let (right, found) = try compute([piece], of: step, whole, profile, classes)
    return zip(piece.results.indices, zip(right, found)).allSatisfy { index, pair in
      Self.difference(
        pair.0, pair.1, piece.results[index].dtype, isRounded: device.roundsProducts,
        isDecided: piece.launches.contains(where: \.decides)) == nil
    }
  }

  /// A piece's launches where nothing else is computed.
  private func alone(_ piece: PlanPiece, of step: PlanPieces, _ whole: StepRequest, _ profile: DeviceProfile) -> [Launch] {
    (try? Planner(profile: profile).plan(request([piece], of: step, whole).request))?.launches ?? piece.launches
  }

  /// Pieces as a step of their own.
  private func request(
    _ pieces: [PlanPiece], of step: PlanPieces, _ whole: StepRequest
  ) -> (request: StepRequest, given: [(source: Tensor, parameter: Parameter)]) {
    let part = step.extracted(pieces)
    let layout = ParameterLayout(
      part.given.map { ($0.parameter.name, $0.parameter) }, groupCount: 0, limits: device.profile.limits
    ) { _, _ in nil }
    var request = StepRequest(graph: part.graph, layout: layout)
    request.isExact = whole.isExact
    request.fuses = whole.fuses
    for (index, result) in part.results.enumerated() { request.outputs["\(index)"] = result }
    return (request, part.given)
  }

  /// What pieces compute, on the processor and on the device.
  private func compute(
    _ pieces: [PlanPiece], of step: PlanPieces, _ whole: StepRequest, _ profile: DeviceProfile, _ classes: Int
  ) throws(WrongResult) -> (right: [[UInt32]], found: [[UInt32]]) {
    let (request, given) = request(pieces, of: step, whole)
    let values = CheckValues(step.graph, classes: classes)
    let operands = given.map { values.bits(of: $0.source) }
    do throws(DeviceError) {
      let right = try results(of: request, operands, values, on: witness, witness.profile)
      return (right, try results(of: request, operands, values, on: device, profile))
    } catch { throw WrongResult(error: error, launches: pieces.flatMap(\.launches)) }
  }

  private func results(
    of request: StepRequest, _ operands: [[UInt32]], _ values: CheckValues, on device: any Device, _ profile: DeviceProfile
  ) throws(DeviceError) -> [[UInt32]] {
    let plan: Plan
    do throws(ShapeError) { plan = try Planner(profile: profile).plan(request) } catch { throw invalid(error) }
    let given = try device.makeBuffers(request.layout.statisticsBuffers)
    for (entry, operand) in zip(request.layout.entries, operands) {
      if let buffer = given[entry.slice.buffer] { try device.write(operand, to: buffer, at: entry.slice.offset) }
    }
    let memory = try PlanMemory(for: plan, on: device, sharing: given)
    let prepared = try device.prepare(plan, buffers: memory.buffers)
    let inputs = plan.inputNames.map { name in plan.inputs[name].map { values.bits($0.type, named: name, isTap: nil) } ?? [] }
    try Self.run(prepared, inputs: inputs)
    var results: [[UInt32]] = []
    for index in 0..<request.outputs.count {
      guard let output = plan.outputs["\(index)"], let buffer = memory.buffers[output.slice.buffer] else { continue }
      results.append(try device.read(buffer, at: output.slice.offset, count: output.slice.count, filler: 0))
    }
    return results
  }

  static func run(_ prepared: any PreparedPlan, constants: [Float] = [], inputs: [[UInt32]]) throws(DeviceError) {
    // Memory that arrays lend holds for a call only.
    let held = inputs.map { input in
      let copy = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: max(input.count, 1))
      _ = copy.initialize(from: input + (input.isEmpty ? [0] : []))
      return copy
    }
    defer { for copy in held { copy.deallocate() } }
    let outcome = constants.withUnsafeBytes { constants in
      Result { () throws(DeviceError) in
        try prepared.run(
          constants: constants,
          inputs: zip(held, inputs).map { UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer($0)).prefix($1.count * 4) }
            .map { UnsafeRawBufferPointer(rebasing: $0) })
      }
    }
    try outcome.get()
  }

  /// How far a result is off; `nil` where it is right.
  /// - Parameters:
  ///   - isRounded: whether products of the device are rounded more than float32 is.
  ///   - isDecided: whether comparisons decide about what was computed before them, in the same kernel.
  static func difference(
    _ right: [UInt32], _ found: [UInt32], _ type: DType, isRounded: Bool, isDecided: Bool
  ) -> String? {
    guard right.count == found.count else { return "not there" }
    if type == .int32 {
      let wrong = zip(right, found).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
      return wrong == 0 ? nil : "wrong in \(wrong) of \(right.count) numbers"
    }
    var scale: Float = 1e-3
    for bits in right {
      let value = abs(Float(bitPattern: bits))
      if value.isFinite { scale = max(scale, value) }
    }
    // Sums in another order differ less; a term that is missing or counted twice makes more.
    let limit = (isRounded ? 3e-2 : 3e-4) * scale
    var (wrong, worst): (Int, Float) = (0, 0)
    for index in right.indices {
      let (a, b) = (Float(bitPattern: right[index]), Float(bitPattern: found[index]))
      // Random operands can be beside what a function is made for.
      if !a.isFinite { continue }
      let difference = b.isFinite ? abs(a - b) : .infinity
      if difference > limit { wrong += 1 }
      worst = max(worst, difference)
    }
    // There the last bit decides.
    let allowed = isDecided ? 2 + right.count / 50_000 : 0
    return wrong <= allowed ? nil : "off by \(worst / scale) relative to its largest value, in \(wrong) of \(right.count) numbers"
  }

  // MARK: What ends a step

  /// - Returns: the kernels that were run.
  private func compareUpdates(
    _ check: UpdateCheck, _ profile: DeviceProfile, _ left: Set<String>, _ plan: Plan
  ) throws(WrongResult) -> Set<String> {
    let outcome: (right: [UpdateCheck.Outcome], found: [UpdateCheck.Outcome], launches: [Launch])?
    do throws(DeviceError) {
      outcome = try check.outcomes(on: device, profile, witness: witness) { launch in
        left.contains(device.programs.verdictKey(of: launch, tile: plan.tile))
      }
    } catch { throw WrongResult(error: error) }
    guard let outcome else { return [] }
    for (right, found) in zip(outcome.right, outcome.found) {
      let launches = outcome.launches.filter { right.concerns($0) }
      guard
        let difference = Self.difference(
          right.bits, found.bits, right.type, isRounded: check.hasMatrices && device.roundsProducts,
          isDecided: launches.contains(where: \.decides))
      else { continue }
      let kernels = launches.map(\.kernelName)
      let unique = kernels.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      throw WrongResult(
        error: DeviceError(
          device: device.information.identifier, call: "self-test", error: "a wrong result", kernel: unique.joined(separator: " or "),
          detail: "\(right.name) is \(difference)"), launches: launches)
    }
    return keys(of: outcome.launches, plan)
  }
}

extension Launch {
  /// Whether it compares what it has computed itself, so that a rounding error may change a result altogether.
  fileprivate var decides: Bool {
    switch kernel {
    case .elementwise(let chain):
      chain.instructions.contains { instruction in
        switch instruction.function {
        case .unary(let function): Self.decides(function)
        case .binary(let function): Self.decides(function)
        }
      }
    case .update(let chain):
      chain.instructions.contains { instruction in
        switch instruction.function {
        case .unary(let function): Self.decides(function)
        case .binary(let function): Self.decides(function)
        case .multiplyAdd, .multiplySubtract, .subtractProduct: false
        }
      }
    case .library, .local: false
    }
  }

  private static func decides(_ function: UnaryFunction) -> Bool {
    [.sign, .positive, .roundDown, .roundToEven, .logicalNot, .toInteger, .hardSwishSlope].contains(function)
  }

  private static func decides(_ function: BinaryFunction) -> Bool {
    [
      .greater, .greaterOrEqual, .equal, .notEqual, .logicalAnd, .logicalOr, .logicalXor, .keep, .drop, .reluGradient, .relu6Gradient,
      .leakyReluSlope, .eluSlope,
    ].contains(function)
  }
}

/// Operands to check kernels with: the same for every device.
struct CheckValues {
  private let graph: Graph
  private let classes: Int
  private let statistics: Set<ParameterID>

  init(_ graph: Graph, classes: Int) {
    self.graph = graph
    self.classes = max(classes, 1)
    statistics = Set(graph.parameters.filter { $0.role == .statistic }.map(\.id))
  }

  /// Numbers in the place of a value of the graph.
  func bits(of tensor: Tensor) -> [UInt32] {
    let id = graph.resolved(tensor.id)
    switch graph.nodes[id.node].operation {
    case .maxPool(let rule) where id.output == 1:
      return bits(tensor.type, named: "\(id.node)", isTap: rule.window.kernelHeight * rule.window.kernelWidth)
    // Deviations and their like are above 0.
    case .batchNormStatistics where id.output > 0: return bits(tensor.type, named: "\(id.node)", isTap: nil, isPositive: true)
    case .parameter(let read) where statistics.contains(read.id):
      return bits(tensor.type, named: "\(id.node)", isTap: nil, isPositive: true)
    default: return bits(tensor.type, named: "\(id.node)", isTap: nil)
    }
  }

  /// Numbers in [-1, 1), in [1, 2), or integers from 0.
  func bits(_ type: TensorType, named name: String, isTap taps: Int?, isPositive: Bool = false) -> [UInt32] {
    // Knuth's MMIX generator; its upper half is random enough.
    var state = name.utf8.reduce(UInt64(0x9e37_79b9_7f4a_7c15)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    func next() -> UInt32 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt32(truncatingIfNeeded: state >> 32)
    }
    let limit = UInt32(truncatingIfNeeded: taps ?? classes)
    let isWhole = type.dtype == .int32
    return [UInt32](unsafeUninitializedCapacity: type.shape.count) { buffer, count in
      count = type.shape.count
      for index in 0..<count {
        let word = next()
        if isWhole {
          buffer[index] = (word >> 1) % limit
        } else {
          let share = Float(word >> 8) * 0x1p-24
          buffer[index] = (isPositive ? 1 + share : 2 * share - 1).bitPattern
        }
      }
    }
  }
}

extension Device {
  /// Compares the kernels of a plan that nobody has checked on this device with the processor's.
  /// - Returns: whether the plan is to be made anew, because a kernel is avoided from now on.
  /// - Throws: `DeviceError` with the kernel that computes wrongly and is needed.
  package func verify(_ plan: Plan, _ step: CheckedStep) throws(DeviceError) -> Bool {
    guard let device = self as? OpenCLDevice else { return false }
    return try KernelCheck.verify(plan, step, on: device)
  }
}
