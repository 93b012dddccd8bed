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

  @Test func whatCannotBeChangedIsRefused() throws {
    #expect(throws: DataError.invalidArgument(name: "augmentation", value: "12×9 images", requirement: "of square images")) {
      try AugmentedImages(try images(channels: 1, width: 9), augmentations: [.flip()])
    }
    #expect(throws: DataError.self) { try AugmentedImages(try images(channels: 2), augmentations: [.flip()]) }
    #expect(throws: DataError.self) { try AugmentedImages(try images(channels: 1), augmentations: [.crop(padding: -1)]) }
    #expect(throws: DataError.self) { try AugmentedImages(try images(channels: 1), augmentations: [.flip()]).selecting([6]) }
  }
}
