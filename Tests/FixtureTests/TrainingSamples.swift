import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadeOptimizers
import GlissadeTraining
import Synchronization

/// A network with all that could make two runs differ: reductions over the batch, running statistics, dropout, work for several threads.
struct SmallNetwork: Layer {
  let conv1 = Conv2D(3, 20, kernel: 3, padding: 1, bias: false)
  let bn1 = BatchNorm(20)
  let pool = MaxPool2D(2)
  let conv2 = Conv2D(20, 24, kernel: 3, stride: 2, padding: 1)
  let dropout = Dropout(0.3)
  let fc = Dense(4 * 4 * 24, 10)

  func forward(_ x: Tensor) -> Tensor {
    let x = pool(relu(bn1(conv1(x))))
    return fc(dropout(relu(conv2(x)).flattened()))
  }

  /// Trains on batches of 33 pictures of [16, 16, 3] and gives the state at the end.
  static func trained(on device: any Device, steps: Int, seed: UInt64) throws -> ModelState {
    let session = try session(on: device, seed: seed)
    for step in 0..<steps {
      let images = NamedStream.values("reproducibility/\(step)", count: 33 * 16 * 16 * 3)
      let labels = (0..<33).map { Int32(($0 * 7 + step) % 10) }
      try images.withUnsafeBufferPointer { images in
        try labels.withUnsafeBufferPointer { try session.train(features: images, labels: $0) { _ in 1e-3 } }
      }
    }
    return try session.state()
  }

  static func session(on device: any Device, seed: UInt64) throws -> TrainingSession {
    try TrainingSession(
      model: SmallNetwork(), sampleShape: [16, 16, 3], batchSize: 33, groups: [ParameterGroup(AdamW(learningRate: 1e-3))], clippingNorm: 1,
      seed: seed, device: device)
  }
}

extension ModelState {
  /// Every number in it, bit by bit.
  var bits: [UInt32] { (parameters.map(\.values) + optimizer.flatMap { $0.slots.map(\.values) }).flatMap { $0.map(\.bitPattern) } }
}

/// Keeps a record of which samples were asked for, batch by batch.
struct RecordingDataset: Dataset {
  final class Record: Sendable {
    let batches = Mutex<[[Int]]>([])
  }

  let samples: SyntheticClassification
  let record = Record()

  var count: Int { samples.count }
  var sampleShape: [Int] { samples.sampleShape }
  var classNames: [String] { samples.classNames }
  var labels: [Int32] { samples.labels }

  func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    record.batches.withLock { $0.append(Array(indices)) }
    try samples.gather(indices, into: features, labels: labels)
  }
}

extension DeviceUnderTest {
  /// The device opened anew as `--device` would, self-test included.
  func selection() throws -> DeviceSelection {
    guard let request = DeviceRequest(device.information.identifier) else {
      throw Fixture.Missing(name: "a request for \(device.information.identifier)")
    }
    return try DeviceSelection.open(request)
  }
}
