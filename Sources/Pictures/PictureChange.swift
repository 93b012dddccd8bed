import GlissadeRandom

/// A random change of pictures of one's own: what it does to a picture that has the network's size already, before its numbers are normalised.
/// `Augmentation.own` makes an augmentation of it.
///
/// What it does may depend on the picture and on the draws that it is given, and on nothing else: then pictures are the same for any number of
/// threads, and after a resume. It is called on several threads at once.
public struct PictureChange: Sendable, Equatable {
  /// For messages and records: a training does not go on with a change of another name.
  public let name: String
  let apply: @Sendable (_ picture: inout PictureValues, _ draws: inout PictureDraws) -> Void

  /// Changes of one name are the same.
  public static func == (a: PictureChange, b: PictureChange) -> Bool { a.name == b.name }
}

extension Augmentation {
  /// A change of one's own.
  ///
  /// ```swift
  /// let noise = Augmentation.own("noise") { picture, draws in
  ///   for place in picture.values.indices { picture.values[place] += 0.05 * draws.normal() }
  /// }
  /// let pipeline = PicturePipeline(augmentations: [.crop(), .flip(), noise])
  /// ```
  ///
  /// Recipes cannot name it, so it is for `PicturePipeline` and `AugmentedImages`. It stands behind what chooses a part of the picture.
  /// - Parameters:
  ///   - name: for messages and records; its numbers belong into it, since a training goes on with what is called the same. Not empty, and none
  ///     of `AugmentationList.names`.
  ///   - change: changes a picture in place, by the draws and by nothing else; called on several threads at once.
  public static func own(
    _ name: String, _ change: @escaping @Sendable (_ picture: inout PictureValues, _ draws: inout PictureDraws) -> Void
  ) -> Augmentation {
    .changed(by: PictureChange(name: name, apply: change))
  }
}

/// A square picture's numbers, as an augmentation of one's own changes them.
public struct PictureValues: Sendable {
  /// Pixels on each side.
  public let side: Int
  /// Row by row, pixel by pixel red, green and blue, from 0 to 1 as the picture comes; what is beyond that stays so. Grey images (`AugmentedImages`)
  /// have three equal channels, of which the first goes on. There have to be as many numbers as before, all finite.
  public var values: [Float]

  /// One channel of a pixel. Outside the picture reading finds the nearest pixel's, and writing changes nothing.
  /// - Parameters:
  ///   - row: from the top, 0.
  ///   - column: from the left, 0.
  ///   - channel: 0, 1, 2 for red, green and blue.
  public subscript(row: Int, column: Int, channel: Int) -> Float {
    get {
      func within(_ place: Int, _ extent: Int) -> Int { min(max(place, 0), extent - 1) }
      let place = (within(row, side) * side + within(column, side)) * 3 + within(channel, 3)
      return values.indices.contains(place) ? values[place] : .nan
    }
    set {
      guard (0..<side).contains(row), (0..<side).contains(column), (0..<3).contains(channel) else { return }
      let place = (row * side + column) * 3 + channel
      if values.indices.contains(place) { values[place] = newValue }
    }
  }
}

/// Random numbers of one picture in one epoch, for one augmentation: a pure function of the seed, the epoch, the picture and the augmentation's
/// place in the list. It is a generator for all that Swift draws, as `Bool.random(using:)`.
public struct PictureDraws: RandomNumberGenerator, Sendable {
  var generator: Philox4x32

  /// The next 64 random bits.
  public mutating func next() -> UInt64 { generator.next() }

  /// A number from low … high.
  public mutating func uniform(_ range: ClosedRange<Float> = 0...1) -> Float { Float(generator.uniform(range)) }

  /// True with a probability.
  public mutating func happens(_ probability: Float) -> Bool { generator.happens(probability) }

  /// A whole number from 0 … most; 0 where that is negative.
  public mutating func integer(upTo most: Int) -> Int { generator.integer(upTo: most) }

  /// A normal number of mean 0 and deviation 1.
  public mutating func normal() -> Float { Float(generator.nextNormalPair().0) }
}
