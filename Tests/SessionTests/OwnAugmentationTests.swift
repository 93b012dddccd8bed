import Glissade
import TestSupport
import Testing

/// Augmentations of one's own, beside those that are built in.
struct OwnAugmentationTests {
  private static let side = 8

  private func images(count: Int = 24) throws -> ImageDataset {
    try ImageDataset(
      pixels: (0..<3 * Self.side * Self.side * count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 11) },
      sampleShape: [Self.side, Self.side, 3], labels: (0..<count).map { Int32($0 % 2) }, classNames: ["even", "odd"],
      normalization: .unit(channels: 3))
  }

  private static let noise = Augmentation.own("noise of 0.1") { picture, draws in
    for place in picture.values.indices { picture.values[place] += 0.1 * draws.normal() }
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func pixelsAreReadAndWritten() throws {
    let images = try images(count: 2)
    let shifted = Augmentation.own("one to the right") { picture, _ in
      let before = picture
      for row in 0..<picture.side {
        for column in 0..<picture.side {
          for channel in 0..<3 { picture[row, column, channel] = before[row, column - 1, channel] }
        }
      }
      // Outside nothing is written.
      picture[-1, 0, 0] = 9
      picture[0, picture.side, 0] = 9
      picture[0, 0, 3] = 9
    }
    let plain = try images.gather([1]).features
    let found = try AugmentedImages(images, augmentations: [shifted]).gather([1]).features
    for row in 0..<Self.side {
      for column in 0..<Self.side {
        for channel in 0..<3 {
          // The edge's pixels go on.
          #expect(found[(row * Self.side + column) * 3 + channel] == plain[(row * Self.side + max(column - 1, 0)) * 3 + channel])
        }
      }
    }
  }

  @Test func drawsDependOnSeedEpochImageAndPlaceInTheList() throws {
    let images = try images()
    func noisy(seed: UInt64 = 1, threads: Int? = nil, _ list: [Augmentation] = [.flip(), Self.noise]) throws -> AugmentedImages {
      try AugmentedImages(images, augmentations: list, seed: seed, threads: threads)
    }
    let all = Array(0..<24)
    let found = try noisy(threads: 1).gather(all, epoch: 3).features
    #expect(try noisy(threads: 2).gather(all, epoch: 3).features == found)
    #expect(try noisy().gather(all, epoch: 4).features != found && noisy(seed: 2).gather(all, epoch: 3).features != found)
    let size = images.sampleSize
    #expect(try noisy().selecting([7, 5]).gather([1], epoch: 3).features == Array(found[(5 * size)..<(6 * size)]))
    // What stands in front of it moves none of its draws: nothing comes of a flip that never happens.
    #expect(
      try noisy([.flip(probability: 0), Self.noise]).gather(all).features
        == noisy([.verticalFlip(probability: 0), Self.noise]).gather(all).features)
    // Every kind of draw.
    let drawn = Augmentation.own("draws") { picture, draws in
      let (share, most) = (draws.uniform(2...3), draws.integer(upTo: 4))
      let isOne = (2...3).contains(share) && (0...4).contains(most) && draws.integer(upTo: -1) == 0
      let isTwo = draws.happens(1) && !draws.happens(0) && (0..<5).contains(Int.random(in: 0..<5, using: &draws))
      picture.values = picture.values.map { _ in isOne && isTwo ? 1 : 0 }
    }
    #expect(try noisy([drawn]).gather([0]).features.allSatisfy { $0 == 1 })
  }

  @Test func trainingGoesOnWithTheSameBits() throws {
    let images = try images()
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.01))])
    (options.epochs, options.batchSize, options.checkpointSteps) = (3, 5, 2)
    let trainer = Trainer(model: Sequential(Flatten(), Dense(3 * Self.side * Self.side, 2)), options: options)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    func data(_ threads: Int, _ list: [Augmentation] = [Self.noise, .flip()]) throws -> AugmentedImages {
      try AugmentedImages(images, augmentations: list, threads: threads)
    }
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try trainer.fit(data(1), on: selection, checkpoint: { checkpoints.append($0) })
    let other = try trainer.fit(data(2), on: selection)
    #expect(whole.failure == nil && other.state.parameters.map(\.values) == whole.state.parameters.map(\.values))
    let middle = try #require(checkpoints.first { $0.completedEpochs == 1 && $0.completedBatches > 0 })
    let folder = try TemporaryFolder()
    try middle.save(to: folder.path + "/checkpoint")
    let read = try TrainingCheckpoint(contentsOf: folder.path + "/checkpoint")
    let resumed = try trainer.fit(data(2), on: selection, resuming: read)
    #expect(resumed.state.parameters.map(\.values) == whole.state.parameters.map(\.values))
    // Without it, or with other numbers, it would be another training.
    let message = message { _ = try trainer.fit(data(1, [.flip()]), on: selection, resuming: read) }
    #expect(message.contains("augmentation is flip(0.5), seed 0, before noise of 0.1, flip(0.5), seed 0"), "\(message)")
    #expect(self.message { _ = try trainer.fit(images, on: selection, resuming: read) }.contains("augmentation is none, before"))
    // Nothing is known of checkpoints from before there were names of changes.
    var old = read
    old.conditions?.options.removeAll { $0.name == "augmentation" }
    #expect(try trainer.fit(data(1), on: selection, resuming: old).failure == nil)
  }

  @Test func mistakes() throws {
    let images = try images()
    func message(_ list: [Augmentation]) -> String { self.message { _ = try AugmentedImages(images, augmentations: list).gather([4]) } }
    #expect(
      message([.own("short") { picture, _ in picture.values.removeLast() }]).contains(
        "what the augmentation 'short' left of the image 4 is 191 numbers but must be 192 finite numbers, as before"))
    #expect(
      message([.own("odd") { picture, _ in picture.values[7] = .nan }]).contains(
        "what the augmentation 'odd' left of the image 4 is a number that is not finite but must be 192"))
    #expect(message([.own("") { _, _ in }]).contains("the name of an augmentation is '' but must be one that no other has"))
    #expect(message([.own("flip") { _, _ in }]).contains("the name of an augmentation is 'flip'"))
    #expect(message([Self.noise, .crop()]).contains("the only one that chooses a part"))
    #expect(message([.crop(), Self.noise]) == "no error")
    #expect(self.message { _ = try AugmentationList("noise") }.contains("noise"))
    // Features that are kept would be those of one epoch.
    var options = TrainingOptions()
    (options.batchSize, options.featureCache) = (8, FeatureCache())
    let trainer = Trainer(model: Sequential(Flatten(), Dense(192, 2)), options: options)
    let data = try AugmentedImages(images, augmentations: [Self.noise])
    let refused = self.message { _ = try trainer.fit(data.selecting([0, 1, 2, 3, 4, 5, 6, 7])) }
    #expect(refused.contains("one that changes in each epoch (noise of 0.1, seed 0)"), "\(refused)")
    #expect(self.message { _ = try trainer.fit(data.prefix(8)) }.contains("one that changes in each epoch"))
  }
}
