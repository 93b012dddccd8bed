import GlissadeData
import Testing

@testable import GlissadePictures

/// Images in memory that change from epoch to epoch.
@Suite struct AugmentedImagesTests {
  private static let side = 12

  private func images(channels: Int, width: Int = side, count: Int = 6) throws -> ImageDataset {
    let size = Self.side * width * channels
    let means = (0..<channels).map { 0.3 + 0.1 * Float($0) }
    return try ImageDataset(
      pixels: (0..<size * count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 11) }, sampleShape: [Self.side, width, channels],
      labels: (0..<count).map { Int32($0 % 2) }, classNames: ["even", "odd"],
      normalization: try Normalization(mean: means, deviation: means.map { $0 / 2 }))
  }

  private func augmentations(_ text: String) throws -> [Augmentation] { try AugmentationList(text).pictures }

  @Test(arguments: [1, 3]) func withoutChangesTheyAreWhatTheyWere(channels: Int) throws {
    let images = try images(channels: channels)
    let same = try AugmentedImages(images, augmentations: [])
    #expect(try same.gather([4, 0, 5], epoch: 3) == images.gather([4, 0, 5]))
    #expect(same.labels == images.labels && same.classNames == images.classNames && same.sampleShape == images.sampleShape)
    #expect(try same.contentHashes(ofSamples: [2, 1]) == images.contentHashes(ofSamples: [2, 1]))
  }

  @Test(arguments: [1, 3]) func aMirroredImageIsMirrored(channels: Int) throws {
    let images = try images(channels: channels)
    let (mirrored, plain) = try (
      AugmentedImages(images, augmentations: augmentations("flip(1)")).gather([2]).features, images.gather([2]).features
    )
    for row in 0..<Self.side {
      for column in 0..<Self.side {
        for channel in 0..<channels {
          let (here, there) = ((row * Self.side + column) * channels, (row * Self.side + Self.side - 1 - column) * channels)
          #expect(mirrored[here + channel] == plain[there + channel])
        }
      }
    }
  }

  @Test(arguments: [1, 3]) func changesDependOnSeedEpochAndImageAlone(channels: Int) throws {
    let images = try images(channels: channels)
    func changed(seed: UInt64 = 1, threads: Int? = nil) throws -> AugmentedImages {
      try AugmentedImages(
        images, augmentations: augmentations("flip,crop,color-jitter,rotation,erasing(1)"), seed: seed, threads: threads)
    }
    let all = try changed().gather([0, 1, 2, 3, 4, 5], epoch: 2)
    #expect(try changed(threads: 1).gather([0, 1, 2, 3, 4, 5], epoch: 2) == all)
    #expect(try changed().gather([0, 1, 2, 3, 4, 5], epoch: 3).features != all.features)
    #expect(try changed(seed: 2).gather([0, 1, 2, 3, 4, 5], epoch: 2).features != all.features)
    let size = images.sampleSize
    let part = try changed().selecting([5, 3]).gather([1, 0], epoch: 2)
    #expect(part.features == Array(all.features[3 * size..<4 * size]) + Array(all.features[5 * size..<6 * size]))
    #expect(part.labels == [images.labels[3], images.labels[5]])
    #expect(all.features.allSatisfy { $0.isFinite })
  }

  /// Of test-time augmentation: a view is the image's own, whatever its place, its epoch and its company.
  @Test(arguments: [1, 3]) func viewsAreDrawnFromTheImageItself(channels: Int) throws {
    let images = try images(channels: channels)
    let changed = try AugmentedImages(images, augmentations: augmentations("flip,crop,rotation"), seed: 9)
    let all = Array(0..<6)
    let first = try changed.view(1).gather(all).features
    #expect(try changed.view(1).gather(all, epoch: 7).features == first)
    #expect(try changed.view(2).gather(all).features != first && images.gather(all).features != first)
    let size = images.sampleSize
    let part = try changed.selecting([5, 3]).view(1).gather([1, 0]).features
    #expect(part == Array(first[3 * size..<4 * size]) + Array(first[5 * size..<6 * size]))
    let reversed = try ImageDataset(
      pixels: all.reversed().flatMap { images.pixels[$0 * size..<($0 + 1) * size] }, sampleShape: images.sampleShape,
      labels: images.labels.reversed(), classNames: images.classNames, normalization: images.normalization)
    let other = try AugmentedImages(reversed, augmentations: augmentations("flip,crop,rotation")).view(1).gather([5, 4]).features
    #expect(other == Array(first[..<(2 * size)]))
    // Each image is changed in a way of its own.
    let flips = try AugmentedImages(images, augmentations: augmentations("flip")).view(3).gather(all).features
    let same = try all.filter { try images.gather([$0]).features[...] == flips[$0 * size..<($0 + 1) * size] }
    #expect(!same.isEmpty && same.count < 6)
  }

  @Test func whatCannotBeChangedIsRefused() throws {
    #expect(throws: DataError.invalidArgument(name: "augmentation", value: "12×9 images", requirement: "of square images")) {
      try AugmentedImages(try images(channels: 1, width: 9), augmentations: [.flip()])
    }
    #expect(throws: DataError.self) { try AugmentedImages(try images(channels: 2), augmentations: [.flip()]) }
    #expect(throws: DataError.self) { try AugmentedImages(try images(channels: 1), augmentations: [.crop(padding: -1)]) }
    #expect(throws: DataError.self) { try AugmentedImages(try images(channels: 1), augmentations: [.flip()]).selecting([6]) }
  }
}
