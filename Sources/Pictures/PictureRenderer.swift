import CPictures
import GlissadeRandom

/// From a stored picture to the numbers that a network sees.
struct PictureRenderer: Sendable {
  let pipeline: PicturePipeline
  private var size: Int { pipeline.size }
  private var area: Int { size * size }

  /// Writes 3 · size² numbers.
  /// - Parameters:
  ///   - picture: in the form that `StoredForm` gives for this pipeline.
  ///   - path: what errors call it.
  ///   - draws: the sample's random numbers; nil in evaluation.
  /// - Throws: `PictureError` without memory, and where an augmentation of one's own leaves no picture.
  func render(
    _ picture: Picture, path: String, draws: AugmentationDraws?, into target: UnsafeMutablePointer<Float>
  ) throws(PictureError) {
    guard let square = square(of: picture, draws) else { throw PictureError(path: path, reason: .noMemory) }
    picture_to_floats(square.pixels, 3 * area, target)
    var erased: [PictureWindow] = []
    if let draws {
      for (place, augmentation) in pipeline.augmentations.enumerated() {
        var random = draws.generator(place)
        if case .changed(let change) = augmentation {
          try apply(change, PictureDraws(generator: random), target, path)
          continue
        }
        if let window = apply(augmentation, &random, target) { erased.append(window) }
      }
    }
    picture_normalize(target, area, pipeline.normalization.mean, pipeline.normalization.deviation)
    for window in erased {
      for row in window.top..<window.top + window.height {
        (target + 3 * (row * size + window.left)).update(repeating: 0, count: 3 * window.width)
      }
    }
  }

  /// Changes the square as somebody else wants it, who gets a copy of it.
  private func apply(
    _ change: PictureChange, _ draws: PictureDraws, _ target: UnsafeMutablePointer<Float>, _ path: String
  ) throws(PictureError) {
    var draws = draws
    var picture = PictureValues(side: size, values: Array(UnsafeBufferPointer(start: target, count: 3 * area)))
    change.apply(&picture, &draws)
    func refuse(_ left: String) -> PictureError {
      PictureError(path: path, reason: .changed(by: change.name, left: left, of: 3 * area))
    }
    guard picture.values.count == 3 * area else { throw refuse("\(picture.values.count) numbers") }
    guard picture.values.allSatisfy(\.isFinite) else { throw refuse("a number that is not finite") }
    picture.values.withUnsafeBufferPointer { values in
      if let base = values.baseAddress { target.update(from: base, count: 3 * area) }
    }
  }

  /// The part that is seen, at the network's size.
  private func square(of picture: Picture, _ draws: AugmentationDraws?) -> Picture? {
    guard let draws, let place = pipeline.augmentations.firstIndex(where: \.choosesPart) else { return picture }
    var random = draws.generator(place)
    switch pipeline.augmentations[place] {
    case .crop(let padding):
      let padding = padding ?? (pipeline.resize == size ? size / 8 : 0)
      let left = random.integer(upTo: picture.width - size + 2 * padding) - padding
      let top = random.integer(upTo: picture.height - size + 2 * padding) - padding
      return picture.square(size, left: left, top: top)
    case .resizedCrop(let scale, let ratio):
      let window =
        random.window(width: picture.width, height: picture.height, scale: scale, ratio: ratio) ?? middle(of: picture, ratio: ratio)
      return picture.resized(
        window, width: size, height: size, keeping: PictureWindow(left: 0, top: 0, width: size, height: size))
    default: return picture
    }
  }

  /// As much of the picture's middle as a ratio of width to height within the range allows.
  private func middle(of picture: Picture, ratio: ClosedRange<Float>) -> PictureWindow {
    let (width, height) = (Double(picture.width), Double(picture.height))
    var (w, h) = (picture.width, picture.height)
    if width / height < Double(ratio.lowerBound) {
      h = min(picture.height, max(1, Int((width / Double(ratio.lowerBound)).rounded())))
    } else if width / height > Double(ratio.upperBound) {
      w = min(picture.width, max(1, Int((height * Double(ratio.upperBound)).rounded())))
    }
    return PictureWindow(left: (picture.width - w) / 2, top: (picture.height - h) / 2, width: w, height: h)
  }

  /// Changes the square in place.
  /// - Returns: a part to erase once the numbers are normalised.
  private func apply(_ augmentation: Augmentation, _ random: inout Philox4x32, _ target: UnsafeMutablePointer<Float>) -> PictureWindow? {
    switch augmentation {
    case .flip(let probability): if random.happens(probability) { picture_flip_horizontally(target, size, size) }
    case .verticalFlip(let probability): if random.happens(probability) { picture_flip_vertically(target, size, size) }
    case .crop, .resizedCrop, .changed: break
    case .colorJitter(let brightness, let contrast, let saturation, let hue):
      var order = [0, 1, 2, 3]
      random.shuffle(&order)
      func factor(_ strength: Float) -> Float { Float(random.uniform(max(0, 1 - strength)...1 + strength)) }
      let factors = (factor(brightness), factor(contrast), factor(saturation), Float(random.uniform(-hue...hue)))
      for step in order {
        switch step {
        case 0: if brightness > 0 { picture_brightness(target, area, factors.0) }
        case 1: if contrast > 0 { picture_contrast(target, area, factors.1) }
        case 2: if saturation > 0 { picture_saturation(target, area, factors.2) }
        default: if hue > 0 { picture_hue(target, area, factors.3) }
        }
      }
    case .rotation(let degrees):
      let angle = random.uniform(-degrees...degrees)
      let copy = Array(UnsafeBufferPointer(start: target, count: 3 * area))
      picture_rotate(copy, size, size, angle, target)
    case .erasing(let probability, let scale, let ratio):
      guard random.happens(probability) else { return nil }
      return random.window(width: size, height: size, scale: scale, ratio: ratio, smallerThanAll: true)
    case .randAugment(let operations, let magnitude):
      for _ in 0..<operations {
        let (operation, magnitude) = AugmentationPolicy.rand.draw(&random, bin: magnitude, side: size)
        operation.apply(magnitude, to: target, side: size)
      }
    case .trivialAugment:
      let (operation, magnitude) = AugmentationPolicy.trivial.draw(&random, bin: nil, side: size)
      operation.apply(magnitude, to: target, side: size)
    }
    return nil
  }
}

extension Picture {
  /// A square part that may reach beyond the picture, where the edge's pixels go on.
  func square(_ size: Int, left: Int, top: Int) -> Picture {
    let part = [UInt8](unsafeUninitializedCapacity: 3 * size * size) { buffer, count in
      picture_crop(pixels, width, height, left, top, size, buffer.baseAddress)
      count = 3 * size * size
    }
    return Picture(size, size, part)
  }
}
