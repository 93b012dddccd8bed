import GlissadeKernels
import GlissadeTensors

extension Lowering {
  /// Adds the step's loss and right answers to the running sums, and judges whether the step was sound; updates of an unsound one do nothing.
  mutating func lowerStepEnd(loss: Slot, correct: Slot?, sampleCount: Int, isFractional: Bool) {
    let correct = correct ?? zeros(1)
    emit(
      "step_end", Launch.Note("step end"), items: (1, 1, 1), [.read(loss), .read(correct), .buffer(.control), .buffer(.constants)]
    ) { unit in
      StepEndParameters(loss: unit(loss), correct: unit(correct), samples: Int32(sampleCount), fractional: isFractional ? 1 : 0)
    }
  }

  /// Adds numbers to the running sums behind the control block; after the step's end, which says whether the step was sound.
  mutating func lowerSums(_ values: [Slot]) {
    var first = 0
    for slot in values {
      let (size, place) = (count(slot), first)
      emit(
        "step_sums", Launch.Note("sums", shape: [size], flops: 4 * size), items: (profile.shares(of: size), 1, 1),
        [.read(slot), .buffer(.control)]
      ) { unit in StepSumsParameters(values: unit(slot), count: Int32(size), first: Int32(place)) }
      first += size
    }
  }

  /// Draws a group to its anchors: strength · (parameter − anchor) joins each gradient.
  mutating func lowerStayClose(group: Int, strength: Float) {
    for (piece, size) in layout.groupPieces[group].enumerated() {
      let parameters = fixed(Slice(.parameters(group: group, piece: piece), offset: 0, count: size))
      let anchors = fixed(Slice(.anchors(group: group, piece: piece), offset: 0, count: size))
      let gradients = fixed(Slice(.gradients(group: group, piece: piece), offset: 0, count: size))
      emit(
        "stay_close", Launch.Note("distance to the start", shape: [size], flops: 3 * size), items: (profile.vectorShares(of: size), 1, 1),
        [.read(parameters), .read(anchors), .update(gradients)]
      ) { unit in
        StayCloseParameters(p: unit(parameters), anchor: unit(anchors), g: unit(gradients), count: Int32(size), strength: strength)
      }
    }
  }

  /// A group's gradients, of a part of a batch, join those of the parts before; of the last part they become the batch's.
  mutating func lowerGradientSums(group: Int) {
    for (piece, size) in layout.groupPieces[group].enumerated() {
      let gradients = fixed(Slice(.gradients(group: group, piece: piece), offset: 0, count: size))
      let sums = fixed(Slice(.gradientSums(group: group, piece: piece), offset: 0, count: size))
      emit(
        "add_gradients", Launch.Note("sum of gradients", shape: [size], flops: 2 * size), items: (profile.vectorShares(of: size), 1, 1),
        [.update(gradients), .update(sums), .buffer(.constants)]
      ) { unit in AddGradientsParameters(g: unit(gradients), sum: unit(sums), count: Int32(size)) }
    }
  }

  /// The global norm of all gradients, and the factor that brings it down to `norm`.
  mutating func lowerClipping(to norm: Float) {
    let chunk = profile.style == .cpu ? GradientChunks.size : GradientChunks.size / 4  // a work-item's, a work-group's
    let whole = layout.groupPieces.reduce(0) { $0 + GradientChunks.count(of: $1, size: chunk) }
    // Once more for numbers whose squares are too large.
    let partial = scratch(2 * whole)
    func sum(_ gradients: Slot, first: Int) {
      let size = count(gradients)
      emit(
        "gradient_norm_partial", Launch.Note("gradient norm", flops: 2 * size), items: (profile.shares(of: size), 1, 1),
        [.read(gradients), .update(partial)]
      ) { unit in
        GradientNormPartialParameters(
          g: unit(gradients), partial: unit(partial), count: Int32(size), chunk: Int32(chunk), first: Int32(first),
          whole: Int32(whole))
      }
    }
    var first = 0
    for (group, pieces) in layout.groupPieces.enumerated() {
      for run in GradientChunks.runs(of: pieces, size: chunk) {
        let parts = run.parts.map { fixed(Slice(.gradients(group: group, piece: $0.piece), offset: $0.offset, count: $0.count)) }
        sum(parts.count == 1 ? parts[0] : join(parts), first: first + run.first)
      }
      first += GradientChunks.count(of: pieces, size: chunk)
    }
    emit("gradient_norm_finish", Launch.Note("gradient clipping"), items: profile.oneRow, [.read(partial), .buffer(.control)]) { unit in
      GradientNormFinishParameters(partial: unit(partial), count: Int32(first), maximumNorm: norm)
    }
  }

  /// Copies slots that lie one behind another, each of whole units of 16 elements but the last, into one.
  private mutating func join(_ parts: [Slot]) -> Slot {
    let whole = scratch(parts.reduce(0) { $0 + count($1) })
    var offset = 0
    for part in parts {
      let (size, place) = (count(part), Int32(offset / Slice.alignment))
      emit("copy", Launch.Note("copy"), items: (profile.vectorShares(of: size), 1, 1), [.read(part), .update(whole)]) { unit in
        CopyParameters(in: unit(part), out: unit(whole) + place, count: Int32(size))
      }
      offset += size
    }
    return whole
  }

  /// One launch that updates a whole parameter group, or one for each of its pieces; those of norms and matrices before it, for a rule that takes any.
  /// - Throws: `ShapeError` for what cannot be done with matrices of some shape.
  mutating func lowerUpdate(_ rule: CompiledUpdate, group: Int) throws(ShapeError) {
    for piece in layout.groupPieces[group].indices {
      let arenas = GroupArenas(group: group, piece: piece, states: rule.stateSlots, in: &self)
      switch rule.form {
      case .kernel(let kernel): lowerKernel(kernel, arenas)
      case .recorded(let update): try lowerRecorded(update, rule.name, arenas)
      }
    }
  }

  private mutating func lowerKernel(_ rule: any KernelUpdate, _ arenas: GroupArenas) {
    let size = arenas.size
    let states = (0..<3).map { $0 < arenas.states.count ? Argument.update(arenas.states[$0]) : .unused }
    let bytes = rule.parameters(count: size, group: arenas.group)
    add(
      Pending(
        kernel: .library(rule.kernel), note: Launch.Note("\(rule.kernel) update", shape: [size], flops: 12 * size),
        items: (profile.vectorShares(of: size), 1, 1),
        arguments: [.update(arenas.parameters), .read(arenas.gradients)] + states + [.buffer(.control), .buffer(.constants)],
        parameters: { _ in bytes }))
  }
}

/// A piece of a group's arenas.
struct GroupArenas {
  let group: Int
  let piece: Int
  let size: Int
  let parameters: Slot
  let gradients: Slot
  /// And what else a step reads as if it were a state.
  var states: [Slot]

  init(group: Int, piece: Int, states: Int, in lowering: inout Lowering) {
    let size = lowering.layout.groupPieces[group][piece]
    (self.group, self.piece, self.size) = (group, piece, size)
    parameters = lowering.fixed(Slice(.parameters(group: group, piece: piece), offset: 0, count: size))
    gradients = lowering.fixed(Slice(.gradients(group: group, piece: piece), offset: 0, count: size))
    self.states = (0..<states).map { lowering.fixed(Slice(.state(group: group, slot: $0, piece: piece), offset: 0, count: size)) }
  }
}
