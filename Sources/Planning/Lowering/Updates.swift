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

  /// Draws a group to its anchors: strength · (parameter − anchor) joins each gradient.
  mutating func lowerStayClose(group: Int, strength: Float) {
    let size = layout.groupSizes[group]
    guard size > 0 else { return }
    let parameters = fixed(Slice(.parameters(group: group), offset: 0, count: size))
    let anchors = fixed(Slice(.anchors(group: group), offset: 0, count: size))
    let gradients = fixed(Slice(.gradients(group: group), offset: 0, count: size))
    emit(
      "stay_close", Launch.Note("distance to the start", shape: [size], flops: 3 * size), items: (profile.shares(of: size), 1, 1),
      [.read(parameters), .read(anchors), .update(gradients)]
    ) { unit in
      StayCloseParameters(p: unit(parameters), anchor: unit(anchors), g: unit(gradients), count: Int32(size), strength: strength)
    }
  }

  /// The global norm of all gradients, and the factor that brings it down to `norm`.
  mutating func lowerClipping(to norm: Float) {
    let chunk = 1 << 14
    let counts = layout.groupSizes.map { ($0 + chunk - 1) / chunk }
    let partial = scratch(counts.reduce(0, +))
    var first = 0
    for (group, size) in layout.groupSizes.enumerated() where size > 0 {
      let gradients = fixed(Slice(.gradients(group: group), offset: 0, count: size))
      let offset = Int32(first)
      emit(
        "gradient_norm_partial", Launch.Note("gradient norm", flops: 2 * size), items: (profile.shares(of: size), 1, 1),
        [.read(gradients), .update(partial)]
      ) { unit in
        GradientNormPartialParameters(g: unit(gradients), partial: unit(partial), count: Int32(size), chunk: Int32(chunk), first: offset)
      }
      first += counts[group]
    }
    emit("gradient_norm_finish", Launch.Note("gradient clipping"), items: (1, 1, 1), [.read(partial), .buffer(.control)]) { unit in
      GradientNormFinishParameters(partial: unit(partial), count: Int32(first), maximumNorm: norm)
    }
  }

  /// One launch that updates a whole parameter group.
  mutating func lowerUpdate(_ rule: any UpdateRule, group: Int) {
    let size = layout.groupSizes[group]
    guard size > 0 else { return }
    let parameters = fixed(Slice(.parameters(group: group), offset: 0, count: size))
    let gradients = fixed(Slice(.gradients(group: group), offset: 0, count: size))
    let states = (0..<3).map { slot -> Argument in
      slot < rule.stateSlots ? .update(fixed(Slice(.state(group: group, slot: slot), offset: 0, count: size))) : .unused
    }
    let bytes = rule.parameters(count: size, group: group)
    add(
      Pending(
        kernel: .library(rule.kernel), note: Launch.Note("\(rule.kernel) update", shape: [size], flops: 12 * size),
        items: (profile.shares(of: size), 1, 1),
        arguments: [.update(parameters), .read(gradients)] + states + [.buffer(.control), .buffer(.constants)], parameters: { _ in bytes }))
  }
}
