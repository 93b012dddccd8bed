import Foundation
import Glissade

// Two things of one's own that are new at every step: what happens to the pictures, and the learning rate.

// Noise, drawn for each picture in each epoch.
let noise = Augmentation.own("noise of 0.1") { picture, draws in
  for place in picture.values.indices { picture.values[place] += 0.1 * draws.normal() }
}

// Down in 40 steps, and up again at once.
let sawtooth = Schedule("sawtooth of 40 steps") { $0.base * (1 - Double($0.step % 40) / 40) }

/// Grey pictures of stripes that lie or stand, anywhere.
func stripes(_ count: Int) throws -> ImageDataset {
  var (pixels, labels) = ([UInt8](), [Int32]())
  for index in 0..<count {
    let (isUpright, shift) = (index % 2 == 1, index / 2 % 6)
    for row in 0..<12 {
      for column in 0..<12 { pixels.append(((isUpright ? column : row) + shift) % 6 < 3 ? 100 : 150) }
    }
    labels.append(isUpright ? 1 : 0)
  }
  return try ImageDataset(
    pixels: pixels, sampleShape: [12, 12, 1], labels: labels, classNames: ["lying", "standing"],
    normalization: Normalization(mean: [0.5], deviation: [0.1]))
}

do {
  let schedule = sawtooth.warmingUp(over: .steps(10))
  var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.05, momentum: 0.9), schedule: schedule)])
  (options.epochs, options.batchSize, options.seed) = (8, 16, 1)
  let model = Sequential(Conv2D(1, 8, kernel: 3, padding: 1), ReLU(), GlobalAveragePool(), Dense(8, 2))
  let training = try AugmentedImages(stripes(240), augmentations: [.flip(), .crop(padding: 2), noise], seed: 1)
  let result = try Trainer(model: model, options: options).fit(
    training, test: stripes(60), on: try DeviceSelection.open(.auto),
    observe: { event in
      if case .epoch(let row) = event { print("epoch \(row.epoch): loss \(row.trainLoss), rate \(row.learningRate)") }
    })
  if let failure = result.failure { throw failure }
  print("test accuracy \(result.record.testAccuracy)")
  exit(result.record.testAccuracy >= 0.95 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("own augmentation: \(error)\n".utf8))
  exit(1)
}
