import Foundation
import Glissade

do {
  // Ten clouds of points in 32 dimensions; the test part has the same centres and other points.
  let training = try SyntheticClassification(count: 4096, sampleShape: [32], classCount: 10, separation: 0.7)
  let test = try SyntheticClassification(count: 1024, sampleShape: [32], classCount: 10, separation: 0.7, part: 1)

  // Weights decay; biases and scales, which the first group leaves to the second, do not.
  let schedule = Schedule.cosine(to: 1e-5, over: nil).warmingUp(over: .steps(20))
  var options = TrainingOptions(groups: [
    ParameterGroup(AdamW(learningRate: 3e-3), schedule: schedule, takes: { $0.hasSuffix("weight") }),
    ParameterGroup(Adam(learningRate: 3e-3), schedule: schedule),
  ])
  options.epochs = 5
  options.batchSize = 64
  options.seed = 1

  let selection = try DeviceSelection.open(.auto)
  print("device: \(selection.device.information.description): \(selection.reason)")
  let trainer = Trainer(model: ResidualNetwork(inputs: 32, classes: 10), options: options)
  let result = try trainer.fit(
    training, test: test, on: selection,
    observe: { event in
      if case .epoch(let row) = event { print("epoch \(row.epoch): loss \(row.trainLoss), accuracy \(row.trainAccuracy)") }
    })
  if let failure = result.failure { throw failure }

  try result.state.save(to: "own-model.safetensors")
  print("test accuracy \(result.record.testAccuracy)")
  exit(result.record.testAccuracy >= 0.9 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("own-model: \(error)\n".utf8))
  exit(1)
}
