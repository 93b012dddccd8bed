import GlissadeKernels
import GlissadeTensors

/// 3×3 convolutions of stride 1 with a quarter of the multiplications; `winograd.h` says how, and what it costs in precision.
extension Lowering {
  /// The geometry of a convolution or its input gradient for Winograd's kernels; `nil` where the direct ones are better.
  func winogradShape(_ shape: ConvolutionShape, isInputGradient: Bool) -> WinogradShape? {
    guard !isExact, profile.style == .cpu, shape.groups == 1, shape.kernelHeight == 3, shape.kernelWidth == 3,
      shape.strideHeight == 1, shape.strideWidth == 1, shape.dilationHeight == 1, shape.dilationWidth == 1,
      shape.inputChannels % 16 == 0, shape.outputChannels % 16 == 0, shape.inputChannels >= 32, shape.outputChannels >= 32,
      shape.paddingTop <= 2, shape.paddingLeft <= 2
    else { return nil }
    let (height, width) = isInputGradient ? (shape.inputHeight, shape.inputWidth) : (shape.outputHeight, shape.outputWidth)
    let (high, wide) = ((height + 3) / 4, (width + 3) / 4)
    // Tiles reach over the edge, and weights have to be transformed whatever they are used for.
    guard shape.batch * high * wide >= 32, 16 * high * wide * 5 < height * width * 9 else { return nil }
    if isInputGradient {
      return WinogradShape(
        batch: shape.batch, sourceHeight: shape.outputHeight, sourceWidth: shape.outputWidth, sourceChannels: shape.outputChannels,
        height: height, width: width, channels: shape.inputChannels, top: 2 - shape.paddingTop, left: 2 - shape.paddingLeft,
        tilesHigh: high, tilesWide: wide)
    }
    return WinogradShape(
      batch: shape.batch, sourceHeight: shape.inputHeight, sourceWidth: shape.inputWidth, sourceChannels: shape.inputChannels,
      height: height, width: width, channels: shape.outputChannels, top: shape.paddingTop, left: shape.paddingLeft, tilesHigh: high,
      tilesWide: wide)
  }

  /// A convolution or its input gradient from packed weights.
  mutating func winograd(
    _ shape: WinogradShape, _ source: Slot, packed: Slot, flips: Bool, _ target: Slot, _ epilogue: EpilogueArguments, _ note: Launch.Note
  ) {
    let weights = transformedWeights(packed, shape, flips: flips, note)
    let zeros = zeros(Int(shape.sourceChannels))
    let tiles = winograd_tiles_per_block(shape, profile.tileRows, profile.workers)
    let items = max(1, min(winograd_blocks(shape, tiles), 4 * profile.workers))
    let floats = winograd_scratch_floats(shape, tiles, profile.tileColumns)
    let scratch = scratch(items * floats)
    let panels = winograd_panels(Int(shape.channels), profile.tileColumns)
    emit(
      "winograd", note, items: (items, 1, 1),
      [.read(source), .read(weights), .write(target), .read(zeros), .write(scratch)], epilogue: epilogue
    ) { unit in
      WinogradParameters(
        source: unit(source), transformed: unit(weights), destination: unit(target), zeros: unit(zeros), scratch: unit(scratch),
        shape: shape, tilesPerBlock: Int32(tiles), panels: Int32(panels), scratchPerItem: Int32(floats / 16), epilogue: epilogue.make(unit))
    }
  }

  private mutating func transformedWeights(_ packed: Slot, _ shape: WinogradShape, flips: Bool, _ note: Launch.Note) -> Slot {
    var note = note
    note.operation = "transform weights"
    note.flops = 0
    return sharing(TransformedWeights(packed: packed)) { lowering in
      let panels = winograd_panels(Int(shape.channels), lowering.profile.tileColumns)
      let count = Int(WINOGRAD_POSITIONS) * panels * Int(shape.sourceChannels) * lowering.profile.tileColumns
      let transformed = lowering.scratch(count)
      let items = (panels, max(1, min(4, Int(shape.sourceChannels) / 64)), 1)
      lowering.emit("winograd_weights", note, items: items, [.read(packed), .write(transformed)]) { unit in
        WinogradWeightsParameters(
          packed: unit(packed), transformed: unit(transformed), panels: Int32(panels), sourceChannels: shape.sourceChannels,
          flips: flips ? 1 : 0)
      }
      return transformed
    }
  }

  private struct TransformedWeights: Hashable {
    var packed: Slot
  }

  /// Numbers in a slice of `floats` for each position.
  private func positions(_ floats: Int) -> Int { Int(WINOGRAD_POSITIONS) * winograd_step(floats) }

  /// Whether what a weight gradient transforms, more than twice what it reads, fits into buffers.
  func hasRoom(forWeightGradient shape: WinogradShape) -> Bool {
    let largest = max(shape.channels, shape.sourceChannels)
    return Slice.room(positions(winograd_tiles(shape) * Int(largest))) <= profile.limits.tensor
  }

  /// A weight gradient, from the forward convolution's geometry.
  mutating func winogradWeightGradient(_ shape: WinogradShape, x: Slot, dy: Slot, dw: Slot, _ note: Launch.Note) {
    let tiles = winograd_tiles(shape)
    let (channels, sourceChannels) = (Int(shape.channels), Int(shape.sourceChannels))
    func part(_ name: String, _ flops: Int = 0) -> Launch.Note {
      var result = note
      result.operation = name + note.operation
      result.flops = flops
      return result
    }
    let zeros = zeros(sourceChannels)
    let sources = scratch(positions(tiles * sourceChannels))
    emit(
      "winograd_source", part("transform x, "), items: (profile.shares(of: count(sources)), 1, 1),
      [.read(x), .write(sources), .read(zeros)]
    ) { unit in
      WinogradTransformParameters(from: unit(x), transformed: unit(sources), zeros: unit(zeros), shape: shape)
    }
    let destinations = scratch(positions(tiles * channels))
    emit(
      "winograd_destination", part("transform dy, "), items: (profile.shares(of: count(destinations)), 1, 1),
      [.read(dy), .write(destinations)]
    ) { unit in
      WinogradTransformParameters(from: unit(dy), transformed: unit(destinations), zeros: 0, shape: shape)
    }
    let sums = scratch(positions(channels * sourceChannels))
    // What an item takes of dy stays in the first-level cache beside a panel of x.
    let channelsPerItem = Int(WINOGRAD_CHANNELS) * (profile.tileColumns < 64 ? 2 : 1)
    func parameters(_ unit: (Slot?) -> Int32) -> WinogradWeightGradientParameters {
      WinogradWeightGradientParameters(
        destinations: unit(destinations), sources: unit(sources), sums: unit(sums), dw: unit(dw), tiles: Int32(tiles),
        channels: shape.channels, sourceChannels: shape.sourceChannels, tilesPerBlock: Int32(winograd_weight_tiles_per_block()),
        channelsPerItem: Int32(channelsPerItem))
    }
    emit(
      "winograd_weight_products", note, items: (Int(WINOGRAD_POSITIONS), (channels + channelsPerItem - 1) / channelsPerItem, 1),
      [.read(destinations), .read(sources), .write(sums)], parameters: parameters)
    emit(
      "winograd_weight_finish", part("finish "), items: (profile.shares(of: count(sums)), 1, 1), [.read(sums), .write(dw)],
      parameters: parameters)
  }
}
