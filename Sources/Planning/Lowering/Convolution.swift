import GlissadeKernels
import GlissadeTensors

extension Lowering {
  mutating func lowerConvolution(_ unit: Fusion.Unit, _ rule: Convolution, _ fused: Fusion.FusedEpilogue?) {
    let shape = ConvolutionShape(rule.window, rule.groups, x: inputShape(unit.node, 0), y: outputShape(unit.node))
    let x = input(unit.node, 0)
    // Tiles in local memory read taps that lie side by side as they are.
    if makesPatches(shape), localConvolution(shape, isInputGradient: false) == nil {
      // The weights of the wide convolution are the same numbers in the same order.
      convolve(unit, patches(of: x, shape, note(unit.node, "patches")), shape.ofPatches, isInputGradient: false, fused)
    } else {
      convolve(unit, x, shape, isInputGradient: false, fused)
    }
  }

  mutating func lowerConvolutionInputGradient(_ unit: Fusion.Unit, _ rule: ConvolutionInputGradient, _ fused: Fusion.FusedEpilogue?) {
    let shape = ConvolutionShape(rule.window, rule.groups, x: outputShape(unit.node), y: inputShape(unit.node, 0))
    convolve(unit, input(unit.node, 0), shape, isInputGradient: true, fused)
  }

  /// A convolution or its input gradient: weights into panels, then the product with its epilogue.
  private mutating func convolve(
    _ unit: Fusion.Unit, _ source: Slot, _ shape: ConvolutionShape, isInputGradient: Bool, _ fused: Fusion.FusedEpilogue?
  ) {
    let (weights, target) = (input(unit.node, 1), output(unit.result))
    let note = note(unit.node, epilogue: fused, flops: shape.flops)
    let epilogue = epilogueArguments(fused)
    if convolveLocally(source, weights, target, shape, isInputGradient: isInputGradient, epilogue, note) { return }
    let packed = packedWeights(weights, shape, isInputGradient: isInputGradient, note)
    if let tiles = winogradShape(shape, isInputGradient: isInputGradient) {
      return winograd(tiles, source, packed: packed, flips: isInputGradient, target, epilogue, note)
    }
    let zeros = zeros(convolution_zero_floats(shape))
    let gradient: Int32 = isInputGradient ? 1 : 0
    let panels = convolution_panels_per_item(shape, gradient, profile.tileColumns)
    let tiles = convolution_tiles_per_item(shape, gradient, profile.tileRows, profile.tileColumns, panels, profile.workers)
    let kernel = (shape.isDepthwise ? "depthwise" : "convolution") + (isInputGradient ? "_input_gradient" : "")
    let items: (Int, Int, Int) =
      shape.isDepthwise
      ? (profile.shares(of: count(target)), 1, convolution_phases(shape, gradient))
      : (
        convolution_panel_items(shape, gradient, profile.tileColumns, panels),
        convolution_items(shape, gradient, profile.tileRows, tiles), convolution_planes(shape, gradient)
      )
    let hasOneTap = convolution_taps(shape) == 1
    emit(
      kernel, note, items: items, [.read(source), .read(packed), .write(target), .read(zeros)], epilogue: epilogue,
      parts: shape.isDepthwise ? [] : KernelParts(hasOneTap ? CONVOLUTION_ONE_TAP : CONVOLUTION_MORE_TAPS, if: true)
    ) { unit in
      ConvolutionParameters(
        source: unit(source), packed: unit(packed), destination: unit(target), zeros: unit(zeros), shape: shape,
        tilesPerItem: Int32(tiles), panelsPerItem: Int32(panels), epilogue: epilogue.make(unit))
    }
  }

  /// Weights as the kernels read them. A depthwise convolution and its input gradient read the same.
  private mutating func packedWeights(_ weights: Slot, _ shape: ConvolutionShape, isInputGradient: Bool, _ note: Launch.Note) -> Slot {
    let isDepthwise = shape.isDepthwise
    var note = note
    note.operation = "pack weights"
    note.flops = 0
    return sharing(PackedWeights(weights: weights, isInputGradient: isInputGradient && !isDepthwise)) { lowering in
      let count =
        isDepthwise ? lowering.count(weights) : convolution_pack_floats(shape, isInputGradient ? 1 : 0, lowering.profile.tileColumns)
      let packed = lowering.scratch(count)
      let items: (Int, Int, Int) =
        isDepthwise
        ? (lowering.profile.shares(of: count), 1, 1)
        : (convolution_panels(shape, isInputGradient ? 1 : 0, lowering.profile.tileColumns), convolution_taps(shape), Int(shape.groups))
      lowering.emit(isDepthwise ? "depthwise_pack" : "convolution_pack", note, items: items, [.read(weights), .write(packed)]) { unit in
        ConvolutionPackParameters(w: unit(weights), packed: unit(packed), shape: shape, inputGradient: isInputGradient ? 1 : 0)
      }
      return packed
    }
  }

  /// Whether a convolution has so few input channels that vectors over them stay mostly empty, as in a first layer, and its patches fit into
  /// a buffer.
  private func makesPatches(_ shape: ConvolutionShape) -> Bool {
    shape.hasFewInputs && Slice.room(shape.patchCount) <= profile.limits.tensor
  }

  /// Each output pixel's taps side by side: a convolution of few channels becomes one of a single tap and many, which fills vectors.
  private mutating func patches(of x: Slot, _ shape: ConvolutionShape, _ note: Launch.Note) -> Slot {
    sharing(Patches(x: x, shape: bytes(of: shape))) { lowering in
      let patches = lowering.scratch(shape.patchCount)
      let items = (lowering.profile.shares(of: lowering.count(patches)), 1, 1)
      lowering.emit("convolution_patches", note, items: items, [.read(x), .write(patches)]) { unit in
        ConvolutionPatchesParameters(x: unit(x), patches: unit(patches), shape: shape)
      }
      return patches
    }
  }

  private struct Patches: Hashable {
    var x: Slot
    var shape: [UInt8]
  }

  private struct PackedWeights: Hashable {
    var weights: Slot
    var isInputGradient: Bool
  }

  mutating func lowerConvolutionWeightGradient(_ unit: Fusion.Unit, _ rule: ConvolutionWeightGradient) {
    let node = unit.node
    let shape = ConvolutionShape(rule.window, rule.groups, x: inputShape(node, 0), y: inputShape(node, 1))
    let (x, dy, dw) = (input(node, 0), input(node, 1), output(node))
    let local = localWeightGradient(shape)
    if makesPatches(shape), local == nil {
      let wide = shape.ofPatches
      let patches = patches(of: x, shape, note(node, "patches"))
      if profile.style == .cpu { return patchesWeightGradient(unit, patches, dy: dy, dw: dw, wide) }
      // dy, transposed, times the patches.
      var product = Product(
        rows: Int(wide.outputChannels), columns: Int(wide.inputChannels),
        inner: Int(wide.batch) * Int(wide.outputHeight) * Int(wide.outputWidth),
        batch: 1)
      product.isTransposedA = true
      emit(product, dy, patches, dw, EpilogueArguments(), note(node, flops: shape.flops))
      if let sum = unit.biasGradient, case .reduce(let rule) = graph.nodes[sum].operation { lowerReduce(sum, rule) }
      return
    }
    if local == nil, let tiles = winogradShape(shape, isInputGradient: false), hasRoom(forWeightGradient: tiles) {
      winogradWeightGradient(tiles, x: x, dy: dy, dw: dw, note(node, flops: shape.flops))
      if let sum = unit.biasGradient, case .reduce(let rule) = graph.nodes[sum].operation { lowerReduce(sum, rule) }
      return
    }
    let db = unit.biasGradient.map { output($0) }
    var note = note(node, flops: shape.flops)
    if db != nil { note.operation += " + bias gradient" }
    let splits = shape.isDepthwise ? depthwiseWeightSplits(shape) : local?.splits ?? weightParts(shape).splits
    let needsMerge = shape.isDepthwise || splits > 1
    let weightPartials = needsMerge ? scratch(count(dw) * splits) : dw
    let biasPartials = db.map { splits > 1 ? scratch(count($0) * splits) : $0 }
    if let local {
      emitLocalWeightGradient(x, dy, weightPartials, biasPartials, shape, local.tile, splits, note)
    } else {
      emitWeightGradient(x, dy, weightPartials, biasPartials, shape, splits, note)
    }
    var merging = note
    merging.operation = "merge " + note.operation
    if needsMerge { merge(shape.isDepthwise ? "depthwise_merge" : "convolution_merge", weightPartials, dw, splits, shape, merging) }
    if let db, let biasPartials, splits > 1 { merge("convolution_merge", biasPartials, db, splits, shape, merging) }
  }

  /// The gradient of a convolution over patches, of the bias as well: dy and the patches are read once, from first to last.
  private mutating func patchesWeightGradient(_ unit: Fusion.Unit, _ patches: Slot, dy: Slot, dw: Slot, _ shape: ConvolutionShape) {
    let db = unit.biasGradient.map { output($0) }
    var note = note(unit.node, flops: shape.flops)
    if db != nil { note.operation += " + bias gradient" }
    let (depth, channels) = (shape.inputChannels, shape.outputChannels)
    let width = (channels + 15) / 16 * 16
    let splits = convolution_weight_splits(shape), columns = convolution_patch_columns(profile.tileColumns)
    let partials = scratch(splits * Int((depth + 1) * width))
    emit(
      "convolution_patches_weight_gradient", note, items: ((Int(channels) + columns - 1) / columns, splits, 1),
      [.read(patches), .read(dy), .write(partials)]
    ) { unit in
      ConvolutionPatchesWeightGradientParameters(
        patches: unit(patches), dy: unit(dy), partials: unit(partials), pixels: shape.batch * shape.outputHeight * shape.outputWidth,
        depth: depth, channels: channels, width: width, splits: Int32(splits), hasBias: db == nil ? 0 : 1)
    }
    note.operation = "merge " + note.operation
    note.flops = splits * count(dw)
    emit(
      "convolution_patches_merge", note, items: (profile.shares(of: count(partials)), 1, 1),
      [.read(partials), .write(dw), db.map { .write($0) } ?? .unused]
    ) { unit in
      ConvolutionPatchesMergeParameters(
        partials: unit(partials), dw: unit(dw), db: unit(db), depth: depth, channels: channels, width: width, splits: Int32(splits),
        hasBias: db == nil ? 0 : 1)
    }
  }

  /// Parts of the lines of dy whose sums are merged later: by the shape alone. A GPU's work-items each take a channel and a row of taps.
  private func depthwiseWeightSplits(_ shape: ConvolutionShape) -> Int {
    let lines = Int(shape.batch) * Int(shape.outputHeight)
    switch profile.style {
    case .cpu: return max(1, min(16, lines / 8))
    case .gpu: return max(1, min(512, lines / 2, (1 << 16) / (Int(shape.outputChannels) * Int(shape.kernelHeight))))
    }
  }

  /// How many parts of the output channels, and of the lines of dy, have work-items of their own in a weight gradient by register tiles, by the
  /// shape alone. A GPU's work-items are to be many, each with eight channels, which a gathered pixel is multiplied with; parts of the lines take
  /// scratch and are merged, so that they come second, and are no more than what is read anyway.
  private func weightParts(_ shape: ConvolutionShape) -> (outputs: Int, splits: Int) {
    guard profile.style == .gpu else { return (1, convolution_weight_splits(shape)) }
    let wanted = 1 << 14
    let units = convolution_weight_units(shape, profile.tileColumns) * Int(shape.groups)
    let outputs = max(1, min((Int(shape.outputChannels / shape.groups) + 7) / 8, (wanted + units - 1) / units))
    let lines = Int(shape.batch) * Int(shape.outputHeight)
    let pixels = lines * Int(shape.outputWidth)
    let read =
      Int(shape.batch) * Int(shape.inputHeight) * Int(shape.inputWidth) * Int(shape.inputChannels) + pixels * Int(shape.outputChannels)
    let weights = convolution_weight_floats(shape)
    let splits = min(512, lines / 2, (wanted + units * outputs - 1) / (units * outputs), read / weights, mostParts(of: weights))
    return (outputs, max(1, splits))
  }

  private mutating func emitWeightGradient(
    _ x: Slot, _ dy: Slot, _ dw: Slot, _ db: Slot?, _ shape: ConvolutionShape, _ splits: Int, _ note: Launch.Note
  ) {
    let units =
      shape.isDepthwise
      ? depthwise_units_per_item(shape, profile.tileColumns, splits, profile.workers)
      : convolution_weight_units_per_item(shape, profile.tileColumns, splits, profile.workers)
    let block = convolution_weight_block(shape)
    let parts = shape.isDepthwise ? 1 : weightParts(shape).outputs
    let isPacked = profile.style == .cpu && convolution_packs_gradient(shape, profile.tileColumns) != 0
    let panels =
      isPacked
      ? packed(
        dy, entries: 1, inner: Int(shape.batch) * Int(shape.outputHeight) * Int(shape.outputWidth), columns: Int(shape.outputChannels),
        width: profile.tileRows, isTransposed: false, note) : nil
    let results: [Argument] = [.write(dw), db.map { .write($0) } ?? .unused]
    emit(
      shape.isDepthwise ? "depthwise_weight_gradient" : "convolution_weight_gradient", note,
      items: !shape.isDepthwise
        ? (convolution_weight_items(shape, profile.tileColumns, units) * parts, splits, Int(shape.groups))
        : profile.style == .gpu
          ? (profile.shares(of: splits * Int(shape.kernelHeight) * Int(shape.outputChannels)), 1, 1)
          : (depthwise_items(shape, profile.tileColumns, units), splits, 1),
      [.read(x), .read(dy)] + (shape.isDepthwise ? [] : [panels.map { .read($0) } ?? .unused]) + results
    ) { unit in
      ConvolutionWeightGradientParameters(
        x: unit(x), dy: unit(dy), panels: unit(panels), dw: unit(dw), db: unit(db), shape: shape, hasBias: db == nil ? 0 : 1,
        isPacked: isPacked ? 1 : 0, splits: Int32(splits), unitsPerItem: Int32(units), rowsPerBlock: Int32(block), outputParts: Int32(parts)
      )
    }
  }

  private mutating func merge(
    _ kernel: String, _ partials: Slot, _ sum: Slot, _ splits: Int, _ shape: ConvolutionShape, _ note: Launch.Note
  ) {
    let count = count(sum)
    var note = note
    note.flops = count * splits
    emit(kernel, note, items: (profile.shares(of: count * splits), 1, 1), [.read(partials), .write(sum)]) { unit in
      ConvolutionMergeParameters(
        partials: unit(partials), sum: unit(sum), count: Int32(count), splits: Int32(splits), channels: shape.outputChannels)
    }
  }
}

extension ConvolutionShape {
  init(_ window: Window, _ groups: Int, x: Shape, y: Shape) {
    self.init(
      batch: Int32(x[0]), inputHeight: Int32(x[1]), inputWidth: Int32(x[2]), inputChannels: Int32(x[3]), outputHeight: Int32(y[1]),
      outputWidth: Int32(y[2]), outputChannels: Int32(y[3]), kernelHeight: Int32(window.kernelHeight),
      kernelWidth: Int32(window.kernelWidth),
      strideHeight: Int32(window.strideHeight), strideWidth: Int32(window.strideWidth), paddingTop: Int32(window.paddingHeight),
      paddingLeft: Int32(window.paddingWidth), dilationHeight: Int32(window.dilationHeight), dilationWidth: Int32(window.dilationWidth),
      groups: Int32(groups))
  }

  /// So few input channels that vectors over them stay mostly empty.
  var hasFewInputs: Bool { groups == 1 && inputChannels < 8 && convolution_taps(self) > 1 }

  /// Elements of all taps of all output pixels.
  var patchCount: Int { Int(batch) * Int(outputHeight) * Int(outputWidth) * convolution_taps(self) * Int(inputChannels) }

  /// The same convolution over patches: one tap, whose channels are all taps' channels.
  var ofPatches: ConvolutionShape {
    var result = self
    result.inputHeight = outputHeight
    result.inputWidth = outputWidth
    result.inputChannels = inputChannels * kernelHeight * kernelWidth
    (result.kernelHeight, result.kernelWidth) = (1, 1)
    (result.strideHeight, result.strideWidth) = (1, 1)
    (result.paddingTop, result.paddingLeft) = (0, 0)
    (result.dilationHeight, result.dilationWidth) = (1, 1)
    return result
  }

  /// One filter for each channel: kernels of their own.
  var isDepthwise: Bool { groups > 1 && groups == inputChannels && groups == outputChannels }

  /// A multiplication and an addition for each tap of each output element.
  var flops: Int {
    2 * Int(batch) * Int(outputHeight) * Int(outputWidth) * Int(outputChannels) * convolution_taps(self) * Int(inputChannels / groups)
  }
}
